"""Margin sampling, also known as breaking ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._measures import top_two_gap
from algrid.strategies.base import QueryState, Strategy

__all__ = ["Margin"]


@dataclass(frozen=True)
class Margin(Strategy):
    """Rows whose two most probable classes are closest.

    Formula: ``u(x) = -(P(c1 | x) - P(c2 | x))``, c1 and c2 being the two most probable classes. A class
    that nobody has seen yet has probability 0 and may be c2.

    Complexity: O(n_candidates * n_classes) time (a partition, no sort) and memory.

    Source: Scheffer, Decomain & Wrobel, "Active hidden Markov models for information extraction",
    IDA 2001; as breaking ties, Luo et al., JMLR 6, 2005.

    Needs: ``predict_proba``.
    """

    name: ClassVar[str] = "margin"
    source: ClassVar[str] = "Scheffer, Decomain & Wrobel, IDA 2001"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) the negated gap between the two highest class probabilities."""
        return -top_two_gap(state.model.predict_proba()[state.unlabeled])
