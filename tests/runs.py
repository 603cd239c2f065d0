"""Made-up tables of runs and skylines, in the stored layout, for tests of everything that reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from algrid.identity import digest64
from algrid.schema import AXES, CELL_AXES, RUNS, SKYLINES, Table

CELL = {
    "dataset": "iris",
    "dataset_hash": "0" * 32,
    "split_kind": "stratified(test_size=0.4)",
    "split": 0,
    "start_kind": "one_per_class",
    "start_set": 0,
    "preprocessing": "standard",
    "learner": "logistic_regression",
    "learner_name": "logistic_regression",
    "learner_parameters": "{}",
    "oracle": "perfect",
    "seed": 0,
    "root_seed": 42,
    "n_pool": 1000,
    "n_test": 10,
    "n_features": 4,
    "n_classes": 2,
    "provenance": "here",
    "probability_metrics": (),
}
VARIANT = {
    "strategy": "margin",
    "strategy_family": "margin",
    "strategy_implementation": "own",
    "strategy_parameters": "{}",
    "query_learner": "same",
    "batch_size": 5,
    "stop_reason": "budget",
}


def make_runs(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A table of `RUNS`. A row gives what matters to its test; the rest is made up.

    Besides stored columns a row may have `bought` (labels bought at each point, in place of `n_labeled`; the start set
    has `n_start` = 3 rows), `confusion` and `confusion_on_pool` ((points, k, k) counts), `accuracy` (shares of 10 test
    rows that are right at each point, in place of counts), `sparse` (store counts sparsely) and `probability`
    (a dict of curves).
    """
    return _table(RUNS, [_run(row) for row in rows])


def make_skylines(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A table of `SKYLINES`, in the same manner; a row without counts is a skyline that failed."""
    return _table(SKYLINES, [_skyline(row) for row in rows])


def counts_of(accuracy: Sequence[float], n_test: int = 10) -> np.ndarray[Any, Any]:
    """(points, 2, 2) confusion matrices with these accuracies."""
    right = np.rint(np.asarray(accuracy) * n_test).astype(int)
    counts = np.zeros((len(right), 2, 2), dtype=int)
    counts[:, 0, 0], counts[:, 1, 1] = right // 2, right - right // 2
    counts[:, 0, 1] = n_test - right
    return counts


def _run(given: Mapping[str, Any]) -> dict[str, Any]:
    row = {**CELL, **VARIANT, **given}
    _store_counts(row)
    n_points = len(row.get("bought", row.get("n_labeled", row["points"])))
    bought = row.get("bought", [row["batch_size"] * i for i in range(n_points)])
    row.setdefault("n_labeled", [row.get("n_start", 3) + int(b) for b in bought])
    row.setdefault("reach", row["n_labeled"][-1] - row["n_labeled"][0] if n_points else -1)
    row.setdefault("cell_id", _id(row, CELL_AXES))
    row.setdefault("run_id", _id(row, AXES))
    return row


def _skyline(given: Mapping[str, Any]) -> dict[str, Any]:
    row = {**CELL, **given}
    _store_counts(row)
    row.setdefault("cell_id", _id(row, CELL_AXES))
    return row


def _store_counts(row: dict[str, Any]) -> None:
    if "accuracy" in row:
        row["confusion"] = counts_of(row["accuracy"])
    row["points"] = range(len(row.get("confusion", ())))
    for name, part in (("confusion", "test"), ("confusion_on_pool", "pool")):
        if name in row:
            counts = np.asarray(row[name])
            row["n_classes"] = counts.shape[-1]
            flat = counts.reshape(-1)
            at = np.flatnonzero(flat)
            row[f"confusion_{part}"] = flat[at] if row.get("sparse") else flat
            row[f"confusion_{part}_at"] = at if row.get("sparse") else None
    row["probability_metrics"] = list(row.get("probability", {}).items())


def _id(row: Mapping[str, Any], axes: Sequence[str]) -> str:
    return f"{digest64([row[axis] for axis in axes]):016x}"


def _table(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    columns = {name: [_plain(row.get(name)) for row in rows] for name in table.names}
    return pa.Table.from_pydict(columns, schema=table.schema)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value
