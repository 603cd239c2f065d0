"""ProbCover: maximum probability coverage by balls of a radius that is chosen by purity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._clusters import kmeans
from algrid.strategies._geometry import Geometry, geometry
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["ProbCover", "covers", "pure_radius"]

#: Numbers held at a time (32 MiB of float64).
_BLOCK = 2**22


@dataclass(frozen=True)
class ProbCover(Spatial):
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
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "probcover"
    source: ClassVar[str] = "Yehuda, Dekel, Hacohen & Weinshall, NeurIPS 2022"

    purity: Annotated[float, Field(gt=0, le=1)] = 0.95
    max_neighbors: Annotated[int, Field(ge=1)] = 500

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of choice."""
        state = self.seen(state)
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
    other = np.full(len(labels), np.inf)  # squared distance to the nearest row of another label
    for label in np.unique(labels):
        outside = np.flatnonzero(labels != label)
        # |a - b|^2 = |a|^2 - 2 (ab - |b|^2 / 2): the nearest row has the highest bracket
        best = np.full(len(outside), -np.inf)
        for block in _blocks(np.flatnonzero(labels == label), len(outside)):
            np.maximum(best, _brackets(space, outside, block).max(axis=1, initial=-np.inf), out=best)
        other[outside] = np.minimum(other[outside], space.norms[outside] - 2.0 * best)
    impure = int((1.0 - purity) * len(labels) + 1e-9)  # balls that may be
    if impure == len(labels):
        return float("inf")
    return float(np.sqrt(max(np.partition(other, impure)[impure], 0.0)))


def covers(space: Geometry, radius: float, most: int) -> sp.csr_matrix:
    """(n_pool, n_pool) ones where the row covers the column: itself, and those nearer than `radius`, `most` at most."""
    limit = radius**2 * (1.0 - 1e-9)  # the row that ends a pure ball is outside, whatever rounding says
    everything = np.arange(len(space.norms), dtype=np.intp)
    counts, columns = [], []
    for block in _blocks(everything, len(everything)):
        brackets = _brackets(space, block, everything)
        brackets[np.arange(len(block)), block] = np.inf  # a row covers itself first of all
        for values, norm in zip(brackets, space.norms[block], strict=True):
            near = np.flatnonzero(values > (norm - limit) / 2.0)
            if len(near) > most:
                near = near[np.argpartition(-values[near], most - 1)[:most]]
            counts.append(len(near))
            columns.append(near.astype(np.int32))
    indptr = np.concatenate([[0], np.cumsum(counts)])
    ones = np.ones(indptr[-1], dtype=np.float32)
    return sp.csr_matrix((ones, np.concatenate(columns), indptr), shape=(len(everything), len(everything)))


def _blocks(rows: NDArray[np.intp], width: int) -> Iterator[NDArray[np.intp]]:
    """Some of `rows` at a time, so that `width` numbers for each are few enough."""
    step = max(1, _BLOCK // max(width, 1))
    for first in range(0, len(rows), step):
        yield rows[first : first + step]


def _brackets(space: Geometry, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
    """(n_rows, n_columns) ``ab - |b|^2 / 2``, which falls as the distance of a and b grows."""
    products = space.X[rows] @ space.X[columns].T
    values: NDArray[np.float64] = products.toarray() if sp.issparse(products) else products
    values -= space.norms[columns] / 2.0
    return values
