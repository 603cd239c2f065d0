"""Rows for the tests of the store, and what they should be when they come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algrid.identity import to_hex
from algrid.schema import RUNS
from algrid.store import Policy, Store

#: Nothing is merged unless it is asked for.
KEEP = Policy(small_shards=1000, small_at_close=1000, superseded_share=1.0)

FULL_ROW: dict[str, Any] = {
    "cell_id": "0" * 16,
    "dataset": "iris",
    "dataset_hash": "ab" * 16,
    "split_kind": "stratified(0.4)",
    "split": 1,
    "start_kind": "one_per_class",
    "start_set": 2,
    "preprocessing": "standard",
    "learner": "random_forest",
    "learner_name": "random_forest",
    "learner_parameters": "{}",
    "oracle": "perfect",
    "seed": 0,
    "root_seed": 2**40,
    "n_pool": 90,
    "n_test": 60,
    "n_features": 4,
    "n_classes": 3,
    "strategy": "margin",
    "strategy_family": "margin",
    "strategy_implementation": "own",
    "strategy_parameters": "{}",
    "query_learner": "same",
    "batch_size": 5,
    "stop_reason": "error",
    "error": "ValueError: no",
    "traceback": "Traceback …\n",
    "reach": 10,
    "limit_seconds": 300.0,
    "limit_run_seconds": 3600.0,
    "limit_memory": 2**31,
    "attempts": '[{"stop_reason": "crashed"}]',
    "start_indices": [3, 7],
    "queried": [5, 1, 2],
    "n_labeled": [3, 8, 13],
    "confusion_test": list(range(27)),
    "confusion_test_at": [2**33, 5],
    "confusion_pool": [],
    "confusion_pool_at": None,
    "probability_metrics": [("log_loss", [0.5, 0.25]), ("brier", [])],
    "query_seconds": [0.0, 0.5],
    "query_cpu_seconds": [0.0, 0.25],
    "fit_seconds": [1.5],
    "fit_cpu_seconds": [1.0, None],
    "predict_seconds": [0.125],
    "predict_cpu_seconds": [],
    "fit_shared": [True, False, None],
    "peak_memory": 2**32 + 4096,
    "provenance": None,
}


def runs(ids: Any, **values: Any) -> Any:
    """Rows of `runs` with these numbers as ids; all other columns null but for `values` (one for all, or callables)."""
    blank = dict.fromkeys(RUNS.names)
    listed = [
        {**blank, **{k: v(int(i)) if callable(v) else v for k, v in values.items()}, "run_id": key}
        for i, key in zip(ids, to_hex(np.asarray(ids, np.uint64)).tolist(), strict=True)
    ]
    return pa.Table.from_pylist(listed, schema=RUNS.schema)


def reaches(source: Any) -> dict[int, int]:
    """Id to reach of all stored runs; fails where an id is there twice."""
    table = source.table("runs", ["run_id", "reach"])
    found = {int(i, 16): r for i, r in zip(table["run_id"].to_pylist(), table["reach"].to_pylist(), strict=True)}
    assert len(found) == table.num_rows
    return found


def by_id(table: Any) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: row["run_id"])


def files(root: Path) -> set[str]:
    return {p.relative_to(root).as_posix() for p in root.glob("*/*.parquet")} | {p.name for p in root.glob(".tmp-*")}


def filled(store: Store, policy: Policy, shards: int = 7) -> dict[int, int]:
    """Several shards, with mixed datasets and some superseded rows; the reach that each id should have."""
    expected: dict[int, int] = {}
    rng = np.random.default_rng(0)
    with store.writer(policy=policy) as writer:
        key = writer.provenance({"n": 1})
        for step in range(shards):
            ids = rng.choice(200, 40, replace=False)
            rows = runs(
                ids,
                reach=step,
                dataset=lambda i: f"d{i % 3}",
                strategy=lambda i: None if i % 5 == 0 else f"s{i % 4}",
                batch_size=lambda i: i % 2,
                queried=lambda i: list(range(i % 7)),
                provenance=key,
            )
            expected |= dict.fromkeys(ids.tolist(), step)
            writer.append("runs", rows)
            writer.flush()
    return expected
