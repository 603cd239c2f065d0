"""Core-set selection by greedy k-center."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._geometry import geometry
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["KCenterGreedy"]


@dataclass(frozen=True)
class KCenterGreedy(Spatial):
    """The row farthest from all labelled rows, then the next farthest from those and it, and so on.

    Formula: ``argmax_x min_{c in labelled and chosen} |x - c|``, Euclidean, repeated for each row of the
    batch: at most twice the optimal covering radius. Batches of 1 and of 10 are nested up to rounding.

    Complexity: O(n_pool * n_features * (n_labeled + batch_size)) time; O(n_pool * n_features) memory,
    in blocks, no n x n matrix. The norms are computed once per cell.

    Source: Sener & Savarese, "Active learning for convolutional neural networks: a core-set approach",
    ICLR 2018 (its greedy k-center, Gonzalez 1985), on the input features instead of a network's.

    Needs: nothing of the learner. Sparse features are used as they are.

    Parameters
    ----------
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "kcenter_greedy"
    source: ClassVar[str] = "Sener & Savarese, ICLR 2018"

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of choice."""
        state = self.seen(state)
        space = geometry(state)
        closed = np.ones(len(space.norms), dtype=np.bool_)
        closed[state.unlabeled] = False
        nearest = space.nearest_squared(state.labeled)
        nearest[closed] = -1.0
        batch = np.empty(state.batch_size, dtype=np.intp)
        for position in range(state.batch_size):
            farthest = np.flatnonzero(nearest == nearest.max())
            batch[position] = chosen = farthest[state.ties[farthest].argmin()]
            np.minimum(nearest, space.squared(batch[position : position + 1])[:, 0], out=nearest)
            nearest[chosen] = -1.0
        return batch
