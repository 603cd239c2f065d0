"""TypiClust: typical rows of uncovered clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.strategies._clusters import kmeans
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState, top_k

__all__ = ["TypiClust"]

#: Clusters of at most this many rows are used last; the authors' code drops them.
_SMALL = 5


@dataclass(frozen=True)
class TypiClust(Spatial):
    """The most typical rows of the largest clusters that hold the fewest labels.

    Formula: k-means on the pool with ``k = min(n_labeled + batch_size, max_clusters)``. Clusters are gone
    through by number of labelled rows (fewest first), then size (largest first), round after round; of each
    the candidate of the highest typicality is taken: ``1 / mean distance`` to its nearest
    ``min(neighbors, half of them)`` other candidates of the cluster. Clusters of at most 5 rows
    are used only when no other has candidates left.

    Complexity: O(n_pool * n_features * k) time for an iteration of k-means; O(sum of squared cluster sizes *
    n_features) time at most for the typicalities of the clusters that are used; O(n_pool * (n_features +
    k)) memory.

    Source: Hacohen, Dekel & Weinshall, "Active learning on a budget: opposite strategies suit high and low
    budgets", ICML 2022, on the input features instead of a self-supervised embedding.

    Needs: nothing of the learner. Sparse features are used as they are.

    Parameters
    ----------
    neighbors : int
        Nearest neighbours that typicality is measured with, at most.
    max_clusters : int
        Clusters, at most.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "typiclust"
    source: ClassVar[str] = "Hacohen, Dekel & Weinshall, ICML 2022"

    neighbors: Annotated[int, Field(ge=1)] = 20
    max_clusters: Annotated[int, Field(ge=1)] = 500

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of choice."""
        state = self.seen(state)
        n_clusters = min(len(state.labeled) + state.batch_size, self.max_clusters)
        labels, _ = kmeans(state.X, n_clusters, int(state.rng().integers(2**31 - 1)))
        sizes = np.bincount(labels)
        labeled = np.bincount(labels[state.labeled], minlength=len(sizes))
        remaining = {
            cluster: state.unlabeled[labels[state.unlabeled] == cluster] for cluster in np.lexsort((-sizes, labeled))
        }
        batch: list[np.intp] = []
        while len(batch) < state.batch_size:
            usable = [c for c, rows in remaining.items() if len(rows)]
            large = [c for c in usable if sizes[c] > _SMALL]
            for cluster in (large or usable)[: state.batch_size - len(batch)]:
                rows = remaining[cluster]
                chosen = rows[top_k(_typicality(state.X[rows], self.neighbors), state.ties[rows], 1)[0]]
                batch.append(chosen)
                remaining[cluster] = rows[rows != chosen]
        return np.array(batch, dtype=np.intp)


def _typicality(X: Features, neighbors: int) -> NDArray[np.float64]:
    """(n,) negated mean distance to the nearest neighbours: the same order as its inverse."""
    k = min(neighbors, X.shape[0] // 2)
    if k == 0:
        return np.zeros(X.shape[0])
    from sklearn.neighbors import NearestNeighbors

    distances, _ = NearestNeighbors(n_neighbors=k).fit(X).kneighbors()
    means: NDArray[np.float64] = distances.mean(axis=1)
    return -means
