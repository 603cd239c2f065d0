"""What every strategy of modAL needs: a base class, and estimators that modAL can be handed.

modAL works on rows of features. Here the pool that it sees is the column of pool indices, and its
estimators look the rows up: so it scores exactly the predictions that every other strategy sees
(made on the whole pool), copies no features, and sparse ones need no care.

Traps of modAL 0.4.2.1 that are avoided here: `fit` and `teach` fail from scikit-learn 1.8 on (they
pass ``force_all_finite``), so estimators come fitted or are fitted by the constructor, which does not
check; ``query`` wraps the strategy in a bare ``except`` and runs it again, so that an error shows twice
in a traceback; its bootstrap and its random tie break draw from numpy's global generator, so that the
first runs in a sandbox and the second is left off; importing it imports torch where that is installed,
so it is imported in the call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.learners.base import Fitted
from algrid.strategies.base import QueryState, Strategy

__all__ = ["FittedEstimator", "ModalUncertainty", "RefittedEstimator", "ask"]


def ask(state: QueryState, learner: Any, **options: Any) -> NDArray[np.intp]:
    """(batch_size,) pool indices from the `query` of an `ActiveLearner` or `Committee`, in modAL's order.

    Further keywords are handed to the strategy.
    """
    positions, _ = learner.query(state.unlabeled[:, None], n_instances=state.batch_size, **options)
    return state.unlabeled[np.asarray(positions, dtype=np.intp)]


class FittedEstimator:
    """The query learner as it is fitted already: probabilities of pool indices."""

    def __init__(self, state: QueryState) -> None:
        self._state = state
        self.classes_ = np.arange(state.n_classes)

    def fit(self, X: Any, y: Any) -> FittedEstimator:  # noqa: ARG002
        """It is fitted: the constructor of an `ActiveLearner` that is told of labelled rows calls this."""
        return self

    def predict_proba(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """(n, n_classes) probabilities of a column of pool indices."""
        return self._state.model.predict_proba()[indices[:, 0]]


class RefittedEstimator:
    """A clone of the query learner, that modAL fits on pool indices and asks about pool indices.

    Parameters
    ----------
    state : QueryState
    seed : int
        Seed of the clone.
    """

    def __init__(self, state: QueryState, seed: int) -> None:
        self._state, self._seed = state, seed
        self._fitted: Fitted | None = None
        self.classes_: NDArray[np.intp] = np.empty(0, dtype=np.intp)

    def fit(self, indices: NDArray[np.intp], y: NDArray[np.intp]) -> RefittedEstimator:
        """Fit on the rows of a column of pool indices, in its order; may hold one class only."""
        state = self._state
        self._fitted = state.learner.fit(state.X[indices[:, 0]], y, state.n_classes, self._seed)
        self.classes_ = self._fitted.classes
        return self

    def predict(self, indices: NDArray[np.intp]) -> NDArray[np.intp]:
        """(n,) class codes of a column of pool indices."""
        return self._known().predict(self._state.X)[indices[:, 0]]

    def predict_proba(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """(n, n_seen) probabilities of `classes_` of a column of pool indices."""
        return self._known().predict_proba(self._state.X)[np.ix_(indices[:, 0], self.classes_)]

    def _known(self) -> Fitted:
        if self._fitted is None:
            raise RuntimeError("modAL asked for predictions before it fitted the estimator")
        return self._fitted


@dataclass(frozen=True)
class ModalUncertainty(Strategy):
    """Base of modAL's uncertainty strategies: one function of `modAL.uncertainty` each."""

    def sampling(self) -> Callable[..., Any]:
        """The function of modAL."""
        raise NotImplementedError

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in modAL's order."""
        from modAL.models import ActiveLearner

        return ask(state, ActiveLearner(estimator=FittedEstimator(state), query_strategy=self.sampling()))
