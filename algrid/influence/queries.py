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
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from algrid.arrays import offsets_of, ragged_arange, runs_of, segment_sum
from algrid.errors import AlgridError
from algrid.influence._queried_sets import QueriedSets
from algrid.influence._resampling import copies_of, ends, quotient, why_no_interval
from algrid.influence.runs_by_dataset import (
    OVERALL_COLUMNS,
    RunsByDataset,
    axes_of,
    codes_of,
    levels_of,
    runs_by_dataset,
)
from algrid.schema import AXES, REPLICATE_AXES
from algrid.seeds import generator

__all__ = ["QUERY_COLUMNS", "query_influence"]

#: The stored columns that `query_influence` reads.
QUERY_COLUMNS = (*OVERALL_COLUMNS, "n_pool", "start_indices", "queried", "n_labeled")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Axes that make another pool or another start set: rows of the two can't be compared.
_OTHER_ROWS = ("dataset", "split_kind", "split", "start_kind", "start_set")
#: Label counts that are looked at by default.
_COUNTS = 10
#: Fewer of them say nothing about what changes with labels.
_FEW = 3
#: Entries of a table of positions that are held at a time.
_ENTRIES = 1 << 24


def query_influence(
    runs: pa.Table | RunsByDataset,
    by: str,
    at: int | Sequence[int] | None = None,
    *,
    share: float = 1.0,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare the rows that were queried at each pair of levels, all other hyperparameters equal.

    Parameters
    ----------
    runs : pyarrow.Table or RunsByDataset
        Rows of `algrid.schema.RUNS`; the columns of `QUERY_COLUMNS` are enough.
    by : str
        An axis. Of those that make another pool or start set (dataset, split, ...) everything is null.
    at : int or sequence of int, optional
        Labels bought (start set excluded) at which sets are compared; by default up to ten counts, evenly spaced,
        that every batch size has; where those are fewer than three, those that most of the batch sizes have, up to the
        last that all have. A pair counts where both runs have a point at that count, and ``n`` says how many do.
    share : float
        Part of the settings of each replicate that is looked at, drawn at random (at least one).
    resamples : int
        Bootstrap resamples; 0 for no intervals.
    seed : int
        Of the draw of settings and of the resampling.

    Returns
    -------
    DataFrame
        One row a pair of levels and label count: ``level_a``, ``level_b``, ``n_bought``; ``jaccard`` and
        ``corrected`` for chance, means over pairs of runs, each with ``_low`` and ``_high`` of a 95 % interval
        (datasets and replicates are drawn; NaN below six datasets); ``n`` pairs and ``n_datasets`` that they are of;
        ``used_up``, of the pairs that got there or to the end of their pool before, the share that has used it up.
        ``attrs``: ``share``, ``overall`` (by label count the mean of ``corrected`` over pairs of levels, with its
        interval) and a ``note``.

    Raises
    ------
    AlgridError
        If a column is missing, `by` is no axis, label counts are not positive, or the share is not in (0, 1].
    """
    if by not in AXES:
        raise AlgridError(f"{by!r} is no axis along which runs can be paired. Take one of: {', '.join(AXES)}.")
    if not 0.0 < share <= 1.0:
        raise AlgridError(f"share is a part of the settings, above 0 and at most 1, not {share!r}.")
    source = runs_by_dataset(runs, QUERY_COLUMNS)
    counts = _label_counts(source.overall, at)
    levels = levels_of(source, by)
    sizes = _replicates(source, by)
    why = why_no_interval(len(sizes), resamples)
    shape = (len(levels) * (len(levels) - 1) // 2, len(counts))
    total = np.zeros((4, *shape))
    n_datasets = np.zeros(shape)
    drawn = np.zeros((0 if why else resamples, 3, *shape))
    copies = None if why else copies_of(sizes, resamples, seed)
    can_be_compared = by not in _OTHER_ROWS and len(counts) > 0
    for name, table in zip(source.datasets, source.parts(QUERY_COLUMNS) if can_be_compared else (), strict=False):
        own = _sums(_paired(table, by, levels, (share, generator(seed, "settings", dataset=name))), counts)
        total += own.sum(axis=0)
        n_datasets += own[:, 2].sum(axis=0) > 0
        if copies is not None:
            copy = next(copies)
            weights = segment_sum(copy.weights, copy.offsets)
            drawn += (weights @ own[:, :3].reshape(len(own), -1)).reshape(drawn.shape)
    return _table((levels, counts), (total, n_datasets, drawn), by=by, share=share, note=_note(by, why, share))


@dataclass(frozen=True)
class _Paired:
    """Runs of one dataset in the order of replicate, setting and level.

    Parameters
    ----------
    lists : pyarrow.Table
        What they queried.
    level, setting, replicate : (n_runs,) int arrays
        Codes; settings and replicates ascending, and the latter from 0.
    n_levels, n_replicates : int
        Of all datasets, and of this one.
    """

    lists: pa.Table
    level: Ints
    setting: Ints
    replicate: Ints
    n_levels: int
    n_replicates: int

    def pair_code(self, i: Ints, j: Ints) -> Ints:
        """Position of each two runs' levels (the first lower) among all pairs of levels."""
        a, b = self.level[i], self.level[j]
        return a * self.n_levels - a * (a + 1) // 2 + b - a - 1


def _paired(table: pa.Table, by: str, levels: list[Any], drawn: tuple[float, np.random.Generator]) -> _Paired:
    frame = axes_of(table)
    outer = [c for c in REPLICATE_AXES if c != by]
    replicate = codes_of(frame, outer)
    setting = codes_of(frame, [*outer, *(c for c in AXES if c not in (by, "dataset", *outer))])
    place = {level: i for i, level in enumerate(levels)}
    level = frame[by].astype(object).map(place).to_numpy(np.int64)
    order = np.lexsort((level, setting))
    order = order[_drawn(setting[order], replicate[order], *drawn)]
    lists = table.select(["n_pool", "start_indices", "queried", "n_labeled"]).take(order)
    n_replicates = int(replicate.max(initial=-1)) + 1
    return _Paired(lists, level[order], setting[order], replicate[order], len(levels), n_replicates)


def _drawn(setting: Ints, replicate: Ints, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which runs are of the settings that are drawn: of each replicate this share of them, at least one."""
    if share == 1.0:
        return np.ones(len(setting), dtype=np.bool_)
    first = runs_of(setting)[:-1]
    owner = replicate[first]  # ascending, as settings are
    order = np.lexsort((rng.random(len(first)), owner))
    offsets = runs_of(owner)
    turn = np.arange(len(first)) - np.repeat(offsets[:-1], np.diff(offsets))
    most = np.maximum(1, np.rint(share * np.diff(offsets)))
    kept = np.zeros(len(first), dtype=np.bool_)
    kept[order] = turn < np.repeat(most, np.diff(offsets))
    return np.repeat(kept, np.diff(runs_of(setting)))


def _replicates(source: RunsByDataset, by: str) -> Ints:
    """(n_datasets,) how many replicates each dataset has."""
    outer = [c for c in REPLICATE_AXES if c != by]
    frame = axes_of(source.overall, ["dataset", *outer]).drop_duplicates()
    return np.bincount(codes_of(frame, ["dataset"])).astype(np.int64)


def _label_counts(overall: pa.Table, at: int | Sequence[int] | None) -> Ints:
    if at is not None:
        counts = np.unique(np.atleast_1d(np.asarray(at)))
        if not len(counts) or not np.issubdtype(counts.dtype, np.integer) or counts[0] < 1:
            raise AlgridError(f"at is one or more numbers of labels bought, 1 or more each, not {at!r}.")
        return counts.astype(np.int64)
    sizes = np.unique(overall.column("batch_size").to_numpy()).astype(np.int64)
    longest = int(np.max(np.asarray(overall.column("reach")), initial=0))
    if not len(sizes) or longest < 1:
        return np.empty(0, dtype=np.int64)
    step = int(np.lcm.reduce(sizes))
    if step > longest:  # no count that all have: those of the largest batch
        step = min(int(sizes[-1]), longest)
    shared = np.arange(step, longest + 1, step)
    if len(shared) < _FEW:
        counts = np.arange(1, int(shared[-1]) + 1)
        shared = counts[(counts[:, None] % sizes == 0).mean(axis=1) > 0.5]
    chosen = np.unique(np.rint(np.linspace(1, len(shared), min(_COUNTS, len(shared)))).astype(np.int64))
    return shared[chosen - 1]


def _sums(data: _Paired, counts: Ints) -> Floats:
    """(n_replicates, 4, pairs of levels, counts) sums of J, J corrected, pairs, and pairs used up."""
    out = np.zeros((data.n_replicates, 4, data.n_levels * (data.n_levels - 1) // 2, len(counts)))
    sets = QueriedSets.of(data.lists, counts)
    for pairs in _pairs(data.setting, int(sets.n_pool.max(initial=1))):
        i, j = sets.comparable(*pairs)
        _add(out, sets.jaccard(i, j), data.replicate[i], data.pair_code(i, j))
    return out


def _add(out: Floats, values: Floats, replicate: Ints, pair: Ints) -> None:
    """Add (4, n_pairs, counts) values to their replicates and pairs of levels."""
    n_replicates, _, n_pairs, n_counts = out.shape
    cell = ((replicate * n_pairs + pair)[:, None] * n_counts + np.arange(n_counts)).ravel()
    for k in range(4):
        added = np.bincount(cell, weights=values[k].ravel(), minlength=n_replicates * n_pairs * n_counts)
        out[:, k] += added.reshape(n_replicates, n_pairs, n_counts)


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


def _table(
    compared: tuple[list[Any], Ints], sums: tuple[Floats, Floats, Floats], *, by: str, share: float, note: str
) -> pd.DataFrame:
    levels, counts = compared
    (total, used_up), n_datasets, drawn = (sums[0][:3], sums[0][3]), sums[1], sums[2]
    a, b = np.triu_indices(len(levels), k=1)
    n = len(counts)
    table = pd.DataFrame(
        {"level_a": [levels[i] for i in np.repeat(a, n)], "level_b": [levels[i] for i in np.repeat(b, n)]}
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
    table.attrs.update(by=by, share=share, overall=_overall(counts, mean[1], draws[:, 1]), note=note)
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


def _note(by: str, why: str, share: float) -> str:
    if by in _OTHER_ROWS:
        return f"Levels of {by} have different pools or start sets: what they query can't be compared."
    drawn = f"Of the settings of each replicate {share:.1%} were drawn at random." if share < 1.0 else ""
    return " ".join(filter(None, [drawn, why]))
