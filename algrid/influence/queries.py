"""Query influence: whether two levels of a hyperparameter ask for the same rows (the paper's green heatmaps).

Runs that share pool and start set are compared at equal label counts: of the rows that each has bought by then
(start set excluded), the Jaccard index is the share that both have of all that either has. Two random sets overlap
too, the more the smaller the pool; so J stands beside (J - E) / (1 - E), with E the expected Jaccard index of two
random sets of those sizes: 0 for chance, 1 for the same rows. Once the pool is used up both have everything, and
there is nothing to compare.

References
----------
Jaccard, P. (1912). The distribution of the flora in the alpine zone. New Phytologist 11.
Survey of Active Learning Hyperparameters: Insights from a Large-Scale Experimental Grid, arXiv 2506.03817.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from algrid.arrays import offsets_of, ragged_arange, runs_of, segment_sum
from algrid.errors import AlgridError
from algrid.influence._block import coded
from algrid.influence._resampling import copies_of, ends, quotient, why_no_interval
from algrid.schema import AXES

__all__ = ["QUERY_COLUMNS", "expected_jaccard", "query_influence"]

#: The stored columns that `query_influence` reads.
QUERY_COLUMNS = (*AXES, "n_pool", "start_indices", "queried", "n_labeled")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Axes that make another pool or another start set: rows of the two can't be compared.
_OTHER_ROWS = ("dataset", "split_kind", "split", "start_kind", "start_set")
#: Label counts that are looked at by default.
_COUNTS = 10
#: Entries of a table of positions that are held at a time.
_ENTRIES = 1 << 24


def query_influence(
    runs: pa.Table, by: str, at: int | Sequence[int] | None = None, *, resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Compare the rows that were queried at each pair of levels, all other hyperparameters equal.

    Parameters
    ----------
    runs : pyarrow.Table
        Rows of `algrid.schema.RUNS`; the columns of `QUERY_COLUMNS` are enough.
    by : str
        An axis. Of those that make another pool or start set (dataset, split, ...) everything is null.
    at : int or sequence of int, optional
        Labels bought (start set excluded) at which sets are compared; by default up to ten counts, evenly spaced,
        that every batch size has. A pair counts where both runs have a point at that count.
    resamples : int
        Bootstrap resamples; 0 for no intervals.
    seed : int
        Of the resampling.

    Returns
    -------
    DataFrame
        One row a pair of levels and label count: ``level_a``, ``level_b``, ``n_bought``; ``jaccard`` and
        ``corrected`` for chance, means over pairs of runs, each with ``_low`` and ``_high`` of a 95 % interval
        (datasets and replicates are drawn; NaN below six datasets); ``n`` pairs and ``n_datasets`` that they are of;
        ``used_up``, of the pairs that got there or to the end of their pool before, the share that has used it up.
        ``attrs``: ``overall`` (by label count the mean of ``corrected`` over pairs of levels, with its interval) and a
        ``note``.

    Raises
    ------
    AlgridError
        If a column is missing, `by` is no axis, or label counts are not positive.
    """
    missing = [name for name in QUERY_COLUMNS if name not in runs.column_names]
    if missing:
        raise AlgridError(f"the runs have no column {missing[0]!r}: load QUERY_COLUMNS of algrid.influence.queries.")
    if by not in AXES:
        raise AlgridError(f"{by!r} is no axis along which runs can be paired. Take one of: {', '.join(AXES)}.")
    counts = _label_counts(runs, at)
    data = _paired(runs, by)
    why = why_no_interval(data.n_datasets, resamples)
    shape = (len(data.levels) * (len(data.levels) - 1) // 2, len(counts))
    total = np.zeros((4, *shape))
    n_datasets = np.zeros(shape)
    drawn = np.zeros((0 if why else resamples, 3, *shape))
    copies = None if why else copies_of(data.sizes, resamples, seed)
    for own in _sums(runs, data, counts, by):
        total += own.sum(axis=0)
        n_datasets += own[:, 2].sum(axis=0) > 0
        if copies is not None:
            copy = next(copies)
            weights = segment_sum(copy.weights, copy.offsets)
            drawn += (weights @ own[:, :3].reshape(len(own), -1)).reshape(drawn.shape)
    return _table(data, counts, (total, n_datasets, drawn), by=by, note=_note(by, why))


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
class _Paired:
    """Runs in the order of dataset, replicate, setting and level.

    Parameters
    ----------
    order : (n_runs,) int array
        Rows of the table.
    level, setting, replicate, dataset : (n_runs,) int arrays
        Codes, in that order; settings, replicates and datasets ascending.
    levels : list
    """

    order: Ints
    level: Ints
    setting: Ints
    replicate: Ints
    dataset: Ints
    levels: list[Any]

    @property
    def n_datasets(self) -> int:
        return len(np.unique(self.dataset))

    @property
    def sizes(self) -> Ints:
        """(n_datasets,) replicates of each."""
        replicates = runs_of(self.replicate)
        return np.diff(np.searchsorted(replicates, runs_of(self.dataset)))


def _paired(runs: pa.Table, by: str) -> _Paired:
    frame: pd.DataFrame = runs.select(AXES).unify_dictionaries().to_pandas()
    level, levels = coded(frame[by])
    outer = [c for c in ("dataset", "split", "start_set", "seed") if c != by]
    rest = [c for c in AXES if c not in (by, *outer)]
    codes: dict[str, Ints] = {}
    joined = np.zeros(len(frame), dtype=np.int64)
    for name in (*outer, *rest):
        own, found = coded(frame[name])
        joined = np.unique(joined * max(len(found), 1) + own, return_inverse=True)[1].astype(np.int64)
        codes[name] = joined
    order = np.lexsort((level, joined))
    replicate = codes[outer[-1]][order]
    dataset = codes["dataset"][order] if by != "dataset" else np.zeros(len(frame), dtype=np.int64)
    return _Paired(order, level[order], joined[order], replicate, dataset, levels)


def _label_counts(runs: pa.Table, at: int | Sequence[int] | None) -> Ints:
    if at is not None:
        counts = np.unique(np.atleast_1d(np.asarray(at)))
        if not len(counts) or not np.issubdtype(counts.dtype, np.integer) or counts[0] < 1:
            raise AlgridError(f"at is one or more numbers of labels bought, 1 or more each, not {at!r}.")
        return counts.astype(np.int64)
    sizes = np.unique(runs.column("batch_size").to_numpy()).astype(np.int64)
    longest = int(pc.max(pc.list_value_length(runs.column("queried"))).as_py() or 0)
    if not len(sizes) or not longest:
        return np.empty(0, dtype=np.int64)
    step = int(np.lcm.reduce(sizes))
    if step > longest:  # no count that all have: those of the largest batch
        step = min(int(sizes[-1]), longest)
    multiples = np.arange(1, longest // step + 1)
    chosen = np.unique(np.rint(np.linspace(1, len(multiples), min(_COUNTS, len(multiples)))).astype(np.int64))
    return multiples[chosen - 1] * step


def _sums(runs: pa.Table, data: _Paired, counts: Ints, by: str) -> Iterator[Floats]:
    """Of each dataset (n_replicates, 4, pairs of levels, counts): sums of J, J corrected, pairs, and pairs used up."""
    lists = runs.select(["n_pool", "start_indices", "queried", "n_labeled"])
    replicates = runs_of(data.replicate)
    for start, stop in pairwise(runs_of(data.dataset).tolist()):
        inside = np.searchsorted(replicates, [start, stop])
        out = np.zeros((inside[1] - inside[0], 4, len(data.levels) * (len(data.levels) - 1) // 2, len(counts)))
        if by not in _OTHER_ROWS and len(counts):
            own = _Runs.of(lists.take(data.order[start:stop]), counts)
            for pairs in _pairs(data.setting[start:stop], int(own.n_pool.max(initial=1))):
                i, j = own.comparable(*pairs)
                place = data.replicate[start:stop][i] - data.replicate[start]
                _add(out, own.jaccard(i, j), place, _pair_code(data, start + i, start + j))
        yield out


def _add(out: Floats, values: Floats, replicate: Ints, pair: Ints) -> None:
    """Add (4, n_pairs, counts) values to their replicates and pairs of levels."""
    n_replicates, _, n_pairs, n_counts = out.shape
    cell = ((replicate * n_pairs + pair)[:, None] * n_counts + np.arange(n_counts)).ravel()
    for k in range(4):
        added = np.bincount(cell, weights=values[k].ravel(), minlength=n_replicates * n_pairs * n_counts)
        out[:, k] += added.reshape(n_replicates, n_pairs, n_counts)


def _pair_code(data: _Paired, i: Ints, j: Ints) -> Ints:
    """Position of each two levels (the first lower) among all pairs."""
    n = len(data.levels)
    a, b = data.level[i], data.level[j]
    return a * n - a * (a + 1) // 2 + b - a - 1


def _pairs(setting: Ints, n_pool: int) -> Iterator[tuple[Ints, Ints]]:
    """All pairs of runs of one setting, as positions, in pieces of bounded size."""
    offsets = runs_of(setting)
    ends_of = np.repeat(offsets[1:], np.diff(offsets))
    own = np.arange(len(setting))
    later = ends_of - own - 1
    step = max(1, _ENTRIES // max(1, n_pool))
    cuts = np.unique(np.searchsorted(offsets_of(later), np.arange(0, later.sum() + step, step)))
    for low, high in pairwise(cuts.tolist()):
        n = later[low:high]
        yield np.repeat(own[low:high], n), ragged_arange(own[low:high] + 1, n)


@dataclass(frozen=True)
class _Runs:
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
    def of(cls, lists: pa.Table, counts: Ints) -> _Runs:
        queried, points, starts = (_ragged(lists, name) for name in ("queried", "n_labeled", "start_indices"))
        items = _dense(*queried, int(counts[-1]))
        start = np.unique(_dense(*starts, int(np.diff(starts[1]).max(initial=0))), axis=0, return_inverse=True)[1]
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


def _ragged(table: pa.Table, name: str) -> tuple[Ints, Ints]:
    """Flat values and offsets of a list column; null is empty."""
    column = table.column(name)
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0), dtype=np.int64)
    flat = pc.list_flatten(column)
    return np.asarray(flat, dtype=np.int64), offsets_of(lengths)


def _dense(values: Ints, offsets: Ints, width: int) -> Ints:
    """(n, width) the first of every segment; -1 beyond its end."""
    lengths = np.minimum(np.diff(offsets), width)
    out = np.full((len(lengths), width), -1, dtype=np.int64)
    column = ragged_arange(np.zeros_like(lengths), lengths)
    out[np.repeat(np.arange(len(lengths)), lengths), column] = values[ragged_arange(offsets[:-1], lengths)]
    return out


def _table(data: _Paired, counts: Ints, sums: tuple[Floats, Floats, Floats], by: str, note: str) -> pd.DataFrame:
    (total, used_up), n_datasets, drawn = (sums[0][:3], sums[0][3]), sums[1], sums[2]
    a, b = np.triu_indices(len(data.levels), k=1)
    n = len(counts)
    table = pd.DataFrame(
        {"level_a": [data.levels[i] for i in np.repeat(a, n)], "level_b": [data.levels[i] for i in np.repeat(b, n)]}
    )
    table["n_bought"] = np.tile(counts, len(a))
    mean = quotient(total[:2], total[2])
    draws = quotient(drawn[:, :2], drawn[:, 2:])
    low, high = ends(draws) if len(draws) else np.full((2, *mean.shape), np.nan)
    for i, name in enumerate(("jaccard", "corrected")):
        for end, of in (("", mean), ("_low", low), ("_high", high)):
            table[f"{name}{end}"] = of[i].ravel()
    table["n"] = total[2].ravel().astype(np.int64)
    table["n_datasets"] = n_datasets.ravel().astype(np.int64)
    table["used_up"] = quotient(used_up, used_up + total[2]).ravel()
    table.attrs.update(by=by, overall=_overall(counts, mean[1], draws[:, 1]), note=note)
    return table


def _overall(counts: Ints, mean: Floats, draws: Floats) -> dict[int, dict[str, float]]:
    """By label count the mean over pairs of levels, with its interval."""
    found = {}
    for k, count in enumerate(counts.tolist()):
        there = ~np.isnan(mean[:, k])
        found[count] = {"value": float(mean[there, k].mean()) if there.any() else np.nan, "low": np.nan, "high": np.nan}
        if there.any() and len(draws):
            found[count]["low"], found[count]["high"] = (float(end) for end in ends(draws[:, there, k].mean(axis=1)))
    return found


def _note(by: str, why: str) -> str:
    if by in _OTHER_ROWS:
        return f"Levels of {by} have different pools or start sets: what they query can't be compared."
    return why
