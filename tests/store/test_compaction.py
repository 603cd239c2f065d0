from __future__ import annotations

import os
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from store_rows import KEEP, by_id, files, filled, reaches, runs

from algrid.errors import AlgridWarning, StoreError
from algrid.store import Policy, Store, ordering


@pytest.mark.parametrize(
    "policy",
    [
        KEEP,
        Policy(target_rows=30, small_at_close=1000, superseded_share=1.0),
        Policy(merge_memory=1, small_at_close=1000, superseded_share=1.0),
        Policy(target_bytes=1, merge_memory=1, superseded_share=1.0),
    ],
    ids=["one file", "several files", "several passes", "tiny files, several passes"],
)
def test_compaction_keeps_exactly_the_rows(store: Store, policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "ROW_GROUP_ROWS", 8)
    expected = filled(store, KEEP)
    before = store.snapshot()
    rows = by_id(before.table("runs"))
    store.compact(policy=policy)
    after = store.snapshot()
    assert by_id(after.table("runs")) == rows
    assert reaches(after) == expected
    assert after.manifest.superseded["runs"] == 0
    assert sum(shard.rows for shard in after.manifest.shards) == len(expected)
    assert len({shard.run for shard in after.manifest.shards}) == 1
    order = after.table("runs", ["dataset", "strategy", "batch_size", "run_id"]).to_pylist()
    keys = [(r["dataset"], r["strategy"] or "", r["batch_size"], r["run_id"]) for r in order]
    assert keys == sorted(keys)
    assert by_id(before.table("runs")) == rows, "an older snapshot goes on"
    assert by_id(before.sql("SELECT * FROM runs").cast(before.table("runs").schema)) == rows
    assert store.verify() == []
    number = after.manifest.number
    store.compact(policy=policy)
    assert store.snapshot().manifest.number == number, "there is nothing more to do"
    assert reaches(Store.rebuild_manifest(store.path).snapshot()) == expected, "replaced files do not count"


def test_small_shards_are_merged_as_they_accumulate(store: Store) -> None:
    expected = filled(store, Policy(small_shards=4, small_at_close=1000, superseded_share=1.0), shards=11)
    snapshot = store.snapshot()
    assert len(snapshot.manifest.of("runs")) <= 5
    assert reaches(snapshot) == expected


def test_small_shards_and_many_superseded_rows_are_merged_at_close(store: Store) -> None:
    expected = filled(store, Policy(small_at_close=3, superseded_share=1.0))
    assert len(store.snapshot().manifest.shards) == 1
    assert reaches(store.snapshot()) == expected
    with store.writer(policy=Policy(superseded_share=0.1)) as writer:
        writer.append("runs", runs(sorted(expected)[:50], reach=77))
    assert store.snapshot().manifest.superseded["runs"] == 0
    assert reaches(store.snapshot()) == expected | dict.fromkeys(sorted(expected)[:50], 77)


def test_merging_only_small_shards_keeps_newer_rows_of_large_ones(store: Store) -> None:
    """The merged shard is the newest, so it must not bring back what a larger shard superseded."""
    policy = Policy(target_rows=20, small_at_close=1, small_shards=1000, superseded_share=1.0)
    with store.writer(policy=policy) as writer:
        for ids, reach in (([1, 2], 1), (range(1, 16), 2), ([3], 3), ([4], 4)):
            writer.append("runs", runs(list(ids), reach=reach))
            writer.flush()
    snapshot = store.snapshot()
    assert [shard.rows for shard in snapshot.manifest.shards] == [15, 2]
    assert reaches(snapshot) == {**dict.fromkeys(range(1, 16), 2), 3: 3, 4: 4}


def test_shards_that_are_not_sorted_can_be_merged(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("algrid.store.writer.sort_order", lambda data, table, keys: np.arange(data.num_rows))
    monkeypatch.setattr(ordering, "ROW_GROUP_ROWS", 8)
    expected = filled(store, KEEP)
    monkeypatch.undo()
    store.compact()
    assert reaches(store.snapshot()) == expected


def test_a_failed_automatic_merge_is_a_warning(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("algrid.store.writer.merge", full)
    with pytest.warns(AlgridWarning, match="could not be merged.*No space left"):
        expected = filled(store, Policy(small_at_close=1, superseded_share=1.0))
    assert reaches(store.snapshot()) == expected


def test_files_of_older_snapshots_stay_for_a_grace_time(store: Store) -> None:
    expected = filled(store, KEEP)
    before = store.snapshot()
    for shard in before.manifest.shards:
        os.utime(store.path / shard.file, (0, 0))  # the grace time begins with the merge, not with the file
    store.compact()
    assert reaches(before) == expected
    with store.writer() as writer:
        assert writer.collect_garbage() == []
        assert len(writer.collect_garbage(older_than_s=0)) == 7
    assert len(files(store.path)) == 1
    with pytest.raises(StoreError, match=r"is missing.*new snapshot"):
        before.table("runs")
    assert reaches(store.snapshot()) == expected


def test_row_groups_are_cut_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "ROW_GROUP_BYTES", 40_000)
    large = runs(range(4), confusion_test=[1] * 6000)  # 24,000 bytes each
    small = runs(range(4, 104))
    parts = list(ordering.packed([large, small]))
    assert [p.num_rows for p in parts[:3]] == [1, 1, 1]
    assert pa.concat_tables(parts).equals(pa.concat_tables([large, small]))
