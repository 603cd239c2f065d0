"""Hierarchical sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.strategies.base import QueryState, Strategy

__all__ = ["Hierarchical", "Tree"]


@dataclass(frozen=True)
class Hierarchical(Strategy):
    """Random rows of clusters that are not known to be pure yet, from a pruned tree of clusters.

    Formula: Ward's tree of the pool is cut where the labels say so. With n labels in node v and p the share of
    label l among them, the true share is thought to be within ``p - d`` (lower) and ``p + d`` (upper), ``d = 1/n +
    sqrt(p (1 - p) / n)``; l is admissible in v if ``1 - lower_l < beta (1 - upper_m)`` for every other label m. A
    node's error is 1 - p of its best admissible label, 1 without one; the pruning is the cut of the tree with
    the least error, weighted by size (of equal ones the coarsest). Rows are drawn one after another: a node v
    of the pruning that has candidates with probability proportional to ``size_v (1 - lower_l)``, l being its
    label (that of the nearest node above which has an admissible one), then one of its candidates, all alike.

    Complexity: O(n_pool^2 * n_features) time and 8 n_pool^2 bytes of memory for the tree, once per cell (hence the
    limit of 10,000 rows); O(n_pool * n_classes + n_labeled * depth * n_classes) time a query.

    Source: Dasgupta & Hsu, "Hierarchical sampling for active learning", ICML 2008, its active selection rule.
    The paper refines its pruning from step to step and labels the pool by it; here the pruning is derived
    from the labelled set anew (whoever asked for it), holds for a whole batch, and the learner sees
    labels that were asked for alone.

    Needs: ``dense`` features; nothing of the learner.

    Parameters
    ----------
    beta : float
        How much better a label has to be than the others.
    """

    name: ClassVar[str] = "hierarchical"
    source: ClassVar[str] = "Dasgupta & Hsu, ICML 2008"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})
    metric_space: ClassVar[bool] = True
    max_pool: ClassVar[int | None] = 10_000

    beta: Annotated[float, Field(gt=1, allow_inf_nan=False)] = 2.0

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order in which they were drawn."""
        tree = state.shared("ward tree", lambda: Tree.of(state.X))
        nodes, weights = self.pruning(tree, state)
        is_free = np.zeros(len(tree.order), dtype=np.bool_)
        is_free[state.unlabeled] = True
        candidates = [rows[is_free[rows]] for rows in (tree.rows(node) for node in nodes)]
        rng = state.rng()
        batch = np.empty(state.batch_size, dtype=np.intp)
        for position in range(state.batch_size):
            chances = weights * [len(rows) > 0 for rows in candidates]
            node = rng.choice(len(nodes), p=chances / chances.sum())
            batch[position] = chosen = rng.choice(candidates[node])
            candidates[node] = candidates[node][candidates[node] != chosen]
        return batch

    def pruning(self, tree: Tree, state: QueryState) -> tuple[list[int], NDArray[np.float64]]:
        """Nodes of the pruning, and the weight with which each is drawn."""
        counts = tree.counts(state.labeled, state.y_labeled, state.n_classes)
        errors, labels, lower = _bounds(counts, self.beta)
        # children come before their parents; below a node without labels nothing is known
        scores = errors.copy()
        for node in np.flatnonzero(counts.sum(axis=1)).tolist():
            if node >= tree.n_leaves:
                pair = tree.children[node - tree.n_leaves]
                below = scores[pair] @ tree.sizes[pair] / tree.sizes[node]
                # the sum is rounded: a split has to be better, not equal
                scores[node] = below if below < errors[node] - 1e-12 else errors[node]
        nodes: list[int] = []
        weights: list[float] = []
        stack = [(len(tree.sizes) - 1, int(counts[-1].argmax()))]
        while stack:
            node, above = stack.pop()
            label = int(labels[node]) if labels[node] >= 0 else above
            if scores[node] < errors[node]:
                left, right = tree.children[node - tree.n_leaves]
                stack += [(int(right), label), (int(left), label)]
            else:
                nodes.append(node)
                weights.append(float(tree.sizes[node] * (1.0 - lower[node, label])))
        return nodes, np.array(weights)


@dataclass(frozen=True)
class Tree:
    """A binary tree of clusters. Nodes 0 ... n_pool - 1 are the rows; the last node is the root.

    Parameters
    ----------
    children : (n_pool - 1, 2) int array
        Of each node that is no row; both have lower numbers.
    order : (n_pool,) int array
        Pool indices, so that the rows of every node stand together:
    start, sizes : (2 n_pool - 1,) int arrays
        Where they start in `order`, and how many they are.
    """

    children: NDArray[np.intp]
    order: NDArray[np.intp]
    start: NDArray[np.intp]
    sizes: NDArray[np.intp]

    @property
    def n_leaves(self) -> int:
        """Rows of the pool."""
        return len(self.order)

    @classmethod
    def of(cls, X: Features) -> Tree:
        """Ward's tree of the rows."""
        from scipy.cluster.hierarchy import ward

        assert isinstance(X, np.ndarray)  # sparse features are a skip of the plan
        n = len(X)
        merges = ward(X) if n > 1 else np.empty((0, 4))
        children = merges[:, :2].astype(np.intp)
        sizes = np.concatenate([np.ones(n, dtype=np.intp), merges[:, 3].astype(np.intp)])
        start = np.zeros(2 * n - 1, dtype=np.intp)
        for position in range(n - 2, -1, -1):
            left, right = children[position]
            start[left] = start[n + position]
            start[right] = start[left] + sizes[left]
        order = np.empty(n, dtype=np.intp)
        order[start[:n]] = np.arange(n)
        return cls(children, order, start, sizes)

    def rows(self, node: int) -> NDArray[np.intp]:
        """(size,) pool indices of a node."""
        return self.order[self.start[node] : self.start[node] + self.sizes[node]]

    def counts(self, rows: NDArray[np.intp], labels: NDArray[np.intp], n_classes: int) -> NDArray[np.intp]:
        """(n_nodes, n_classes) how many of `rows` each node has of each label."""
        one_hot = np.zeros((self.n_leaves, n_classes), dtype=np.intp)
        one_hot[self.start[rows], labels] = 1
        sums = np.concatenate([np.zeros((1, n_classes), dtype=np.intp), np.cumsum(one_hot, axis=0)])
        counts: NDArray[np.intp] = sums[self.start + self.sizes] - sums[self.start]
        return counts


def _bounds(counts: NDArray[np.intp], beta: float) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
    """Of each node: its error, its best admissible label (-1 for none), and the lower bounds of all labels."""
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    share = counts / total
    width = 1.0 / total + np.sqrt(share * (1.0 - share) / total)
    known = counts.sum(axis=1, keepdims=True) > 0
    lower = np.where(known, np.maximum(share - width, 0.0), 0.0)
    room = np.where(known, np.maximum(1.0 - share - width, 0.0), 0.0)  # 1 - upper
    least = np.sort(room, axis=1)[:, :2]
    # the least room of the *other* labels
    others = np.where(room == least[:, :1], least[:, 1:], least[:, :1])
    admissible = 1.0 - lower < beta * others
    errors = np.where(admissible, 1.0 - share, 1.0)
    labels = np.where(admissible.any(axis=1), errors.argmin(axis=1), -1)
    return errors.min(axis=1), labels, lower
