"""What is derived from shards: equal to what the shards say, made again where it is lost, damaged or out of date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from store.store_rows import KEEP, filled, runs

import algrid.store.progress as progress
from algrid.identity import mix, to_hex
from algrid.store import Store
from algrid.stored import Stored


def reaches_of(stored: Stored) -> dict[int, int]:
    """Id to reach; of a run that is there more than once the last one."""
    ids = mix(stored.cells[stored.cell], stored.variants[stored.variant])
    return dict(zip(ids.tolist(), stored.reach.tolist(), strict=True))


def index_files(store: Store) -> list[Path]:
    return sorted((store.path / "derived").glob("*/*"))


def test_progress_is_that_of_the_newest_rows_after_compaction_too(store: Store) -> None:
    expected = filled(store, KEEP)
    assert reaches_of(store.snapshot().stored()) == expected
    assert len(index_files(store)) == 7
    store.compact()
    assert reaches_of(store.snapshot().stored()) == expected
    assert len(index_files(store)) == 1, "what belongs to no shard is removed"


def test_all_that_resume_needs(store: Store) -> None:
    values: dict[str, Any] = {"cell_id": lambda i: to_hex(np.array([i % 2], np.uint64))[0]}
    values |= {"reach": lambda i: [5, 7, None][i], "stop_reason": lambda i: ["budget", "crashed", None][i]}
    values |= {"limit_seconds": lambda i: [1.5, None, 1.5][i], "limit_memory": lambda i: [None, 2**31, None][i]}
    values |= {"limit_run_seconds": lambda i: [9.0, None, None][i]}
    with store.writer() as writer:
        writer.append("runs", runs([0, 1, 2], **values))
        skylines = store.snapshot().table("skylines").schema
        writer.append("skylines", skylines.empty_table().from_pylist([{"cell_id": "00" * 8}], schema=skylines))
    found = store.snapshot().stored()
    order = np.argsort(mix(found.cells[found.cell], found.variants[found.variant]))
    assert found.reach[order].tolist() == [5, 7, -1]
    assert found.stop_reason[order].tolist() == [0, 4, -1]
    assert found.cells[found.cell][order].tolist() == [0, 1, 0]
    assert found.limits[found.limit][order].tolist() == [
        [1.5, 9.0, np.inf],
        [np.inf, np.inf, 2.0**31],
        [1.5, np.inf, np.inf],
    ]
    assert found.skylines.tolist() == [0]


def test_what_is_derived_keeps_nothing_else_in_memory(store: Store) -> None:
    with store.writer() as writer:
        writer.append("runs", runs(range(100), confusion_test=lambda _: list(range(20_000))))
    snapshot = store.snapshot()
    before = pa.total_allocated_bytes()
    found = snapshot.derived(
        "runs", "narrow", ["batch_size", "confusion_test"], lambda rows: rows.select(["batch_size"])
    )
    assert found.num_rows == 100
    assert pa.total_allocated_bytes() - before < 100_000, "of 8 MB of confusion matrices"


def test_it_is_made_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = filled(store, KEEP)
    store.snapshot().stored()
    monkeypatch.setattr(progress, "_make", lambda *_: pytest.fail("made again"))
    assert reaches_of(store.snapshot().stored()) == expected


@pytest.mark.parametrize("damage", [b"", b"nonsense", "cut", "flipped"])
def test_damaged_files_are_made_again(store: Store, damage: bytes | str) -> None:
    expected = filled(store, KEEP, shards=2)
    store.snapshot().stored()
    for path in index_files(store):
        whole = path.read_bytes()
        middle = len(whole) // 2
        damaged = {"cut": whole[:middle], "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]}
        path.write_bytes(damaged[damage] if isinstance(damage, str) else damage)
    assert reaches_of(store.snapshot().stored()) == expected


def test_a_store_that_cannot_be_written_to_does_without(store: Store) -> None:
    expected = filled(store, KEEP, shards=2)
    (store.path / "derived").write_text("no folder")
    assert reaches_of(store.snapshot().stored()) == expected
