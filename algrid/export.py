"""Stored results as one file for other programs: CSV or Parquet, written in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from algrid.aggregates import Aggregate
from algrid.curves import curves, score_columns
from algrid.errors import AlgridError, unknown_name
from algrid.metrics import Metric
from algrid.schema import RUNS
from algrid.score_table import is_derivable, score_table
from algrid.store import Snapshot

__all__ = ["TABLES", "export"]

#: What can be exported.
TABLES = ("runs", "curves", "scores")

#: Columns of runs that are one value each.
_SCALARS = [c.name for c in RUNS.columns if not pa.types.is_nested(c.type) and c.name != "traceback"]


def export(
    snapshot: Snapshot,
    table: str,
    path: str | Path,
    *,
    metric: str | Metric = "accuracy",
    aggregate: str | Aggregate = "aubc",
    budgets: Sequence[int | None] = (None,),
    part: str = "test",
    where: str | None = None,
) -> int:
    """Write runs, learning curves or scores to a file; the number of rows.

    Parameters
    ----------
    snapshot : Snapshot
    table : {"runs", "curves", "scores"}
        One row a run (its configuration and how it ended), a point of a run, or a run and budget.
    path : str or Path
        Ends in ``.csv`` or ``.parquet``.
    metric, aggregate, budgets, part
        As of `algrid.curves`, for those that have them.
    where : str, optional
        Which rows: an SQL condition on the columns of the file.

    Raises
    ------
    AlgridError
        For an unknown table, metric or aggregate, an aggregate that depends on other runs, another ending, a wrong
        condition, or a file that can't be written.
    """
    if table not in TABLES:
        raise AlgridError(unknown_name("table to export", table, TABLES))
    condition = "" if where is None else f" WHERE {where}"
    if table == "runs":
        return snapshot.export(f"SELECT {', '.join(_SCALARS)} FROM runs{condition}", path)
    if table == "scores":
        if not is_derivable(metric, aggregate, part):
            raise AlgridError(
                f"scores of {aggregate!s} depend on other runs than the one that is scored, and are not exported. "
                "Results.scores(...) gives them as a DataFrame."
            )
        rows: Any = score_table(snapshot, metric, aggregate, list(budgets), part=part)
    else:
        rows = _points(snapshot, metric, part)
    return snapshot.export(f"SELECT * FROM {table}{condition}", path, tables={table: rows})


def _points(snapshot: Snapshot, metric: str | Metric, part: str) -> Any:
    """A reader of the learning curves, some runs at a time."""
    columns = score_columns(metric, part)

    def points(rows: pa.Table) -> pa.Table:
        plain = pa.Table.from_pandas(curves(rows, metric, part), preserve_index=False)
        return plain.cast(pa.schema([pa.field(f.name, _plain(f.type)) for f in plain.schema]))

    def batches() -> Iterator[Any]:
        for batch in snapshot.batches(RUNS.name, columns):
            yield from points(pa.Table.from_batches([batch])).to_batches()

    empty = pa.schema([RUNS.schema.field(name) for name in columns]).empty_table()
    return pa.RecordBatchReader.from_batches(points(empty).schema, batches())


def _plain(kind: pa.DataType) -> pa.DataType:
    """Labels as text: which codes stand for them differs from batch to batch."""
    is_text = pa.types.is_dictionary(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
    return pa.string() if is_text else kind
