"""Expected error reduction, as modAL does it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.sandbox import sandboxed
from algrid.strategies._modal import FittedEstimator, RefittedEstimator, ask
from algrid.strategies.base import QueryState, Strategy

__all__ = ["ExpectedErrorReductionModal"]


@dataclass(frozen=True)
class ExpectedErrorReductionModal(Strategy):
    """Rows whose label is expected to leave the least uncertainty on the other candidates, through modAL.

    Formula: ``u(x) = -sum_c P(c | x) sum_u l(u; c)`` over the classes c that are seen and the other candidates
    u, l being one minus the highest probability of u (``binary``) or its entropy (``log``) after a refit with x
    labelled c (`modAL.expected_error.expected_error_reduction`).

    Complexity: the time of about ``candidates * n_seen`` fits, and of as many predictions of the pool; O(n_pool *
    n_classes) memory.

    Source: Roy & McCallum, ICML 2001; modAL: Danka & Horvath, arXiv 1805.00979.

    Needs: ``predict_proba``.

    Deviation from `expected_error_reduction`: modAL tosses a coin for each row whether it is a candidate (its
    `p_subsample`), so that their number varies; where fewer than a batch are, any others fill it. It draws
    from the global generator, which is seeded from this strategy's stream and restored. A refit has the new
    row last. Exact ties go by the position that `numpy.argpartition` happens to leave them at, not by tie
    ranks, and a batch comes in no particular order.

    Parameters
    ----------
    loss : "binary" or "log"
        What is expected of the other candidates.
    candidates : int
        How many rows are tried, on average; all where there are no more.
    """

    name: ClassVar[str] = "expected_error_reduction@modal"
    source: ClassVar[str] = "modAL-python: Danka & Horvath, arXiv 1805.00979"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    loss: Literal["binary", "log"] = "binary"
    candidates: Annotated[int, Field(ge=1)] = 20

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in modAL's order."""
        from modAL.models import ActiveLearner

        share = min(1.0, max(self.candidates, state.batch_size) / len(state.unlabeled))
        # the constructor would fit once more; it has to know the labelled rows, which are its `fit`'s alone
        learner = ActiveLearner(
            estimator=_Refitted(state),
            query_strategy=_sampling(),
            X_training=state.labeled[:, None],
            y_training=state.y_labeled,
        )
        with sandboxed(state.rng()):
            # modAL compares with `is`: only the interned string is its own
            return ask(state, learner, loss=sys.intern(self.loss), p_subsample=share)

    def fits_per_query(self, batch_size: int) -> int:
        """One a candidate and class; two classes are taken for granted."""
        return 2 * max(self.candidates, batch_size)


class _Refitted(FittedEstimator):
    """The query learner as it is fitted, which sklearn's `clone` makes a fresh one of."""

    def __init__(self, state: QueryState) -> None:
        super().__init__(state)
        self.classes_ = np.unique(state.y_labeled)

    def predict_proba(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """(n, n_seen) probabilities: modAL counts through the classes that it has labels of."""
        return super().predict_proba(indices)[:, self.classes_]

    def __sklearn_clone__(self) -> RefittedEstimator:
        return RefittedEstimator(self._state, self._state.learner_seed)


def _sampling() -> Callable[..., Any]:
    """`expected_error_reduction`; its module names `np.float`, which numpy has no more, in an annotation."""
    with patch.object(np, "float", float, create=True), warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # its `is "binary"`
        from modAL.expected_error import expected_error_reduction
    return expected_error_reduction  # type: ignore[no-any-return]
