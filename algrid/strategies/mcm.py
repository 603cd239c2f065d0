"""Representative sampling: the cluster means of the rows inside the margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._clusters import kmeans, one_per_cluster
from algrid.strategies._measures import top_two_gap
from algrid.strategies.base import QueryState, Strategy, top_k

__all__ = ["RepresentativeClusterMean"]


@dataclass(frozen=True)
class RepresentativeClusterMean(Strategy):
    """Of the rows inside the classifier's margin, those that represent their clusters.

    Formula: the candidates with ``|f(x)| < 1`` (for more than two seen classes: the gap between the two
    highest decision values) are clustered by k-means with ``k = batch_size``; of each cluster the row nearest
    to its mean is asked for. While fewer than a batch are inside, the batch is the closest to the boundary.

    Complexity: O(m * n_features * batch_size) time for an iteration of k-means on the m rows inside;
    O(n_candidates * n_seen + m * (n_features + batch_size)) memory.

    Source: Xu, Yu, Tresp, Xu & Wang, "Representative sampling for text classification using support vector
    machines", ECIR 2003.

    Needs: ``decision_function``, in which 1 is the margin (as for support vector machines).
    """

    name: ClassVar[str] = "mcm"
    source: ClassVar[str] = "Xu, Yu, Tresp, Xu & Wang, ECIR 2003"
    needs: ClassVar[frozenset[str]] = frozenset({"decision_function"})
    metric_space: ClassVar[bool] = True

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices."""
        values = state.model.decision_function()[state.unlabeled]
        gaps = np.abs(values) if values.ndim == 1 else top_two_gap(values)
        inside = gaps < 1
        if np.count_nonzero(inside) < state.batch_size:
            return state.unlabeled[top_k(-gaps, state.ties[state.unlabeled], state.batch_size)]
        rows = state.unlabeled[inside]
        labels, distances = kmeans(state.X[rows], state.batch_size, int(state.rng().integers(2**31 - 1)))
        return rows[one_per_cluster(labels, distances, state.ties[rows], state.batch_size)]
