"""How ALiPy ranks candidates, for variants of ours that behave as it does.

ALiPy (Tang, Li & Huang, arXiv 1901.03802) sorts ascending and takes the last, so that of equal rows the one with the
later pool index is asked for. Its sort is numpy's default, which is stable for short arrays only; here it is stable
always, so that the answer does not depend on the machine's vector instructions. ALiPy itself needs names that Python
3.10 and numpy 2 have dropped; none of its code runs here, the variants are written from its formulae and say where they
differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._measures import top_two_gap
from algrid.strategies.base import QueryState, Strategy

__all__ = ["EPSILON", "SOURCE", "AlipyRanking", "last", "uncertainties"]

SOURCE = "ALiPy 1.2.5: Tang, Li & Huang, arXiv 1901.03802"

#: What ALiPy adds inside logarithms.
EPSILON = 1e-9
#: What it puts in the place of probabilities of 0.
_FLOOR = 1e-6


def last(utilities: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """(k,) positions of the highest utilities, highest first; equal ones by descending position, NaN before all."""
    return np.argsort(utilities, kind="stable")[::-1][:k].astype(np.intp, copy=False)


def uncertainties(measure: str, state: QueryState, *, floor: bool = False) -> NDArray[np.float64]:
    """(n_candidates,) ``entropy``, ``least_confident`` or ``margin`` (negated) as ALiPy computes them.

    Its entropy is ``-sum p log(p + 1e-9)`` over the classes with a label (a scikit-learn classifier knows no
    others); with `floor` a probability of 0 becomes 1e-6 first.
    """
    proba = state.model.predict_proba()[state.unlabeled]
    if measure == "margin":
        return -top_two_gap(proba)
    if measure == "least_confident":
        highest: NDArray[np.float64] = proba.max(axis=1)
        return 1.0 - highest
    seen = proba[:, np.unique(state.y_labeled)]
    values = np.where(seen <= 0, _FLOOR, seen) if floor else seen
    negated: NDArray[np.float64] = (values * np.log(values + EPSILON)).sum(axis=1)
    return -negated


@dataclass(frozen=True)
class AlipyRanking(Strategy):
    """Base of variants that rank candidates by `utilities`, in ALiPy's order."""

    source: ClassVar[str] = SOURCE

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices, best first."""
        return state.unlabeled[last(self.utilities(state), state.batch_size)]
