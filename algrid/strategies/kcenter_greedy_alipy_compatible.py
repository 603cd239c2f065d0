"""Core-set selection by greedy k-center, as ALiPy does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._alipy import SOURCE
from algrid.strategies._geometry import geometry
from algrid.strategies.base import QueryState, Strategy

__all__ = ["KCenterGreedyAlipyCompatible"]


@dataclass(frozen=True)
class KCenterGreedyAlipyCompatible(Strategy):
    """The row farthest from all labelled rows, then the next farthest, as ALiPy chooses them.

    Formula: ``argmax_x min_{c in labelled and chosen} |x - c|``, Euclidean, repeated for each row of the batch.

    Complexity: O(n_pool * n_features * (n_labeled + batch_size)) time; O(n_pool * n_features) memory, in blocks
    (ALiPy keeps its distances from one query to the next instead).

    Source: Sener & Savarese, ICLR 2018; ALiPy: Tang, Li & Huang, arXiv 1901.03802.

    Needs: nothing of the learner. Sparse features are used as they are.

    Deviation from `kcenter_greedy`: exact ties (duplicate rows) go to the earlier pool index, not by tie ranks.
    """

    name: ClassVar[str] = "kcenter_greedy@alipy_compatible"
    source: ClassVar[str] = SOURCE
    metric_space: ClassVar[bool] = True

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of choice."""
        space = geometry(state)
        closed = np.ones(len(space.norms), dtype=np.bool_)
        closed[state.unlabeled] = False
        nearest = space.nearest_squared(state.labeled)
        nearest[closed] = -1.0
        batch = np.empty(state.batch_size, dtype=np.intp)
        for position in range(state.batch_size):
            batch[position] = chosen = nearest.argmax()
            np.minimum(nearest, space.squared(batch[position : position + 1])[:, 0], out=nearest)
            nearest[chosen] = -1.0
        return batch
