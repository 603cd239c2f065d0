"""ProbCover: maximum probability coverage by balls of a radius that is chosen by purity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._clusters import kmeans
from algrid.strategies._geometry import Geometry, geometry
from algrid.strategies.base import QueryState, Strategy

__all__ = ["ProbCover", "covers", "pure_radius"]


@dataclass(frozen=True)
class ProbCover(Strategy):
    """Rows whose balls hold the most rows that no labelled row's ball holds yet.

    Formula: a row covers all rows nearer than the radius r. What labelled rows cover is covered; then, one
    after another, the candidate that covers the most uncovered rows is chosen. r is the largest at which a share
    `purity` of all balls holds rows of one pseudo-label only (k-means with as many clusters as classes):
    a ball is pure up to the distance of its nearest row of another cluster, so r is a quantile of those
    distances. When everything is covered, ties decide.

    Complexity: O(n_pool^2 * n_features) time, in blocks, and O(n_pool * max_neighbors) memory for radius and
    graph, once per cell; O(n_pool * max_neighbors * batch_size) time a query.

    Source: Yehuda, Dekel, Hacohen & Weinshall, "Active learning through a covering lens", NeurIPS 2022, on the
    input features instead of a self-supervised embedding. The bound on the graph is not the paper's: in a ball
    of more rows only the `max_neighbors` nearest count.

    Needs: nothing of the learner. Sparse features are used as they are.

    Parameters
    ----------
    purity : float
        Share of balls that have to be pure.
    max_neighbors : int
        Rows that a row can cover, at most.
    """

    name: ClassVar[str] = "probcover"
    source: ClassVar[str] = "Yehuda, Dekel, Hacohen & Weinshall, NeurIPS 2022"

    purity: Annotated[float, Field(gt=0, le=1)] = 0.95
    max_neighbors: Annotated[int, Field(ge=1)] = 500

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of choice."""
        graph = state.shared(("probcover", self.purity, self.max_neighbors), lambda: self._graph(state))
        uncovered = np.ones(graph.shape[0], dtype=np.float32)
        uncovered[graph[state.labeled].indices] = 0.0
        free = state.unlabeled
        gains = graph @ uncovered
        batch = np.empty(state.batch_size, dtype=np.intp)
        for position in range(state.batch_size):
            best = free[gains[free] == gains[free].max()]
            batch[position] = chosen = best[state.ties[best].argmin()]
            reached = graph.indices[graph.indptr[chosen] : graph.indptr[chosen + 1]]
            newly = np.zeros_like(uncovered)
            newly[reached] = uncovered[reached]
            if newly.any():
                gains -= graph @ newly
                uncovered -= newly
            free = free[free != chosen]
        return batch

    def _graph(self, state: QueryState) -> sp.csr_matrix:
        space = geometry(state)
        labels, _ = kmeans(state.X, state.n_classes, state.learner_seed)
        return covers(space, pure_radius(space, labels, self.purity), self.max_neighbors)


def pure_radius(space: Geometry, labels: NDArray[np.intp], purity: float) -> float:
    """The largest radius at which a share `purity` of the open balls round all rows holds one label only."""
    other = np.full(len(labels), np.inf)
    for block, squares in space.blocks(np.arange(len(labels), dtype=np.intp)):
        squares[labels[:, None] == labels[block]] = np.inf
        np.minimum(other, squares.min(axis=1), out=other)
    impure = int((1.0 - purity) * len(labels) + 1e-9)  # balls that may be
    return float(np.sqrt(np.partition(other, impure)[impure])) if impure < len(labels) else float("inf")


def covers(space: Geometry, radius: float, most: int) -> sp.csr_matrix:
    """(n_pool, n_pool) ones where the row covers the column: itself, and those nearer than `radius`, `most` at most."""
    n_pool = len(space.norms)
    limit = radius**2 * (1.0 - 1e-9)  # the row that ends a pure ball is outside, whatever rounding says
    counts, columns = [], []
    for block, squares in space.blocks(np.arange(n_pool, dtype=np.intp)):
        squares[block, np.arange(len(block))] = -1.0  # a row covers itself first of all
        for distances in squares.T:
            near = np.flatnonzero(distances < limit)
            if len(near) > most:
                near = near[np.argpartition(distances[near], most - 1)[:most]]
            counts.append(len(near))
            columns.append(near.astype(np.int32))
    indptr = np.concatenate([[0], np.cumsum(counts)])
    ones = np.ones(indptr[-1], dtype=np.float32)
    return sp.csr_matrix((ones, np.concatenate(columns), indptr), shape=(n_pool, n_pool))
