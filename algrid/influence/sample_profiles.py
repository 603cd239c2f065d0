"""What the levels of a hyperparameter like to pick: queried rows held against what random sampling would pick.

A measure of rows (density, hardness, outlierness ...) has other values in every pool; so each row is placed among the
candidates of its run, which are the pool without the start set. Random sampling picks each of them with the same
chance: what it would pick is known exactly, without a run of it. The profile of a level says where the rows that it
queried lie, all together, early and late.

References
----------
Survey of Active Learning Hyperparameters: Insights from a Large-Scale Experimental Grid, arXiv 2506.03817.
Vargha, A. and Delaney, H. D. (2000). A critique and improvement of the CL common language effect size statistics.
Journal of Educational and Behavioral Statistics 25 (the probability of superiority).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from algrid.arrays import ragged_arange, runs_of, segment_sum
from algrid.errors import AlgridError
from algrid.influence._datasets import estimated
from algrid.influence._resampling import quotient
from algrid.influence.pairwise import holm, signed_ranks, too_few
from algrid.influence.runs_by_dataset import (
    OVERALL_COLUMNS,
    RunsByDataset,
    axes_of,
    codes_of,
    levels_of,
    ragged,
    runs_by_dataset,
)
from algrid.leaderboard import MIN_DATASETS
from algrid.schema import AXES, REPLICATE_AXES

__all__ = ["PHASES", "POOL_AXES", "PROFILE_COLUMNS", "STATISTICS", "placed", "sample_profiles"]

#: Axes that make another pool, or other features of it.
POOL_AXES = ("dataset", "split_kind", "split", "preprocessing")
#: The stored columns that `sample_profiles` reads.
PROFILE_COLUMNS = (*OVERALL_COLUMNS, "n_pool", "start_indices", "queried")
#: Of the labels bought: all, the first and the second half, and the second less the first.
PHASES = ("all", "early", "late", "change")
#: What is said of each measure.
STATISTICS = ("difference", "superiority", "lowest", "highest")
#: A share of the candidates at either end.
_TAIL = 0.25

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def sample_profiles(
    runs: pa.Table | RunsByDataset,
    measures: pd.DataFrame,
    by: str = "strategy",
    budget: int | None = None,
    *,
    alpha: float = 0.05,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Profiles of the rows that the levels of a hyperparameter queried.

    Parameters
    ----------
    runs : pyarrow.Table or RunsByDataset
        Rows of `algrid.schema.RUNS`; the columns of `PROFILE_COLUMNS` are enough.
    measures : DataFrame
        One row a row of a pool: `POOL_AXES`, ``pool_index``, and a column a measure (NaN where it has no value). Runs
        of pools that are not in it don't count.
    by : str
        An axis, but for dataset and replicates.
    budget : int, optional
        Labels bought that are looked at, in the order in which they were asked for; by default as many as every run
        has at least. Runs count that bought so many and left rows in their pool: who takes all has no taste.
    alpha : float
        Level of all tests of a phase together (family-wise).
    resamples, seed : int
        Of the bootstrap over datasets and their replicates.

    Returns
    -------
    DataFrame
        One row a level, measure and phase (`PHASES`), each statistic with ``_low`` and ``_high`` of a 95 % interval:
        ``difference`` (mean of the queried rows less that of the candidates, in standard deviations of the
        candidates; random: 0), ``superiority`` (chance that a queried row has a higher value than a candidate drawn at
        random, ties half; random: 0.5), ``lowest`` and ``highest`` (share of the queried rows among the quarter of the
        candidates with the lowest and with the highest values; random: 0.25); for the phase ``change`` late less
        early. Means over runs, within and then over datasets; ``n_datasets`` in which the measure says something.
        ``p`` of Wilcoxon's signed ranks of the datasets' ``difference`` (NaN below six), ``p_holm``, corrected by Holm
        for all levels and measures of the phase, and ``differs`` (p_holm below `alpha`). ``attrs``: ``by``, ``alpha``,
        ``budget``, ``n_runs`` by level, ``left_out`` (share of the runs that don't count), ``note``.

    Raises
    ------
    AlgridError
        If a column is missing, `by` can't be compared across datasets, or the budget is not positive.
    """
    if by not in AXES or by == "dataset" or by in REPLICATE_AXES:
        allowed = ", ".join(a for a in AXES if a != "dataset" and a not in REPLICATE_AXES)
        raise AlgridError(f"there are no profiles of {by!r}. Take one of: {allowed}.")
    names = _measures_of(measures)
    source = runs_by_dataset(runs, PROFILE_COLUMNS)
    count = _budget(source, budget)
    levels = levels_of(source, by)
    pools = dict(iter(measures.groupby(list(POOL_AXES), observed=True, sort=False)))
    parts, n_runs = [np.zeros((0, len(STATISTICS) + 1, len(levels), 3, len(names)))], np.zeros(len(levels), np.int64)
    sizes = []
    for table in source.parts(PROFILE_COLUMNS):
        own, counted = _of_dataset(table, pools, names, (by, levels), count)
        parts.append(own)
        sizes.append(len(own))
        n_runs += counted
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    point, low, high, note = estimated(
        np.concatenate(parts),
        offsets,
        _dataset_means,
        _with_change,
        resamples=resamples,
        seed=seed,
    )
    total = source.overall.num_rows
    table = _table(levels, names, (point, low, high), by)
    table["p"] = _p_values(segment_sum(np.concatenate(parts), offsets))
    table["p_holm"] = table.groupby("phase")["p"].transform(lambda p: holm(p.to_numpy(np.float64)))
    table["differs"] = (table["p_holm"] < alpha).to_numpy(np.bool_)
    tested = table[(table["phase"] == "all") & table["difference"].notna()]
    note = " ".join(filter(None, [note, too_few(tested, alpha, "levels and measures")]))
    table.attrs.update(
        by=by,
        alpha=alpha,
        budget=count,
        n_runs=dict(zip(levels, n_runs.tolist(), strict=True)),
        left_out=1.0 - float(n_runs.sum()) / total if total else 0.0,
        resamples=resamples,
        seed=seed,
        note=note,
    )
    return table


