"""Random sampling: the baseline of every comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies.base import QueryState, Strategy

__all__ = ["Random"]


@dataclass(frozen=True)
class Random(Strategy):
    """Random rows, in one order for the whole cell.

    Formula: the next rows of one random permutation of the pool. Batches of 1 and of 10 are therefore
    nested: after 10 labels both have bought the same rows, and share their fits.

    Complexity: O(n_candidates + batch_size log batch_size) time, O(n_candidates) memory.

    Source: uniform sampling without replacement.

    Needs: nothing.
    """

    name: ClassVar[str] = "random"
    source: ClassVar[str] = "uniform sampling without replacement"

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) the negated rank in the random order."""
        return -state.random_order[state.unlabeled].astype(np.float64)
