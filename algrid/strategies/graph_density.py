"""Graph density."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["GraphDensity", "neighbor_graph"]


@dataclass(frozen=True)
class GraphDensity(Spatial):
    """Rows in dense regions of a neighbour graph, away from what is labelled.

    Formula: rows i and j are joined if one is among the other's `neighbors` nearest (Manhattan distance
    d), with weight ``w_ij = exp(-d_ij / n_features)``. A row's density is the mean weight of its edges. Each
    labelled row i, in the order of the labelled set, and then each chosen one, takes ``density_i * w_ij``
    from the density of every row j it is joined to. Rows are chosen one after another by the highest.

    Complexity: O(n_pool^2 * n_features) time at most for the graph, once per cell, and O(n_pool * neighbors)
    memory; O((n_labeled + batch_size) * neighbors + n_candidates * batch_size) time a query.

    Source: Ebert, Fritz & Schiele, "RALF: a reinforced active learning formulation for object class
    recognition", CVPR 2012. As in the paper the chosen row's influence falls with the distance; the
    scale of the weights is that of google/active-learning (2017), where it does not.

    Needs: nothing of the learner. Sparse features are used as they are.

    Parameters
    ----------
    neighbors : int
        Nearest neighbours of a row in the graph.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "graph_density"
    source: ClassVar[str] = "Ebert, Fritz & Schiele, CVPR 2012"

    neighbors: Annotated[int, Field(ge=1)] = 10

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of choice."""
        state = self.seen(state)
        graph = neighbor_graph(state, self.neighbors)
        degrees = np.diff(graph.indptr)
        density = np.asarray(graph.sum(axis=1)).ravel() / degrees
        for row in state.labeled:
            _reduce(density, graph, row)
        free = state.unlabeled
        batch = np.empty(state.batch_size, dtype=np.intp)
        for position in range(state.batch_size):
            densest = free[density[free] == density[free].max()]
            batch[position] = chosen = densest[state.ties[densest].argmin()]
            _reduce(density, graph, chosen)
            free = free[free != chosen]
        return batch


def neighbor_graph(state: QueryState, neighbors: int) -> sp.csr_matrix:
    """(n_pool, n_pool) symmetric weights of the neighbour graph, made once per cell; every row has an edge."""
    return state.shared(("manhattan graph", neighbors), lambda: _graph(state.X, neighbors))


def _reduce(density: NDArray[np.float64], graph: sp.csr_matrix, row: np.intp) -> None:
    """Take the row's density, weighted, from its neighbours."""
    edges = slice(graph.indptr[row], graph.indptr[row + 1])
    density[graph.indices[edges]] -= density[row] * graph.data[edges]


def _graph(X: Features, neighbors: int) -> sp.csr_matrix:
    from sklearn.neighbors import NearestNeighbors

    model = NearestNeighbors(n_neighbors=min(neighbors, X.shape[0] - 1), metric="manhattan").fit(X)
    directed = model.kneighbors_graph(mode="distance")
    # far away is not unconnected: a weight of 0 would be dropped
    directed.data = np.maximum(np.exp(-directed.data / X.shape[1]), np.finfo(np.float64).tiny)
    return sp.csr_matrix(directed.maximum(directed.T))
