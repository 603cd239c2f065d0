"""Expected error reduction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._measures import entropies
from algrid.strategies._refits import draw_candidates, refit
from algrid.strategies.base import QueryState, Strategy, top_k

__all__ = ["ExpectedErrorReduction"]


@dataclass(frozen=True)
class ExpectedErrorReduction(Strategy):
    """Rows whose label is expected to leave the learner with the least error on the other candidates.

    Formula: ``u(x) = -sum_c P(c | x) * mean_u loss(P_{x,c}(. | u))`` over all candidates u but x, P_{x,c} being a
    clone of the query learner that is fitted on the labelled set and x with label c. ``log``: the entropy;
    ``zero_one``: ``1 - max_c P(c | u)``. Labels with P(c | x) = 0 are not tried. A batch is the top k.

    Complexity: the time of `candidates` * n_classes fits and predictions of the pool; O(n_pool * n_classes) memory.

    Source: Roy & McCallum, "Toward optimal active learning through sampling estimation of error reduction",
    ICML 2001. Instead of the paper's subsample of the error estimate the candidates are subsampled.

    Needs: ``predict_proba``.

    Parameters
    ----------
    loss : "log" or "zero_one"
        The error that is expected.
    candidates : int
        How many candidates, drawn at random in each cycle, are tried (a batch at least).
    """

    name: ClassVar[str] = "expected_error_reduction"
    source: ClassVar[str] = "Roy & McCallum, ICML 2001"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    loss: Literal["log", "zero_one"] = "log"
    candidates: Annotated[int, Field(ge=1)] = 50

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices, the least expected error first."""
        rows = draw_candidates(state, state.rng(), self.candidates)
        errors = np.array([self._expected(state, row) for row in rows])
        return rows[top_k(-errors, state.ties[rows], state.batch_size)]

    def _expected(self, state: QueryState, row: np.intp) -> float:
        """The expected mean loss after `row` is labelled; 0 where no candidate is left to lose on."""
        rest = state.unlabeled[state.unlabeled != row]
        if len(rest) == 0:
            return 0.0
        proba = state.model.predict_proba()[row]
        possible = np.flatnonzero(proba).astype(np.intp)
        return float(sum(proba[label] * self._mean_loss(state, row, label, rest) for label in possible))

    def _mean_loss(self, state: QueryState, row: np.intp, label: np.intp, rest: NDArray[np.intp]) -> float:
        fitted = refit(state, np.array([row], dtype=np.intp), np.array([label], dtype=np.intp))
        after = fitted.predict_proba(state.X)[rest]
        losses = entropies(after) if self.loss == "log" else 1.0 - after.max(axis=1)
        return float(losses.mean())

    def fits_per_query(self, batch_size: int) -> int:
        """Two a candidate: how many classes there are is not known to it."""
        return 2 * max(self.candidates, batch_size)
