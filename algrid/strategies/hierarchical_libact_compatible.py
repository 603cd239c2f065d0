"""Hierarchical sampling, as libact has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._libact import SOURCE
from algrid.strategies.base import QueryState, Strategy
from algrid.strategies.hierarchical import Tree

__all__ = ["HierarchicalLibactCompatible"]


@dataclass(frozen=True)
class HierarchicalLibactCompatible(Strategy):
    """Random rows of clusters that are not known to be pure yet, from libact's pruned tree of clusters.

    Formula: labels are counted in one after another along the path from their row to the node of the pruning
    above it. In a node of size s with n labels, c of them l, the rows of label l are between ``max(c, s c/n - s
    d)`` (lower) and ``min(s - n + c, s c/n + s d)`` (upper), ``d = f/n + sqrt(f (c/n) (1 - c/n) / n)``, ``f = 1 -
    n/s``. l is admissible if ``lower_l > 2 upper_m - s`` for every other m; the most frequent admissible label is
    the node's, else it keeps its last. A node costs ``s - lower`` of its label (s without one), or what its
    children cost if that is less and it has a label: then it is split, for good. Rows are drawn one after
    another: a node of the pruning with probability proportional to ``s - lower``, then one of its candidates, all
    alike.

    Complexity: O(n_pool^2 * n_features) time and 8 n_pool^2 bytes of memory for the tree, once per cell (hence
    the limit of 10,000 rows); O(n_labeled * depth * n_classes) time a query.

    Source: Dasgupta & Hsu, ICML 2008; libact: Yang et al., arXiv 1710.00379.

    Needs: ``dense`` features; nothing of the learner.

    Deviation from `hierarchical`: labels are counted only up to the pruning at their time, so that nodes above it
    know less than they could; splits are never taken back, a label that ceases to be admissible stays, and a node
    without a label of its own does not take that of the one above; costs are cut to whole numbers (libact keeps
    them in an array of integers). The answer is that of an object of libact that is made anew for each query: it
    takes the labelled rows in the order of the pool. Where libact draws a node without candidates it asks for no
    row at all; here another is drawn.
    """

    name: ClassVar[str] = "hierarchical@libact_compatible"
    source: ClassVar[str] = SOURCE
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})
    metric_space: ClassVar[bool] = True
    max_pool: ClassVar[int | None] = 10_000

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order in which they were drawn."""
        tree = state.shared("ward tree", lambda: Tree.of(state.X))
        nodes, weights = pruning(tree, state)
        is_free = np.zeros(tree.n_leaves, dtype=np.bool_)
        is_free[state.unlabeled] = True
        candidates = [rows[is_free[rows]] for rows in map(tree.rows, nodes)]
        rng = state.rng()
        batch = np.empty(state.batch_size, dtype=np.intp)
        for position in range(state.batch_size):
            chances = weights * [len(rows) > 0 for rows in candidates]
            node = rng.choice(len(nodes), p=chances / chances.sum())
            batch[position] = chosen = rng.choice(candidates[node])
            candidates[node] = candidates[node][candidates[node] != chosen]
        return batch


def pruning(tree: Tree, state: QueryState) -> tuple[list[int], NDArray[np.float64]]:
    """Nodes of the pruning after all labels, ascending, and the weight with which each is drawn."""
    cut = _Cut(tree, state.n_classes)
    for place in np.argsort(state.labeled):
        cut.count(int(state.labeled[place]), int(state.y_labeled[place]))
    nodes = sorted(cut.nodes)
    return nodes, tree.sizes[nodes] - cut.sure[nodes]


class _Cut:
    """A pruning on its way down the tree."""

    def __init__(self, tree: Tree, n_classes: int) -> None:
        self.tree, n_nodes = tree, len(tree.sizes)
        self.parents = np.full(n_nodes, -1, dtype=np.intp)
        self.parents[tree.children.ravel()] = np.repeat(np.arange(tree.n_leaves, n_nodes), 2)
        self.counts = np.zeros((n_nodes, n_classes))
        self.label = np.full(n_nodes, -1, dtype=np.intp)
        self.sure = np.zeros(n_nodes)  #: lower bound of the label
        self.cost = tree.sizes.copy()  #: whole numbers
        self.is_split = np.zeros(n_nodes, dtype=np.bool_)
        self.nodes = {n_nodes - 1}

    def count(self, row: int, label: int) -> None:
        """Count a label in."""
        path = [row]
        while path[-1] not in self.nodes:
            path.append(int(self.parents[path[-1]]))
        for node in path:
            self.counts[node, label] += 1
            self._judge(node)
        self.nodes.remove(path[-1])
        stack = [path[-1]]
        while stack:
            node = stack.pop()
            if self.is_split[node]:
                stack += self.tree.children[node - self.tree.n_leaves].tolist()
            else:
                self.nodes.add(node)

    def _judge(self, node: int) -> None:
        """The node's label, cost, and whether it is split, by its counts."""
        size, counts = float(self.tree.sizes[node]), self.counts[node]
        total = counts.sum()
        share, left = counts / total, 1.0 - total / size
        width = left / total + np.sqrt(left * share * (1.0 - share) / total)
        # the products are rounded one by one, as there: labels that are just admissible depend on it
        lower = np.maximum(counts, share * size - width * size)
        upper = np.minimum(size - (total - counts), share * size + width * size)
        two = np.sort(np.append(upper, -np.inf))[-2:]
        others = np.where(upper == two[1], two[0], two[1])  # the highest of the other labels
        admissible = np.where(lower > 2.0 * others - size, counts, 0.0)
        if admissible.any():
            self.label[node] = admissible.argmax()
        label = int(self.label[node])
        self.sure[node] = lower[label] if label >= 0 else 0.0
        cost = size - self.sure[node]
        if node >= self.tree.n_leaves and label >= 0:
            below = float(self.cost[self.tree.children[node - self.tree.n_leaves]].sum())
            if below < cost:
                cost, self.is_split[node] = below, True
        self.cost[node] = int(cost)
