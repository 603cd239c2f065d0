"""What every strategy of small-text needs: a base class, and the smallest data set and classifier that do.

small-text works on data sets of texts and on classifiers that embed them. Here a data set is a list of
pool indices, and the classifier is the query learner as it is fitted already: probabilities are those that
every other strategy sees (made on the whole pool), and embeddings are the prepared features.

Traps of small-text 1.4.1 that are avoided here: it draws from numpy's global generator, so that it runs in a
sandbox; its BADGE draws from a generator that nobody can seed, so that the plugin gives it another; importing it
imports torch (seconds), so it is imported in the call.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.learners.base import Fitted, Learner
from algrid.sandbox import sandboxed
from algrid.strategies._completed import completed
from algrid.strategies._packages import absent
from algrid.strategies.base import QueryState, Strategy
from algrid.threads import one_thread

__all__ = ["PoolRows", "RefittedFactory", "SmallTextStrategy"]


@dataclass(frozen=True)
class SmallTextStrategy(Strategy):
    """Base of small-text's strategies: override `library`."""

    source: ClassVar[str] = "small-text: Schroeder, Mueller, Niekler & Potthast, EACL 2023"

    def library(self, state: QueryState, rng: np.random.Generator) -> Any:
        """The strategy of small-text."""
        raise NotImplementedError

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in small-text's order."""
        state = self.seen(state)
        rng = state.rng()
        with sandboxed(rng), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # changes of small-text's defaults; duplicates
            strategy = self.library(state, rng)
            with one_thread("small_text"):
                batch = self.ask(strategy, state)
        return completed(state, batch)

    def ask(self, strategy: Any, state: QueryState) -> Any:
        """(at most batch_size,) pool indices, from the `query` of `strategy`."""
        return strategy.query(
            _FittedClassifier(state, "predict_proba" in self.needs),
            PoolRows(np.arange(state.X.shape[0])),
            state.unlabeled,
            state.labeled,
            state.y_labeled,
            n=state.batch_size,
        )

    def unsupported(
        self, query_learner: Learner, n_classes: int, sparse: bool, n_pool: int | None = None
    ) -> str | None:
        """As the base says; and small-text and torch must be installed."""
        cure = "pip install 'algrid[text]'"
        reason = absent(self.name, "small_text", cure) or absent(self.name, "torch", cure)
        return reason or super().unsupported(query_learner, n_classes, sparse, n_pool)


class PoolRows:
    """A data set: some rows of the pool, with or without labels.

    Parameters
    ----------
    rows : (n,) int array
        Pool indices.
    """

    is_multi_label = False

    def __init__(self, rows: NDArray[np.intp]) -> None:
        self.rows = rows
        self.y: NDArray[np.intp] = np.empty(0, dtype=np.intp)  #: set by whoever gives the rows labels

    def __getitem__(self, positions: NDArray[np.intp]) -> PoolRows:
        return PoolRows(self.rows[positions])

    def __len__(self) -> int:
        return len(self.rows)

    def clone(self) -> PoolRows:
        """A copy, to be given labels."""
        return PoolRows(self.rows)


class _FittedClassifier:
    """The query learner as it is fitted already."""

    def __init__(self, state: QueryState, probabilities: bool) -> None:
        self._state, self._probabilities = state, probabilities

    def predict_proba(self, data: PoolRows) -> NDArray[np.float64]:
        """(n, n_classes) probabilities."""
        return self._state.model.predict_proba()[data.rows]

    def embed(self, data: PoolRows, **options: Any) -> tuple[Any, NDArray[np.float64] | None]:  # noqa: ARG002
        """(n, n_features) features, and probabilities for a strategy that needs them."""
        return self._state.X[data.rows], self.predict_proba(data) if self._probabilities else None


class RefittedFactory:
    """Makes clones of the query learner, which small-text fits on rows of the pool.

    Parameters
    ----------
    state : QueryState
    rng : Generator
        Where their seeds come from.
    """

    def __init__(self, state: QueryState, rng: np.random.Generator) -> None:
        self._state, self._rng = state, rng

    def new(self) -> _RefittedClassifier:
        """The next one."""
        return _RefittedClassifier(self._state, int(self._rng.integers(2**31 - 1)))


class _RefittedClassifier:
    """A clone of the query learner, to tell two kinds of rows apart."""

    def __init__(self, state: QueryState, seed: int) -> None:
        self._state, self._seed = state, seed
        self._fitted: Fitted | None = None

    def fit(self, data: PoolRows) -> _RefittedClassifier:
        """Fit on rows with labels 0 and 1."""
        self._fitted = self._state.learner.fit(self._state.X[data.rows], data.y.astype(np.intp), 2, self._seed)
        return self

    def predict_proba(self, data: PoolRows) -> NDArray[np.float64]:
        """(n, 2) probabilities."""
        if self._fitted is None:
            raise RuntimeError("small-text asked for predictions before it fitted the classifier")
        return self._fitted.predict_proba(self._state.X[data.rows])
