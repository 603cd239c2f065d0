"""Stores united: nothing lost, nothing double, and what contradicts itself is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_store import GRID, make_store

from algrid.errors import StoreError
from algrid.merging import merge_stores
from algrid.schema import RUNS, TIMING_COLUMNS, VERSION
from algrid.store import Store
from algrid.store.manifest import save_manifest


def rows_of(path: Path, table: str = "runs") -> list[dict[str, Any]]:
    kept = [c.name for c in RUNS.columns if c.name not in TIMING_COLUMNS] if table == "runs" else None
    rows = Store.open(path).snapshot().table(table, kept).to_pylist()
    return sorted(rows, key=lambda row: row["run_id" if table == "runs" else "cell_id"])


def changed(path: Path, **values: Any) -> dict[str, Any]:
    """Store the first run again with other values; the row as it was before."""
    store = Store.open(path)
    table = store.snapshot().table("runs")
    row = table.slice(0, 1).to_pylist()[0]
    with store.writer() as writer:
        writer.append("runs", pa.Table.from_pylist([{**row, **values}], schema=table.schema))
    return dict(row)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("whole") / "tiny")


def test_parts_of_several_machines_are_the_whole(whole: Path, tmp_path: Path) -> None:
    parts = [make_store(tmp_path / name, {**GRID, "datasets": [name]}) for name in ("iris", "wine")]
    both = make_store(tmp_path / "both", {**GRID, "strategies": ["margin"]})
    merged = merge_stores(tmp_path / "target", [*parts, both])
    assert [dict(m.counts) for m in merged] == [
        {"added": 12 + 3},
        {"added": 12 + 3},
        {"added": 0, "equal": 12 + 6},
    ]
    assert [len(m.notes) for m in merged] == [0, 1, 1]
    assert rows_of(tmp_path / "target") == rows_of(whole)
    assert [r["cell_id"] for r in rows_of(tmp_path / "target", "skylines")] == [
        r["cell_id"] for r in rows_of(whole, "skylines")
    ]
    assert Store.open(tmp_path / "target").grid == Store.open(parts[0]).grid
    before = Store.open(tmp_path / "target").snapshot().version
    again = merge_stores(tmp_path / "target", [whole])
    assert dict(again[0].counts) == {"added": 0, "equal": 24 + 6}
    assert Store.open(tmp_path / "target").snapshot().version == before


def test_the_run_that_went_further_stays(whole: Path, tmp_path: Path) -> None:
    short = make_store(tmp_path / "short", {**GRID, "budgets": [5]})
    (merged,) = merge_stores(short, [whole])
    assert dict(merged.counts) == {"added": 0, "replaced": 24, "equal": 6}
    assert rows_of(short) == rows_of(whole)
    again = make_store(tmp_path / "again", {**GRID, "budgets": [5]})
    (merged,) = merge_stores(short, [again])
    assert dict(merged.counts) == {"added": 0, "shorter": 24, "equal": 6}
    assert rows_of(short) == rows_of(whole)


def test_a_run_that_did_not_fail_stays(whole: Path, tmp_path: Path) -> None:
    failed = make_store(tmp_path / "failed")
    empty: dict[str, Any] = {"n_labeled": [], "queried": [], "confusion_test": [], "confusion_pool": [], "reach": -1}
    changed(failed, stop_reason="error", error="ValueError: no", **empty)
    (merged,) = merge_stores(tmp_path / "a", [failed])
    assert merged.counts["added"] == 30
    first, second = merge_stores(tmp_path / "a", [whole, failed])
    assert dict(first.counts) == {"added": 0, "equal": 29, "replaced": 1}
    assert dict(second.counts) == {"added": 0, "equal": 29, "shorter": 1}
    assert rows_of(tmp_path / "a") == rows_of(whole)


def test_conflicts_are_said_and_the_targets_rows_stay(whole: Path, tmp_path: Path) -> None:
    other = make_store(tmp_path / "other")
    row = changed(other, queried=[0, 1, 2])
    merge_stores(tmp_path / "a", [whole])
    (merged,) = merge_stores(tmp_path / "a", [other])
    assert dict(merged.counts) == {"added": 0, "equal": 29, "conflicting": 1}
    ((key, columns),) = [(c.key, c.columns) for c in merged.conflicts]
    assert (key, columns) == (row["run_id"], ("queried",))
    assert rows_of(tmp_path / "a") == rows_of(whole)
    # further, but from another beginning
    shorter = make_store(tmp_path / "shorter", {**GRID, "budgets": [4]})
    first = changed(shorter, n_labeled=[5, 7])
    (merged,) = merge_stores(shorter, [whole])
    assert merged.counts["conflicting"] == 1
    assert merged.conflicts[0].key == first["run_id"]


def test_what_differs_by_execution_alone_is_equal(whole: Path, tmp_path: Path) -> None:
    other = make_store(tmp_path / "other")
    changed(other, limit_seconds=7.0, fit_seconds=[9.0])
    (merged,) = merge_stores(other, [whole])
    assert dict(merged.counts) == {"added": 0, "equal": 30}


def test_an_older_schema_is_read_as_one_without_the_new_columns(whole: Path, tmp_path: Path) -> None:
    old = make_store(tmp_path / "old", {**GRID, "datasets": ["iris"]})
    manifest = Store.open(old).snapshot().manifest
    (shard,) = manifest.of("runs")
    pq.write_table(pq.read_table(old / shard.file).drop_columns(["attempts", "limit_run_seconds"]), old / shard.file)
    older = replace(shard, version=VERSION - 1, bytes=(old / shard.file).stat().st_size)
    save_manifest(old, replace(manifest, shards=(older, *manifest.of("skylines"))))
    first, second = merge_stores(tmp_path / "a", [old, whole])
    assert dict(first.counts) == {"added": 15}
    assert dict(second.counts) == {"added": 15, "equal": 15}
    assert rows_of(tmp_path / "a") == rows_of(whole)


def test_rows_bring_their_provenance(whole: Path, tmp_path: Path) -> None:
    other = make_store(tmp_path / "other", {**GRID, "seed": 5})
    with Store.open(other).writer() as writer:
        key = writer.provenance({"algrid": "0.0.9"})
    changed(other, provenance=key)
    merge_stores(tmp_path / "a", [whole, other])
    merged = Store.open(tmp_path / "a")
    assert merged.provenances[key] == {"algrid": "0.0.9"}
    assert merged.snapshot().table("runs", ["run_id"], f"provenance = '{key}'").num_rows == 1


def test_mistakes(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be merged into itself"):
        merge_stores(whole, [whole])
    with pytest.raises(StoreError, match="no result store"):
        merge_stores(tmp_path / "a", [whole, tmp_path / "nothing"])
    assert not (tmp_path / "a").exists()
