"""Runs and skylines as stored rows: histories in, Arrow tables out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from algrid.cell import Cell, Variant
from algrid.history import History
from algrid.identity import mix, to_hex
from algrid.pool import Pool
from algrid.schema import Table

__all__ = ["pool_facts", "run_rows", "skyline_rows", "to_table"]


def pool_facts(pool: Pool) -> dict[str, Any]:
    """What a row says about the data of its cell."""
    return {
        "n_pool": pool.n_pool,
        "n_test": len(pool.y_test),
        "n_features": int(pool.X.shape[1]),
        "n_classes": pool.n_classes,
        "start_indices": pool.start,
    }


def run_rows(
    cell: Cell,
    variants: Sequence[Variant],
    histories: Sequence[History],
    facts: dict[str, Any],
    stamp: dict[str, Any],
) -> list[dict[str, Any]]:
    """Rows of the runs table.

    Parameters
    ----------
    cell, variants, histories
        The runs: one variant and one history each.
    facts : dict
        Of `pool_facts`; empty where the data could not be had.
    stamp : dict
        The limits in force and the provenance key.
    """
    digests = np.array([v.digest for v in variants], dtype=np.uint64)
    ids = to_hex(mix(np.array(cell.digest, np.uint64), digests)).tolist()
    n_start, n_classes = len(facts.get("start_indices", ())), facts.get("n_classes", 0)
    levels = cell.levels()
    return [
        {"run_id": i, **levels, **facts, **v.levels(), **stamp, **h.to_row(n_start, n_classes)}
        for i, v, h in zip(ids, variants, histories, strict=True)
    ]


def skyline_rows(cell: Cell, history: History, facts: dict[str, Any], stamp: dict[str, Any]) -> list[dict[str, Any]]:
    """The one row of the skylines table that a cell has."""
    outcome = history.to_row(0, facts.get("n_classes", 0))
    points = history.points
    kept = ("confusion_test", "confusion_test_at", "probability_metrics", "error")
    return [
        {
            **cell.levels(),
            **facts,
            **stamp,
            **{name: outcome[name] for name in kept},
            "fit_seconds": points[0].fit[0] if points else None,
            "fit_cpu_seconds": points[0].fit[1] if points else None,
        }
    ]


def to_table(rows: Sequence[dict[str, Any]], table: Table) -> Any:
    """An Arrow table of rows; what a row lacks is null, what the table does not know is left out."""
    columns = [pa.array([row.get(c.name) for row in rows], type=c.type) for c in table.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)
