"""Margin sampling, as ALiPy does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._alipy import SOURCE, AlipyRanking, uncertainties
from algrid.strategies.base import QueryState

__all__ = ["MarginAlipyCompatible"]


@dataclass(frozen=True)
class MarginAlipyCompatible(AlipyRanking):
    """Rows whose two most probable classes are closest, ranked as ALiPy does.

    Formula: ``u(x) = -(P(c1 | x) - P(c2 | x))``, c1 and c2 being the two most probable classes.

    Complexity: O(n_candidates * (n_classes + log n_candidates)) time, O(n_candidates * n_classes) memory.

    Source: Scheffer, Decomain & Wrobel, IDA 2001; ALiPy: Tang, Li & Huang, arXiv 1901.03802.

    Needs: ``predict_proba``.

    Deviation from `margin`: exact ties go to the later pool index, not by tie ranks.
    """

    name: ClassVar[str] = "margin@alipy_compatible"
    source: ClassVar[str] = SOURCE
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) the negated gap between the two highest class probabilities."""
        return uncertainties("margin", state)
