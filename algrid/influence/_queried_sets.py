"""The sets of rows that runs of one dataset had queried by some numbers of labels, and what two of them share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from algrid.errors import AlgridError
from algrid.influence.runs_by_dataset import ragged, ragged_rows

__all__ = ["QueriedSets", "expected_jaccard"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@cache
def expected_jaccard(n: int, a: int, b: int) -> float:
    """Expected Jaccard index of two random sets of a and b out of n rows: the sum over the hypergeometric overlap.

    Raises
    ------
    AlgridError
        If there are not so many rows.
    """
    if not 0 <= max(a, b) <= n or min(a, b) < 0:
        raise AlgridError(f"sets of {a} and {b} rows are not out of {n}.")
    if a + b == 0:
        return 1.0
    overlap = np.arange(max(0, a + b - n), min(a, b) + 1)
    log_factorial = np.append(0.0, np.cumsum(np.log(np.arange(1, n + 1))))

    def log_choose(m: Any, k: Any) -> Any:
        return log_factorial[m] - log_factorial[k] - log_factorial[m - k]

    chance = np.exp(log_choose(a, overlap) + log_choose(n - a, b - overlap) - log_choose(n, b))
    return float(np.sum(chance * overlap / (a + b - overlap)) / chance.sum())


@dataclass(frozen=True)
class QueriedSets:
    """What the runs of one dataset queried.

    Parameters
    ----------
    n_pool, n_start : (n_runs,) int arrays
    start : (n_runs,) int array
        Code of the start set; equal for equal ones.
    items : (n_runs, most) int array
        Pool indices in the order asked for; -1 beyond the end.
    has_point : (n_runs, n_counts) bool array
        Whether the run has a point at each label count.
    is_empty : (n_runs,) bool array
        Whether the run used up its pool.
    counts : (n_counts,) int array
    """

    n_pool: Ints
    n_start: Ints
    start: Ints
    items: Ints
    has_point: NDArray[np.bool_]
    is_empty: NDArray[np.bool_]
    counts: Ints

    @classmethod
    def of(cls, lists: pa.Table, counts: Ints) -> QueriedSets:
        queried, points, starts = (ragged(lists, name) for name in ("queried", "n_labeled", "start_indices"))
        items = ragged_rows(*queried, int(counts[-1]))
        start = np.unique(ragged_rows(*starts, int(np.diff(starts[1]).max(initial=0))), axis=0, return_inverse=True)[1]
        filled = np.diff(points[1]) > 0
        first = np.zeros(len(filled), dtype=np.int64)
        first[filled] = points[0][points[1][:-1][filled]]
        owner = np.repeat(np.arange(len(filled)), np.diff(points[1]))
        bought = points[0] - first[owner]
        place = np.minimum(np.searchsorted(counts, bought), len(counts) - 1)
        has_point = np.zeros((len(filled), len(counts)), dtype=np.bool_)
        hit = counts[place] == bought
        has_point[owner[hit], place[hit]] = True
        n_pool = np.asarray(lists.column("n_pool"), dtype=np.int64)
        is_empty = np.diff(queried[1]) >= n_pool - np.diff(starts[1])
        return cls(n_pool, np.diff(starts[1]), start.ravel().astype(np.int64), items, has_point, is_empty, counts)

    def comparable(self, i: Ints, j: Ints) -> tuple[Ints, Ints]:
        """The pairs that share pool and start set."""
        same = (self.start[i] == self.start[j]) & (self.n_pool[i] == self.n_pool[j])
        return i[same], j[same]

    def jaccard(self, i: Ints, j: Ints) -> Floats:
        """(4, n_pairs, n_counts) J, J corrected, whether they count, and whether their pool was used up."""
        candidates = (self.n_pool[i] - self.n_start[i])[:, None]
        used_up = (self.is_empty[i] & self.is_empty[j])[:, None] & (self.counts >= candidates)
        counted = self.has_point[i] & self.has_point[j] & ~used_up
        both = self._shared(i, j)
        value = np.where(counted, both / (2 * self.counts - both), 0.0)
        sizes, where = np.unique(candidates, return_inverse=True)
        chance = np.zeros((len(sizes), len(self.counts)))
        for row, column in np.argwhere(sizes[:, None] > self.counts):
            count = int(self.counts[column])
            chance[row, column] = expected_jaccard(int(sizes[row]), count, count)
        expected = chance[where.ravel()]
        corrected = np.where(counted, (value - expected) / (1.0 - expected), 0.0)
        return np.stack([value, corrected, counted.astype(np.float64), used_up.astype(np.float64)])

    def _shared(self, i: Ints, j: Ints) -> Ints:
        """(n_pairs, n_counts) rows that both have among their first ones."""
        runs, own = np.unique(j, return_inverse=True)
        most = self.items.shape[1]
        size = int(self.n_pool.max()) + 1  # the last column is that of -1
        place = np.full((len(runs), size), most, dtype=np.int32)
        items = self.items[runs]
        place[np.arange(len(runs))[:, None], items] = np.arange(most, dtype=np.int32)
        place[:, -1] = most
        # a row is in both sets once the later of the two has asked for it
        later = np.maximum(place[own[:, None], self.items[i]], np.arange(most, dtype=np.int32))
        return np.stack([(later < k).sum(axis=1) for k in self.counts], axis=1).astype(np.int64)