def placed(values: Floats) -> Floats:
    """(n, m, 4) where each of n candidates stands among all of them, by the `STATISTICS`.

    A tie covers the places of all its members: of the quarter each has the share that the tie has of it, so that the
    mean over all candidates is 0, 0.5, 0.25 and 0.25 exactly. NaN where a value is, and for a measure without
    variation.

    Parameters
    ----------
    values : (n, m) array
        A column a measure.
    """
    out = np.full((*values.shape, len(STATISTICS)), np.nan)
    for column, own in enumerate(values.T):
        known = np.flatnonzero(~np.isnan(own))
        if not len(known) or np.ptp(own[known]) == 0:
            continue
        _, group, size = np.unique(own[known], return_inverse=True, return_counts=True)
        ends = np.cumsum(size) / len(known)
        starts = ends - size / len(known)
        span = ends - starts
        place = np.stack(
            [
                0.5 * (starts + ends),
                np.clip(_TAIL - starts, 0.0, span) / span,
                np.clip(ends - (1.0 - _TAIL), 0.0, span) / span,
            ],
            axis=1,
        )
        out[known, column, 0] = (own[known] - own[known].mean()) / own[known].std()
        out[known, column, 1:] = place[group]
    return out


def _measures_of(measures: pd.DataFrame) -> list[str]:
    for column in (*POOL_AXES, "pool_index"):
        if column not in measures:
            raise AlgridError(f"the measures have no column {column!r}. Their columns: {', '.join(measures.columns)}.")
    return [str(c) for c in measures.columns if c not in (*POOL_AXES, "pool_index")]


def _budget(source: RunsByDataset, budget: int | None) -> int:
    if budget is None:
        reach = np.asarray(source.overall.column("reach"), dtype=np.int64)
        return int(np.min(reach[reach > 0], initial=np.iinfo(np.int32).max)) if (reach > 0).any() else 1
    if budget < 1:
        raise AlgridError(f"budget is a number of labels bought, 1 or more, not {budget!r}.")
    return budget


def _of_dataset(
    table: pa.Table,
    pools: dict[Any, pd.DataFrame],
    names: list[str],
    compared: tuple[str, list[Any]],
    budget: int,
) -> tuple[Floats, Ints]:
    """(n_replicates, 5, n_levels, 3, n_measures) sums over the runs of a dataset, the last of the five of weights."""
    by, levels = compared
    axes = axes_of(table)
    place = {level: i for i, level in enumerate(levels)}
    level = np.array([place[value] for value in axes[by].astype(object).where(axes[by].notna(), None)], dtype=np.int64)
    replicate = codes_of(axes, ("split", "start_set", "seed"))
    out = np.zeros((int(replicate.max(initial=-1)) + 1, len(STATISTICS) + 1, len(levels), 3, len(names)))
    counted = np.zeros(len(levels), dtype=np.int64)
    queried, starts = ragged(table, "queried"), ragged(table, "start_indices")
    n_pool = np.asarray(table.column("n_pool"), dtype=np.int64)
    lengths = np.diff(queried[1])
    counts = (lengths >= budget) & (n_pool - np.diff(starts[1]) > budget)
    for key, chosen in _groups(axes, counts):
        if key not in pools:
            continue
        values = _values(pools[key], names, int(n_pool[chosen[0]]))
        for start, same in _by_start(starts, chosen):
            candidates = np.setdiff1d(np.arange(len(values)), start)
            stand = np.full((len(values), len(names), len(STATISTICS)), np.nan)
            stand[candidates] = placed(values[candidates])
            rows = queried[0][ragged_arange(queried[1][:-1][same], np.full(len(same), budget))]
            for own, members in _by_code(replicate[same]):
                picked = rows.reshape(len(same), budget)[members]
                out[own] += _sums(stand, picked, level[same][members], len(levels))
            counted += np.bincount(level[same], minlength=len(levels))
    return out, counted


