"""Mean learning curves: from the curves of runs to one curve a level and dataset, with its interval.

Within a dataset, curves are interpolated linearly onto one set of label counts, never beyond their points, and
averaged over the settings in which every level has a curve, as a leaderboard of complete cases does. Intervals are
percentile intervals, point by point, of a bootstrap over the replicates (split, start set and seed) of the dataset.
All levels see the same draws, and a dataset's numbers depend on no other dataset.

Datasets are looked at one after another, so that the curves of one of them are all that memory has to hold.

A run has a curve if it goes all the way: to the budget, or, where the dataset's runs end before it because the pool is
used up, to where the longest of them ends. A level that has none in a dataset is left out there, and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import offsets_of, segment_sum
from algrid.curves_by_dataset import CurvesByDataset, curves_by_dataset
from algrid.errors import AlgridError
from algrid.pairing import PART_OF
from algrid.schema import AXES, CELL_AXES, REPLICATE_AXES
from algrid.seeds import generator
from algrid.ticks import ticking

__all__ = ["MIN_REPLICATES", "DatasetCurves", "MeanCurves", "mean_curves"]

#: Below it, replicates are too few to be resampled.
MIN_REPLICATES = 3
#: Label counts that a curve is drawn at.
_MAX_POINTS = 101

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DatasetCurves:
    """What the mean curves of one dataset are made of.

    Parameters
    ----------
    dataset : str
    levels : tuple
        Those that have a curve, sorted.
    absent : tuple
        Those that occur in other datasets or here, and have none.
    lacking : dict
        Of each level: in how many settings it has no curve, though another one has.
    end : int
        Labels bought at the last point.
    longest : int
        Labels bought by the run that goes furthest.
    n_settings, n_settings_all : int
        Settings that are averaged over, and settings in which any level has a curve.
    n_replicates, n_runs : int
        Replicates and runs among the former.
    no_skyline : bool
        Whether a skyline was asked for, and that of a setting is missing.
    """

    dataset: str
    levels: tuple[Any, ...]
    absent: tuple[Any, ...]
    lacking: dict[Any, int]
    end: int
    longest: int
    n_settings: int
    n_settings_all: int
    n_replicates: int
    n_runs: int
    no_skyline: bool


@dataclass(frozen=True, eq=False)
class MeanCurves:
    """Mean curves of all datasets.

    Parameters
    ----------
    numbers : DataFrame
        One row a dataset, level and label count, in that order: ``dataset``, the level (a column named as the
        hyperparameter), ``n_bought``, ``mean``, ``low`` and ``high`` (NaN without an interval), ``skyline`` (mean over
        the same settings; NaN without one), ``n_settings`` and ``n_replicates``.
    datasets : tuple of DatasetCurves
        Sorted by name; also those without a curve.
    by : str
        The hyperparameter.
    axes : tuple of str
        What is averaged over, beside replicates: the other hyperparameters that have more than one level.
    resamples : int
    """

    numbers: pd.DataFrame
    datasets: tuple[DatasetCurves, ...]
    by: str
    axes: tuple[str, ...]
    resamples: int


def mean_curves(
    curves: pd.DataFrame | CurvesByDataset,
    by: str = "strategy",
    *,
    skylines: pd.DataFrame | None = None,
    budget: int | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> MeanCurves:
    """Average learning curves over settings, dataset by dataset.

    Parameters
    ----------
    curves : DataFrame or CurvesByDataset
        As `algrid.curves.curves` makes it; the order of the rows does not matter.
    by : str
        The hyperparameter whose levels are compared: an axis other than the dataset and replicates, or
        ``strategy_family``, ``strategy_implementation`` or ``learner_name``.
    skylines : DataFrame, optional
        The axes of a cell, and ``value``.
    budget : int, optional
        Labels bought up to which runs are compared; by default what every batch size reaches in the dataset.
    resamples : int
        Bootstrap resamples; 0 for no intervals.
    seed : int
        Of the resampling.

    Raises
    ------
    AlgridError
        If a column is missing, `by` can't be compared, or budget or resamples are negative.
    """
    source = curves_by_dataset(curves)
    _check(list(source.runs.columns), by, budget, resamples)
    axes = source.runs
    rest = [c for c in AXES if c in axes and c not in (by, PART_OF.get(by), "dataset", *REPLICATE_AXES)]
    groups = _Groups(by, rest, [c for c in REPLICATE_AXES if c in axes], _sorted(axes[by]))
    tables, facts = [], []
    names = source.datasets
    for dataset in ticking(names, len(names), "averaging curves"):
        runs, points = _by_run(source.read(dataset))
        reachable = None if skylines is None else _skyline_of(runs, skylines)
        table, fact = _averaged(_Dataset(str(dataset), runs, points, reachable, groups), budget, resamples, seed)
        tables.append(table)
        facts.append(fact)
    numbers = pd.concat(tables, ignore_index=True) if tables else _table(by, {})
    several = tuple(c for c in rest if axes[c].nunique() > 1)
    return MeanCurves(numbers, tuple(facts), by, several, resamples)


@dataclass(frozen=True)
class _Groups:
    """How runs belong together: by level, by the other hyperparameters, by replicate."""

    by: str
    rest: list[str]
    replicate: list[str]
    levels: list[Any]


@dataclass(frozen=True)
class _Dataset:
    """One dataset: its runs (a row each), their points (labels bought, values), and what each could reach."""

    name: str
    runs: pd.DataFrame
    points: list[tuple[Floats, Floats]]
    skylines: Floats | None
    groups: _Groups


def _averaged(job: _Dataset, budget: int | None, resamples: int, seed: int) -> tuple[pd.DataFrame, DatasetCurves]:
    reach = np.array([bought[-1] for bought, _ in job.points])
    end = _end(reach, job.runs, budget)
    grid = _label_counts([points for points, far in zip(job.points, reach, strict=True) if far >= end], end)
    values = np.array([np.interp(grid, *points) for points in job.points])
    complete = (reach >= end) & ~np.isnan(values).any(axis=1)
    levels = [level for level in job.groups.levels if (job.runs[job.groups.by][complete] == level).any()]
    runs, values = job.runs[complete], values[complete]
    column = np.array([levels.index(level) for level in runs[job.groups.by]], dtype=np.int64)
    setting, replicate = _codes(runs, job.groups)
    cube, present = _cube(values, setting, column, (len(replicate), len(levels)))
    whole = np.logical_and.reduce(present, axis=1)
    cube, replicate = cube[whole], replicate[whole]
    n_replicates = len(np.unique(replicate))
    bands = np.full((2, *cube.shape[1:]), np.nan)
    if resamples and n_replicates >= MIN_REPLICATES:
        bands = _interval(cube, replicate, resamples, generator(seed, "learning_curves", dataset=job.name))
    skyline = np.full(len(levels), np.nan)
    if job.skylines is not None and len(cube):
        reached, _ = _cube(job.skylines[complete, None], setting, column, present.shape)
        skyline = reached[whole, :, 0].mean(axis=0)
    fact = DatasetCurves(
        dataset=job.name,
        levels=tuple(levels),
        absent=tuple(level for level in job.groups.levels if level not in levels),
        lacking={level: int(n) for level, n in zip(levels, (~present).sum(axis=0), strict=True) if n},
        end=int(end),
        longest=int(reach.max()),
        n_settings=int(whole.sum()),
        n_settings_all=len(whole),
        n_replicates=n_replicates,
        n_runs=int(whole[setting].sum()),
        no_skyline=job.skylines is not None and bool(np.isnan(skyline).any()),
    )
    return _numbers(job.groups.by, fact, grid, cube, bands=bands, skyline=skyline), fact


def _numbers(
    by: str, fact: DatasetCurves, grid: Floats, cube: Floats, *, bands: Floats, skyline: Floats
) -> pd.DataFrame:
    """The rows of one dataset; none where no setting counts."""
    levels = fact.levels if len(cube) else ()
    n = len(levels) * len(grid)
    columns = {
        "dataset": [fact.dataset] * n,
        by: [level for level in levels for _ in grid],
        "n_bought": np.tile(grid.astype(np.int64), len(levels)),
        "mean": cube.mean(axis=0).ravel() if n else [],
        "low": bands[0].ravel()[:n],
        "high": bands[1].ravel()[:n],
        "skyline": np.repeat(skyline[: len(levels)], len(grid)),
        "n_settings": np.full(n, fact.n_settings),
        "n_replicates": np.full(n, fact.n_replicates),
    }
    return _table(by, columns)


def _end(reach: Floats, runs: pd.DataFrame, budget: int | None) -> float:
    """Labels bought at which curves end: `budget` or what there is; without one, what every batch size reaches."""
    if budget is not None:
        return min(float(budget), float(reach.max()))
    sizes = runs["batch_size"].to_numpy() if "batch_size" in runs else np.zeros(len(runs))
    return float(min(reach[sizes == size].max() for size in np.unique(sizes)))


def _label_counts(points: list[tuple[Floats, Floats]], end: float) -> Floats:
    """Where these runs have points, up to the end; thinned where they are many."""
    grid = np.unique(np.concatenate([np.array([0.0, end]), *(bought for bought, _ in points)]))
    grid = grid[grid <= end]
    if len(grid) > _MAX_POINTS:
        grid = grid[np.rint(np.linspace(0, len(grid) - 1, _MAX_POINTS)).astype(np.int64)]
    return grid


def _cube(values: Floats, setting: Ints, level: Ints, shape: tuple[int, ...]) -> tuple[Floats, NDArray[np.bool_]]:
    """(n_settings, n_levels, n_points) means of the runs of each setting and level, and whether there are any."""
    n_settings, n_levels = shape
    total = np.zeros((n_settings, n_levels, values.shape[1]))
    count = np.zeros((n_settings, n_levels), dtype=np.int64)
    np.add.at(total, (setting, level), values)
    np.add.at(count, (setting, level), 1)
    return total / np.maximum(count, 1)[:, :, None], count > 0


def _interval(cube: Floats, replicate: Ints, resamples: int, rng: np.random.Generator) -> Floats:
    """(2, n_levels, n_points) lower and upper ends of the 95 % percentile intervals; `replicate` is ascending."""
    sizes = np.unique(replicate, return_counts=True)[1]
    sums = segment_sum(cube, offsets_of(sizes)).reshape(len(sizes), -1)
    weights = rng.multinomial(len(sizes), np.full(len(sizes), 1.0 / len(sizes)), size=resamples).astype(np.float64)
    draws = (weights @ sums) / (weights @ sizes)[:, None]
    ends: Floats = np.quantile(draws, (0.025, 0.975), axis=0).reshape(2, *cube.shape[1:])
    return ends


def _by_run(curves: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[Floats, Floats]]]:
    """One row a run (in the order of their axes, whatever that of the rows was), and the points of each."""
    axes = [c for c in (*AXES, *PART_OF) if c in curves]
    run = pd.factorize(curves["run_id"])[0]
    order = np.lexsort((curves["n_bought"].to_numpy(), run))
    offsets = offsets_of(np.bincount(run))
    heads = curves[["run_id", *axes]].iloc[order[offsets[:-1]]].reset_index(drop=True)
    for column in heads.columns[heads.dtypes == "category"]:
        heads[column] = heads[column].astype(object)
    bought = curves["n_bought"].to_numpy(np.float64)[order]
    value = curves["value"].to_numpy(np.float64)[order]
    heads = heads.sort_values([*axes, "run_id"], kind="stable")
    points = [(bought[a:b], value[a:b]) for a, b in zip(offsets[heads.index], offsets[heads.index + 1], strict=True)]
    return heads.reset_index(drop=True), points


def _codes(runs: pd.DataFrame, groups: _Groups) -> tuple[Ints, Ints]:
    """(n_runs,) code of each run's setting, and (n_settings,) code of each setting's replicate, ascending."""
    keys = [*groups.replicate, *groups.rest]
    if not keys or runs.empty:
        return np.zeros(len(runs), np.int64), np.zeros(min(len(runs), 1), np.int64)
    setting = _group(runs, keys)
    replicate = _group(runs, groups.replicate) if groups.replicate else np.zeros(len(runs), np.int64)
    return setting, replicate[np.unique(setting, return_index=True)[1]]


def _group(runs: pd.DataFrame, keys: list[str]) -> Ints:
    return np.asarray(runs.groupby(keys, sort=True, dropna=False).ngroup(), dtype=np.int64)


def _skyline_of(runs: pd.DataFrame, skylines: pd.DataFrame) -> Floats:
    """(n_runs,) value of each run's skyline; NaN where it has none."""
    keys = [c for c in CELL_AXES if c in runs and c in skylines]
    known = skylines[[*keys, "value"]].astype(dict.fromkeys(keys, object))
    means = known.groupby(keys, as_index=False)["value"].mean()
    values = runs[keys].astype(object).merge(means, on=keys, how="left", validate="many_to_one")["value"]
    return values.to_numpy(np.float64)


def _table(by: str, columns: dict[str, Any]) -> pd.DataFrame:
    names = ("dataset", by, "n_bought", "mean", "low", "high", "skyline", "n_settings", "n_replicates")
    return pd.DataFrame({name: columns.get(name, []) for name in names}).infer_objects()


def _sorted(column: pd.Series[Any]) -> list[Any]:
    return sorted(column.unique().tolist())


def _check(columns: list[str], by: str, budget: int | None, resamples: int) -> None:
    if by not in columns:
        raise AlgridError(f"the curves have no column {by!r}. Their axes: {', '.join(columns)}.")
    allowed = _comparable(columns)
    if by not in allowed:
        raise AlgridError(
            f"curves of the levels of {by!r} can't be compared (datasets and replicates are what is averaged over). "
            f"Take one of: {', '.join(allowed)}."
        )
    if budget is not None and budget < 1:
        raise AlgridError(f"a budget is a number of labels, 1 or more, not {budget!r}.")
    if resamples < 0:
        raise AlgridError(f"resamples is a number of draws, 0 or more, not {resamples}.")


def _comparable(columns: list[str]) -> list[str]:
    return [c for c in (*AXES, *PART_OF) if c in columns and c not in ("dataset", *REPLICATE_AXES)]
