"""Learning curves and scores: from stored runs to DataFrames.

**Scores at a budget.** A curve at budget B is its points with at most B labels bought; aggregates that compare
scores at equal labels end it with the point at B, interpolated linearly between its neighbours. So runs of
different batch sizes are compared over their common range of labels, 0 to B, wherever their points lie. A run
that neither reached B nor used up its pool has no score at B: NaN, never that of a shorter curve. Without a
budget (None) each run is scored over its own whole curve, which is fair only between runs of one batch size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from algrid.aggregates import AGGREGATES, Aggregate, Curves
from algrid.arrays import offsets_of
from algrid.errors import AlgridError
from algrid.metrics import Metric
from algrid.points import (
    as_metric,
    batch_values,
    batches,
    columns_for,
    lengths_of,
    n_bought,
    point_values,
    skyline_values,
)
from algrid.schema import AXES
from algrid.switches import Switches

__all__ = [
    "as_aggregate",
    "columns_for",
    "configuration_columns",
    "curves",
    "point_values",
    "score_columns",
    "scores",
    "skyline_values",
]

#: Columns that say more about an axis; carried along where they are stored.
_DETAILS = ("strategy_family", "strategy_implementation", "learner_name")


def curves(runs: pa.Table, metric: str | Metric, part: str = "test") -> pd.DataFrame:
    """Learning curves, one row a point.

    Parameters
    ----------
    runs : pyarrow.Table
        Rows of `algrid.schema.RUNS`.
    metric : str or Metric
    part : {"test", "pool"}
        Predictions on the test part, or on the whole pool (against clean labels).

    Returns
    -------
    DataFrame
        ``run_id``, the axes, ``cycle`` (0 = after the start set), ``n_labeled`` (start set included),
        ``n_bought`` (not included) and ``value``; ``attrs`` name the metric, its part and direction.

    Raises
    ------
    AlgridError
        As `point_values`.
    """
    measure = as_metric(metric, part)
    values, offsets = point_values(runs, measure, part)
    n_labeled = np.concatenate([np.empty(0, np.int32), *(_flat(batch, "n_labeled") for batch in batches(runs))])
    owner = np.repeat(np.arange(runs.num_rows), np.diff(offsets))
    frame = _configurations(runs).take(owner).reset_index(drop=True)
    frame["cycle"] = (np.arange(len(values)) - np.repeat(offsets[:-1], np.diff(offsets))).astype(np.int32)
    frame["n_labeled"] = n_labeled
    frame["n_bought"] = n_bought(n_labeled, offsets).astype(np.int32)
    frame["value"] = values
    frame.attrs.update(metric=measure.label, part=part, higher_is_better=measure.higher_is_better)
    return frame


def as_aggregate(aggregate: str | Aggregate) -> Aggregate:
    """The aggregate of this name."""
    return AGGREGATES.build(aggregate) if isinstance(aggregate, str) else aggregate


def configuration_columns(runs: pa.Table) -> list[str]:
    """Of the columns of a table of runs: the id, the axes, and what says more about them."""
    return [name for name in ("run_id", *AXES, *_DETAILS) if name in runs.column_names]


def score_columns(metric: str | Metric, part: str = "test") -> tuple[str, ...]:
    """The stored columns of runs that `scores` reads: all that has to be loaded."""
    return tuple(
        dict.fromkeys(("run_id", "cell_id", *AXES, *_DETAILS, "n_pool", "stop_reason", *columns_for(metric, part)))
    )


def scores(
    runs: pa.Table,
    skylines: pa.Table | None = None,
    *,
    metric: str | Metric,
    aggregate: str | Aggregate = "aubc",
    budgets: int | Sequence[int | None] | None = None,
    include_start: bool | None = None,
    part: str = "test",
    reference: pa.Table | None = None,
) -> pd.DataFrame:
    """One number a run and budget.

    Parameters
    ----------
    runs, skylines : pyarrow.Table
        Rows of `algrid.schema.RUNS` and `SKYLINES`; skylines only for aggregates that need them.
    metric : str or Metric
    aggregate : str or Aggregate
        See `algrid.aggregates`; an instance where it has parameters.
    budgets : int, None or list of them
        Labels bought; None is each run's whole curve. See the module for what a budget means.
    include_start : bool, optional
        Whether cycle 0 counts; None for the aggregate's default.
    part : {"test", "pool"}
    reference : pyarrow.Table, optional
        For `ramp_up` and `plateau`: runs among which those of ``random`` are, with the columns of
        `algrid.switches.switch_columns`; by default `runs`.

    Returns
    -------
    DataFrame
        ``run_id``, the axes, ``budget`` (missing for None), ``value``, ``complete`` (the run reached the budget or
        used up its pool before; without one: it ended as planned) and ``pool_empty`` (no candidate was left
        by then: final values of such runs tie by construction). ``value`` is NaN where the run is not complete.
        ``attrs`` say the metric, aggregate, part, include_start and higher_is_better.

    Raises
    ------
    AlgridError
        For an unknown metric, aggregate or part, a negative budget, a metric that was not recorded, or missing
        skylines.
    """
    measure = as_metric(metric, part)
    reduction = as_aggregate(aggregate)
    wanted = _budgets(budgets)
    start = reduction.include_start if include_start is None else include_start
    reached = _skylines_of(runs, skylines, measure, part) if reduction.needs_skyline else None
    switches = None
    if reduction.needs_switch:
        at = Switches(runs, runs if reference is None else reference)
        switches = np.array([at.at(budget, include_start=start) for budget in wanted], dtype=np.int64)
    asked = _Question(measure, part, reduction, wanted, start)
    pieces = []
    done = 0
    for batch in batches(runs):
        own = None if reached is None else reached[done : done + batch.num_rows]
        ends = None if switches is None else switches[:, done : done + batch.num_rows]
        done += batch.num_rows
        pieces.append(_answer(asked, batch, own, ends))
    frame = _long(_configurations(runs), wanted, pieces)
    better = measure.higher_is_better if reduction.higher_is_better is None else reduction.higher_is_better
    frame.attrs.update(
        metric=measure.label, aggregate=reduction.label, part=part, include_start=start, higher_is_better=better
    )
    return frame


@dataclass(frozen=True)
class _Question:
    """What `scores` is asked for, resolved."""

    metric: Metric
    part: str
    aggregate: Aggregate
    budgets: list[int | None]
    include_start: bool


def _answer(
    asked: _Question,
    batch: pa.RecordBatch,
    skylines: NDArray[np.float64] | None,
    switches: NDArray[np.int64] | None,
) -> NDArray[np.float64]:
    """(n_budgets, 3, n_runs): value, complete, pool_empty."""
    lengths = lengths_of(batch.column("n_labeled"))
    offsets = offsets_of(lengths)
    filled = lengths > 0
    last = offsets[1:][filled] - 1
    n_labeled = _flat(batch, "n_labeled")
    bought = n_bought(n_labeled, offsets).astype(np.float64)
    reach = np.full(len(lengths), -1.0)
    reach[filled] = bought[last]
    stop = batch.column("stop_reason").cast(pa.string())
    used_up = _equals(stop, "pool_empty")
    used_up[filled] |= n_labeled[last] >= np.asarray(batch.column("n_pool"))[filled]
    as_planned = _equals(stop, "budget") | used_up
    ragged = Curves(batch_values(batch, lengths, asked.metric, asked.part), bought, offsets)
    out = np.empty((len(asked.budgets), 3, len(lengths)))
    for i, budget in enumerate(asked.budgets):
        complete = filled & (as_planned if budget is None else used_up | (reach >= budget))
        value = asked.aggregate.of(
            ragged,
            budget=budget,
            include_start=asked.include_start,
            skylines=skylines,
            switch=None if switches is None else switches[i],
            higher_is_better=asked.metric.higher_is_better,
        )
        by_then = used_up if budget is None else used_up & (reach <= budget)
        out[i] = np.where(complete, value, np.nan), complete, by_then
    return out


def _long(head: pd.DataFrame, budgets: list[int | None], pieces: list[NDArray[np.float64]]) -> pd.DataFrame:
    """The configurations once a budget, with what was computed."""
    table = np.concatenate(pieces, axis=2) if pieces else np.empty((len(budgets), 3, 0))
    frames = []
    for budget, (value, complete, pool_empty) in zip(budgets, table, strict=True):
        frame = head.copy(deep=False)
        frame["budget"] = pd.array([budget] * len(head), dtype="Int64")
        frame["value"] = value
        frame["complete"] = complete.astype(bool)
        frame["pool_empty"] = pool_empty.astype(bool)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]


def _skylines_of(runs: pa.Table, skylines: pa.Table | None, metric: Metric, part: str) -> NDArray[np.float64] | None:
    """(n_runs,) value of each run's skyline, NaN where it has none; None without a table."""
    if skylines is None:
        return None
    if part != "test":
        raise AlgridError("skylines are stored for the test part only: aggregates that need one take part='test'.")
    values = np.append(skyline_values(skylines, metric), np.nan)
    place = pc.index_in(runs.column("cell_id"), value_set=skylines.column("cell_id").combine_chunks())
    found: NDArray[np.float64] = values[np.asarray(place.fill_null(len(values) - 1))]
    return found


def _configurations(runs: pa.Table) -> pd.DataFrame:
    """``run_id`` and the axes (labels as categoricals), one row a run."""
    frame: pd.DataFrame = runs.select(configuration_columns(runs)).unify_dictionaries().to_pandas()
    return frame


def _budgets(budgets: int | Sequence[int | None] | None) -> list[int | None]:
    given = list(budgets) if isinstance(budgets, list | tuple) else [budgets]
    wanted = [_budget(budget) for budget in given]
    if not wanted or len(set(wanted)) < len(wanted):
        raise AlgridError(f"budgets must be different and at least one, not {wanted!r}.")
    return wanted


def _budget(budget: Any) -> int | None:
    if budget is None:
        return None
    # Integral: numbers out of an array or a frame are welcome
    if isinstance(budget, bool) or not isinstance(budget, Integral) or int(budget) < 0:
        raise AlgridError(f"a budget is a number of labels, 0 or more, or None for whole curves, not {budget!r}.")
    return int(budget)


def _equals(column: pa.Array, value: str) -> NDArray[np.bool_]:
    return np.array(pc.equal(column, value).fill_null(False))


def _flat(batch: pa.RecordBatch, name: str) -> NDArray[Any]:
    return np.asarray(batch.column(name).flatten())
