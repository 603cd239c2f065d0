"""Graph density, as ALiPy does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._alipy import SOURCE
from algrid.strategies.base import QueryState, Strategy
from algrid.strategies.graph_density import neighbor_graph

__all__ = ["GraphDensityAlipyCompatible"]


@dataclass(frozen=True)
class GraphDensityAlipyCompatible(Strategy):
    """Rows in dense regions of a neighbour graph, with the full density taken from the neighbours of a choice.

    Formula: rows i and j are joined if one is among the other's `neighbors` nearest (Manhattan distance
    d), with weight ``w_ij = exp(-d_ij / n_features)``. A row's density is the mean weight of its edges. A row
    that is chosen or, with `memory`, labelled takes its own density from that of every row that it is joined
    to. Labelled rows do so in the order in which the densest of them would have been chosen. Rows are chosen
    one after another by the highest density.

    Complexity: O(n_pool^2 * n_features) time at most for the graph, once per cell, and O(n_pool * neighbors)
    memory; O((n_labeled + batch_size) * (n_pool + neighbors)) time a query.

    Source: Ebert, Fritz & Schiele, CVPR 2012, as google/active-learning (2017) and after it ALiPy have it:
    Tang, Li & Huang, arXiv 1901.03802.

    Needs: nothing of the learner. Sparse features are used as they are.

    Deviation from `graph_density`: what is taken is not weighted by the distance, so that densities may become
    negative, and such a row then adds to its neighbours. Exact ties go to the earlier pool index, not by
    tie ranks. ALiPy's object remembers what it chose, and rows of the start set take nothing; a strategy here
    keeps nothing and knows no start set, so that with `memory` all labelled rows take their part. Without it the
    answer is that of an ALiPy object made anew for each query.

    Parameters
    ----------
    neighbors : int
        Nearest neighbours of a row in the graph.
    memory : bool
        Whether labelled rows take density from their neighbours.
    """

    name: ClassVar[str] = "graph_density@alipy_compatible"
    source: ClassVar[str] = SOURCE
    metric_space: ClassVar[bool] = True

    neighbors: Annotated[int, Field(ge=1)] = 10
    memory: bool = True

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of choice."""
        graph = neighbor_graph(state, self.neighbors)
        density = np.asarray(graph.sum(axis=1)).ravel() / np.diff(graph.indptr)

        def take(rows: NDArray[np.intp], n: int) -> NDArray[np.intp]:
            left, taken = np.sort(rows), np.empty(n, dtype=np.intp)
            for place in range(n):
                at = density[left].argmax()
                taken[place] = row = left[at]
                left = np.delete(left, at)
                density[graph.indices[graph.indptr[row] : graph.indptr[row + 1]]] -= density[row]
            return taken

        if self.memory:
            take(state.labeled, len(state.labeled))
        return take(state.unlabeled, state.batch_size)
