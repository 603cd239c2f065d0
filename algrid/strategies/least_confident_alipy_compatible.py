"""Least-confident sampling, as ALiPy does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._alipy import SOURCE, AlipyRanking, uncertainties
from algrid.strategies.base import QueryState

__all__ = ["LeastConfidentAlipyCompatible"]


@dataclass(frozen=True)
class LeastConfidentAlipyCompatible(AlipyRanking):
    """Rows whose most probable class is the least probable, ranked as ALiPy does.

    Formula: ``u(x) = 1 - max_c P(c | x)``.

    Complexity: O(n_candidates * (n_classes + log n_candidates)) time, O(n_candidates * n_classes) memory.

    Source: Lewis & Gale, SIGIR 1994; ALiPy: Tang, Li & Huang, arXiv 1901.03802.

    Needs: ``predict_proba``.

    Deviation from `least_confident`: exact ties go to the later pool index, not by tie ranks.
    """

    name: ClassVar[str] = "least_confident@alipy_compatible"
    source: ClassVar[str] = SOURCE
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) one minus the highest class probability."""
        return uncertainties("least_confident", state)
