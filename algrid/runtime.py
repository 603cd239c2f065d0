"""Runtime: what queries and fits cost, and what a score costs in seconds and labels.

A fit that several runs shared is charged in full to each of them, as it would have been alone. Seconds are of the
machine that ran them: those of different provenances are not comparable without saying so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import offsets_of, segment_sum
from algrid.errors import AlgridError
from algrid.influence._datasets import estimated
from algrid.influence._resampling import quotient
from algrid.missing import direction
from algrid.pairing import check_comparable, codes
from algrid.points import lengths_of
from algrid.schema import AXES, REPLICATE_AXES

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RUNTIME_COLUMNS", "pareto_front", "run_seconds", "runtime", "trade_off"]

_PHASES = ("query", "fit", "predict")
_CLOCKS = ("seconds", "cpu_seconds")

#: The stored columns that `run_seconds` reads.
RUNTIME_COLUMNS = (
    "run_id",
    *AXES,
    "strategy_family",
    "strategy_implementation",
    "learner_name",
    "n_pool",
    "provenance",
    "reach",
    "n_labeled",
    *(f"{phase}_{clock}" for phase in _PHASES for clock in _CLOCKS),
    "fit_shared",
)

Floats = NDArray[np.float64]


def run_seconds(runs: pa.Table) -> pd.DataFrame:
    """Seconds of each run, one row a run.

    Parameters
    ----------
    runs : pyarrow.Table
        The columns `RUNTIME_COLUMNS` of stored runs.

    Returns
    -------
    DataFrame
        ``run_id``, the axes and their parts, ``n_pool``, ``provenance``; ``labels`` (bought), ``n_queries``,
        ``n_fits``; ``query_seconds``, ``fit_seconds``, ``predict_seconds`` and the same as ``_cpu_seconds`` (sums over
        the run); ``seconds`` and ``cpu_seconds`` (of queries and fits together); ``fits_shared`` (share of the fits
        that served another run too; they are charged in full).
    """
    lists = {"n_labeled", "reach", "fit_shared", *(f"{p}_{c}" for p in _PHASES for c in _CLOCKS)}
    table = runs.select([name for name in RUNTIME_COLUMNS if name in runs.column_names and name not in lists])
    frame: pd.DataFrame = table.to_pandas()
    n_points = lengths_of(runs.column("n_labeled").combine_chunks())
    offsets = offsets_of(n_points)
    frame["labels"] = np.maximum(np.asarray(runs.column("reach"), dtype=np.int64), 0)
    frame["n_queries"], frame["n_fits"] = np.maximum(n_points - 1, 0), n_points
    for phase in _PHASES:
        for clock in _CLOCKS:
            name = f"{phase}_{clock}"
            frame[name] = segment_sum(_flat(runs, name), offsets)
    for clock in _CLOCKS:
        frame[clock] = frame[f"query_{clock}"] + frame[f"fit_{clock}"]
    frame["fits_shared"] = quotient(segment_sum(_flat(runs, "fit_shared"), offsets), n_points.astype(np.float64))
    return frame


def runtime(
    seconds: pd.DataFrame,
    by: Sequence[str] = ("strategy", "learner", "n_pool"),
    *,
    clock: str = "seconds",
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Seconds of a query and of a fit, by strategy, learner and pool size.

    Parameters
    ----------
    seconds : DataFrame
        As `run_seconds` makes it.
    by : sequence of str
        What is told apart.
    clock : {"seconds", "cpu_seconds"}
        Wall or CPU time.
    resamples, seed : int
        Of the bootstrap over datasets and their replicates; groups with fewer than six datasets have no interval.

    Returns
    -------
    DataFrame
        One row a group: `by`; ``query`` and ``fit`` (seconds of one, averaged over the queries and fits of a dataset,
        then over datasets) and ``run`` (of a run's queries and fits together), each with ``_low`` and ``_high``;
        ``fits_shared``, ``n_runs``, ``n_datasets``. ``attrs`` have the ``clock``, the number of ``provenances`` and a
        ``note``.

    Raises
    ------
    AlgridError
        For an unknown column or clock.
    """
    if clock not in _CLOCKS:
        raise AlgridError(f"a clock is one of {', '.join(_CLOCKS)}, not {clock!r}.")
    for name in by:
        if name not in seconds:
            raise AlgridError(f"runs have no column {name!r} to be told apart by.")
    names = [f"query_{clock}", "n_queries", f"fit_{clock}", "n_fits", clock]
    values = np.column_stack([seconds[names].to_numpy(np.float64), np.ones(len(seconds))])
    group, first = codes(seconds, list(by))
    replicate, _ = codes(seconds, ["dataset", *(c for c in REPLICATE_AXES if c in seconds)])
    dataset, _ = codes(seconds, ["dataset"])
    rows, notes = [], set()
    for g in range(len(first)):
        own = np.flatnonzero(group == g)
        own = own[np.argsort(replicate[own], kind="stable")]
        starts = offsets_of(np.unique(replicate[own], return_counts=True)[1])
        datasets = offsets_of(np.unique(dataset[own][starts[:-1]], return_counts=True)[1])
        point, low, high, note = estimated(
            segment_sum(values[own], starts), datasets, _rates, _mean_rates, resamples=resamples, seed=seed
        )
        notes.add(note)
        row: dict[str, Any] = {name: seconds[name].iloc[first[g]] for name in by}
        for i, name in enumerate(("query", "fit", "run")):
            row[name], row[f"{name}_low"], row[f"{name}_high"] = point[i], low[i], high[i]
        shared = seconds["fits_shared"].to_numpy(np.float64)[own]
        row.update(fits_shared=float(np.nanmean(shared)) if (~np.isnan(shared)).any() else np.nan)
        rows.append({**row, "n_runs": len(own), "n_datasets": len(datasets) - 1})
    table = pd.DataFrame(rows)
    provenances = int(seconds["provenance"].nunique()) if "provenance" in seconds else 1
    if provenances > 1:
        notes.add(f"Seconds of {provenances} provenances (machines or versions) are mixed.")
    table.attrs.update(clock=clock, provenances=provenances, resamples=resamples, seed=seed)
    table.attrs["note"] = " ".join(sorted(filter(None, notes)))
    return table


