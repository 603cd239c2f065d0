"""Expected error reduction, as ALiPy does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._alipy import SOURCE
from algrid.strategies._refits import draw_candidates, refit
from algrid.strategies.base import QueryState, Strategy

__all__ = ["ExpectedErrorReductionAlipyCompatible"]


@dataclass(frozen=True)
class ExpectedErrorReductionAlipyCompatible(Strategy):
    """Rows whose label is expected to leave the least entropy on the other candidates, as ALiPy computes it.

    Formula: ``u(x) = -sum_c P(c | x) sum_u H(P_{x,c}(. | u))`` over the classes c that have a label and all
    candidates u but x, P_{x,c} being a clone of the query learner that is fitted on the labelled set and x with
    label c. H is not a number where a probability is exactly 0; such a row x is the last to be asked for.

    Complexity: the time of `candidates` * n_seen fits and predictions of the pool; O(n_pool * n_classes) memory.

    Source: Roy & McCallum, ICML 2001; ALiPy: Tang, Li & Huang, arXiv 1901.03802.

    Needs: ``predict_proba``.

    Deviation from `expected_error_reduction`: 0 log 0 is not 0, so that with learners that give probabilities
    of 0 (trees, forests, neighbours) all is not a number and the earliest rows are chosen. Labels of
    probability 0 are tried too. Exact ties go to the earlier pool index, not by tie ranks. ALiPy tries all
    candidates, and takes the classes from the true labels of the whole pool.

    Parameters
    ----------
    candidates : int
        How many candidates, drawn at random in each cycle, are tried (a batch at least).
    """

    name: ClassVar[str] = "expected_error_reduction@alipy_compatible"
    source: ClassVar[str] = SOURCE
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    candidates: Annotated[int, Field(ge=1)] = 50

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices, the least expected entropy first."""
        rows = draw_candidates(state, state.rng(), self.candidates)
        losses = np.array([self._expected(state, row) for row in rows])
        return rows[np.argsort(losses, kind="stable")[: state.batch_size]]  # NaN is sorted last

    def _expected(self, state: QueryState, row: np.intp) -> float:
        """The expected sum of entropies after `row` is labelled."""
        classes = np.unique(state.y_labeled)
        rest = state.unlabeled[state.unlabeled != row]
        chances = state.model.predict_proba()[row, classes]
        expected = 0.0
        for chance, label in zip(chances, classes, strict=True):
            fitted = refit(state, np.array([row], dtype=np.intp), np.array([label], dtype=np.intp))
            proba = fitted.predict_proba(state.X)[np.ix_(rest, classes)]
            with np.errstate(divide="ignore", invalid="ignore"):
                expected -= float(chance * (proba * np.log(proba)).sum())
        return expected

    def fits_per_query(self, batch_size: int) -> int:
        """Two a candidate: how many classes there are is not known to it."""
        return 2 * max(self.candidates, batch_size)
