"""Scores of stored runs as a table that is derived once: shard by shard, kept beside the shards, made again at need."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from algrid.aggregates import Aggregate
from algrid.curves import as_aggregate, configuration_columns, score_columns, scores
from algrid.identity import content_key
from algrid.metrics import Metric
from algrid.points import as_metric
from algrid.registry import Plugin, source_hash
from algrid.schema import RUNS
from algrid.store import Snapshot

__all__ = ["is_derivable", "score_frame", "score_table"]

_OUTCOME = ("value", "complete", "pool_empty")


def is_derivable(metric: str | Metric, aggregate: str | Aggregate, part: str = "test") -> bool:
    """Whether a run's score depends on the run alone, and on code that can be told from other code."""
    reduction = as_aggregate(aggregate)
    of_others = reduction.needs_skyline or reduction.needs_switch
    return not of_others and all(source_hash(plugin) for plugin in (as_metric(metric, part), reduction))


def score_frame(
    snapshot: Snapshot,
    metric: str | Metric,
    aggregate: str | Aggregate,
    budgets: int | Sequence[int | None] | None,
    together: Sequence[int | None] = (),
    **options: Any,
) -> pd.DataFrame:
    """What `algrid.curves.scores` gives for all stored runs, from the derived table.

    Parameters
    ----------
    snapshot : Snapshot
    metric, aggregate, budgets, **options
        As of `algrid.curves.scores`; `is_derivable` must hold.
    together : sequence of int or None
        Budgets whose scores are derived with these, because they will be asked for too: the grid's.
    """
    empty = snapshot.table(RUNS.name, score_columns(metric, options.get("part", "test")), pc.scalar(False))
    template = scores(empty, metric=metric, aggregate=aggregate, budgets=budgets, **options)
    asked: list[Any] = list(budgets) if isinstance(budgets, list | tuple) else [budgets]
    table = score_table(snapshot, metric, aggregate, list(dict.fromkeys([*together, *asked])), **options)
    budget = table["budget"]
    chosen = [table.filter(pc.is_null(budget) if one is None else pc.equal(budget, one)) for one in asked]
    frame: pd.DataFrame = pa.concat_tables(chosen).to_pandas()
    frame["budget"] = frame["budget"].astype("Int64")
    frame.attrs.update(template.attrs)
    return frame[list(template.columns)]


def score_table(
    snapshot: Snapshot,
    metric: str | Metric,
    aggregate: str | Aggregate,
    budgets: Sequence[int | None],
    *,
    include_start: bool | None = None,
    part: str = "test",
) -> pa.Table:
    """The same as an Arrow table, in the store's order.

    What was computed once of a shard is not computed again: only new shards are read. Memory is that of the result.

    Raises
    ------
    AlgridError
        As `algrid.curves.scores`.
    """
    measure, reduction = as_metric(metric, part), as_aggregate(aggregate)
    asked: dict[str, Any] = {"budgets": list(budgets), "include_start": include_start, "part": part}
    key = content_key([_known_by(measure), _known_by(reduction), asked, _code()])

    def of_rows(rows: pa.Table) -> pa.Table:
        scored = scores(rows, metric=measure, aggregate=reduction, **asked)
        head = pa.concat_tables([rows.select(configuration_columns(rows))] * len(budgets))
        head = head.append_column("budget", pa.array(scored["budget"], pa.int64()))
        for name in _OUTCOME:
            head = head.append_column(name, pa.array(scored[name].to_numpy()))
        return head

    return snapshot.derived(RUNS.name, f"scores-{key}", score_columns(measure, part), of_rows)


def _known_by(plugin: Plugin) -> list[Any]:
    return [f"{type(plugin).__module__}.{type(plugin).__qualname__}", plugin.identity(), source_hash(plugin)]


@cache
def _code() -> str:
    """Digest of the code that turns rows into scores, beside the plugins' own."""
    folder = Path(__file__).parent
    files = [*(folder / f"{name}.py" for name in ("arrays", "curves", "points")), *folder.glob("aggregates/*.py")]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