def trade_off(
    scores: pd.DataFrame, seconds: pd.DataFrame, by: str = "strategy", *, higher_is_better: bool | None = None
) -> pd.DataFrame:
    """Which levels nobody beats in score, seconds and labels at once.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it, of one budget.
    seconds : DataFrame
        As `run_seconds` makes it, of the same runs.
    by : str
        The hyperparameter whose levels are compared, by means over datasets of means within each.
    higher_is_better : bool, optional
        By default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row a level, best score first: the level; ``value``, ``seconds`` (queries and fits of a whole run) and
        ``labels`` (bought); ``on_front`` (no other level is at least as good in all three and better in one), and
        ``n_runs``.

    Raises
    ------
    AlgridError
        If a run has several scores, or `by` can't be compared.
    """
    check_comparable(scores, by)
    better = direction(scores, higher_is_better)
    if scores["run_id"].duplicated().any():
        raise AlgridError("there are several scores of a run: pass those of one budget.")
    joined = scores.merge(seconds[["run_id", "seconds", "labels"]], on="run_id", validate="one_to_one")
    joined = joined[joined["value"].notna()]
    columns = ["value", "seconds", "labels"]
    within = joined.groupby([by, "dataset"], observed=True)[columns].mean()
    table = within.groupby(by, observed=True).mean()
    table["n_runs"] = joined.groupby(by, observed=True).size()
    table = table.reset_index()
    table.insert(4, "on_front", pareto_front(table, {"value": better, "seconds": False, "labels": False}))
    table = table.sort_values(["value", by], ascending=[not better, True], kind="stable", ignore_index=True)
    table.attrs.update(scores.attrs)
    table.attrs.update(by=by, higher_is_better=better)
    return table


def pareto_front(table: pd.DataFrame, higher_is_better: Mapping[str, bool]) -> NDArray[np.bool_]:
    """(n_rows,) whether no other row is at least as good in all of these columns and better in one.

    Rows that are equal in all of them are on the front together; a row with a missing value is not on it.
    """
    signs = [1.0 if better else -1.0 for better in higher_is_better.values()]
    goods = table[list(higher_is_better)].to_numpy(np.float64) * signs
    at_least = np.logical_and.reduce(goods[:, None, :] >= goods[None, :, :], axis=2)
    more = np.logical_or.reduce(goods[:, None, :] > goods[None, :, :], axis=2)
    beaten = np.logical_or.reduce(at_least & more, axis=0)
    return np.asarray(~beaten & ~np.isnan(goods).any(axis=1))


def _rates(sums: Floats) -> Floats:
    """(n, 2, 3) of (n, 6) sums: seconds of a query, of a fit and of a run, and whether there are any."""
    rates = quotient(sums[:, 0::2], sums[:, 1::2])
    return np.stack([np.nan_to_num(rates), ~np.isnan(rates)], axis=1)


def _mean_rates(sums: Floats) -> Floats:
    return quotient(sums[:, 0], sums[:, 1])


def _flat(runs: pa.Table, name: str) -> Floats:
    flat = runs.column(name).combine_chunks().flatten()
    return np.asarray(flat.to_numpy(zero_copy_only=False), dtype=np.float64)
