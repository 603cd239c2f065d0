"""Entropy sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._measures import entropies
from algrid.strategies.base import QueryState, Strategy

__all__ = ["Entropy"]


@dataclass(frozen=True)
class Entropy(Strategy):
    """Rows whose class probabilities have the highest entropy.

    Formula: ``u(x) = -sum_c P(c | x) log P(c | x)``, with 0 log 0 = 0 (an implementation that yields NaN
    there picks the most certain rows).

    Complexity: O(n_candidates * n_classes) time and memory.

    Source: Shannon 1948; as a query strategy Dagan & Engelson, ICML 1995, and Settles & Craven, "An
    analysis of active learning strategies for sequence labeling tasks", EMNLP 2008.

    Needs: ``predict_proba``.
    """

    name: ClassVar[str] = "entropy"
    source: ClassVar[str] = "Shannon 1948; Settles & Craven, EMNLP 2008"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) entropies in nats."""
        return entropies(state.model.predict_proba()[state.unlabeled])