def _sums(stand: Floats, picked: Ints, level: Ints, n_levels: int) -> Floats:
    """(5, n_levels, 3, n_measures) of the runs of one replicate and start set: each run counts once."""
    n_pool, n_measures, _ = stand.shape
    budget = picked.shape[1]
    half = budget // 2
    known = ~np.isnan(stand)
    filled = np.where(known, stand, 0.0).reshape(n_pool, -1)
    out = np.zeros((len(STATISTICS) + 1, n_levels, 3, n_measures))
    for phase, part in enumerate((slice(None), slice(0, half), slice(half, None))):
        rows = picked[:, part]
        weight = 1.0 / max(rows.shape[1], 1)
        cell = (level[:, None] * n_pool + rows).ravel()
        times = np.bincount(cell, minlength=n_levels * n_pool).reshape(n_levels, n_pool) * weight
        sums = (times @ filled).reshape(n_levels, n_measures, len(STATISTICS))
        out[:-1, :, phase] = np.moveaxis(sums, 2, 0)
        out[-1, :, phase] = times @ known[:, :, 0]
    return out


def _groups(axes: pd.DataFrame, counts: NDArray[np.bool_]) -> Iterator[tuple[Any, Ints]]:
    """Of each pool its key and the positions of its runs that count."""
    where = np.flatnonzero(counts)
    keys = axes.iloc[where].groupby(list(POOL_AXES), observed=True, sort=True).indices
    for key, own in keys.items():
        yield key, where[own]


def _by_start(starts: tuple[Ints, Ints], chosen: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Of each start set its pool indices and the runs that have it."""
    groups: dict[bytes, list[int]] = {}
    for run in chosen.tolist():
        groups.setdefault(starts[0][starts[1][run] : starts[1][run + 1]].tobytes(), []).append(run)
    for key, runs in groups.items():
        yield np.frombuffer(key, dtype=np.int64), np.array(runs, dtype=np.int64)


def _by_code(codes: Ints) -> Iterator[tuple[int, Ints]]:
    order = np.argsort(codes, kind="stable")
    borders = runs_of(codes[order])
    for low, high in pairwise(borders.tolist()):
        yield int(codes[order[low]]), order[low:high]


def _values(own: pd.DataFrame, names: list[str], n_pool: int) -> Floats:
    """(n_pool, n_measures) by pool index."""
    index = own["pool_index"].to_numpy(np.int64)
    if len(index) and index.max() >= n_pool:
        raise AlgridError(
            f"the measures of {own['dataset'].iloc[0]!r} have the pool index {index.max()}, but its pool has {n_pool} "
            "rows: they are of other data."
        )
    values = np.full((n_pool, len(names)), np.nan)
    values[index] = own[names].to_numpy(np.float64)
    return values


def _dataset_means(sums: Floats) -> Floats:
    """(n, 5, ...) means of a dataset and whether there are any."""
    means = quotient(sums[:, :-1], sums[:, -1:])
    return np.concatenate([np.nan_to_num(means), sums[:, -1:] > 0], axis=1)


def _with_change(sums: Floats) -> Floats:
    """(n, 5, n_levels, 4, n_measures) means over datasets, the change as the fourth phase; the last of five counts."""
    means = quotient(sums[:, :-1], sums[:, -1:])
    both = np.concatenate([means, sums[:, -1:]], axis=1)
    late, early = both[:, :, :, 2:3], both[:, :, :, 1:2]
    last = np.concatenate([late[:, :-1] - early[:, :-1], np.minimum(late[:, -1:], early[:, -1:])], axis=1)
    return np.concatenate([both, last], axis=3)


def _p_values(sums: Floats) -> list[float]:
    """Of each level, measure and phase, in the order of the table, from (n_datasets, 5, ...) sums of each dataset."""
    found = []
    of_each = _with_change(_dataset_means(sums))[:, STATISTICS.index("difference")]
    for level, measure, phase in np.ndindex(of_each.shape[1], of_each.shape[3], of_each.shape[2]):
        own = of_each[:, level, phase, measure]
        known = own[~np.isnan(own)]
        found.append(signed_ranks(known)[0] if len(known) >= MIN_DATASETS else np.nan)
    return found


def _table(levels: list[Any], names: list[str], found: tuple[Floats, Floats, Floats], by: str) -> pd.DataFrame:
    n_phases = len(PHASES)
    table = pd.DataFrame(
        {
            by: [level for level in levels for _ in range(n_phases * len(names))],
            "measure": [name for _ in levels for name in names for _ in range(n_phases)],
            "phase": list(PHASES) * (len(levels) * len(names)),
        }
    )
    for i, name in enumerate(STATISTICS):
        for end, values in zip(("", "_low", "_high"), found, strict=True):
            table[f"{name}{end}"] = np.swapaxes(values[i], 1, 2).ravel()
    table["n_datasets"] = np.nan_to_num(np.swapaxes(found[0][-1], 1, 2)).ravel().astype(np.int64)
    return table
