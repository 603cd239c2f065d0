"""Entropy sampling, as ALiPy does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._alipy import SOURCE, AlipyRanking, uncertainties
from algrid.strategies.base import QueryState

__all__ = ["EntropyAlipyCompatible"]


@dataclass(frozen=True)
class EntropyAlipyCompatible(AlipyRanking):
    """Rows whose class probabilities have the highest entropy, computed and ranked as ALiPy does.

    Formula: ``u(x) = -sum_c p_c log(p_c + 1e-9)`` over the classes c that have a label, with ``p_c = P(c | x)``, or
    1e-6 where that is 0.

    Complexity: O(n_candidates * (n_classes + log n_candidates)) time, O(n_candidates * n_classes) memory.

    Source: Settles & Craven, EMNLP 2008; ALiPy: Tang, Li & Huang, arXiv 1901.03802.

    Needs: ``predict_proba``.

    Deviation from `entropy`: probabilities of 0 count as 1e-6 and no more add up to 1, so that of two certain
    rows none has entropy 0, and rows that differ by less change places; exact ties go to the later pool index,
    not by tie ranks.
    """

    name: ClassVar[str] = "entropy@alipy_compatible"
    source: ClassVar[str] = SOURCE
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) entropies in nats."""
        return uncertainties("entropy", state, floor=True)
