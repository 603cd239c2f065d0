"""Rows in another order than the store's: from memory and from a file of pages they are the same."""

from __future__ import annotations

import csv
import errno
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from store.store_rows import KEEP, filled

from algrid.errors import StoreError
from algrid.store import RowQueue, Store, ordering, queue

COLUMNS = ["reach", "queried", "dataset", "strategy", "probability_metrics"]


@pytest.fixture(params=["memory", "file", "both"])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "ROW_GROUP_ROWS", 8)
    monkeypatch.setattr(queue, "_PAGE", 16)
    monkeypatch.setattr(queue, "_HELD", {"memory": 1 << 30, "file": 0, "both": 2_000}[request.param])


@pytest.mark.usefixtures("kept")
def test_rows_are_the_newest_whatever_order_they_are_asked_for_in(store: Store) -> None:
    expected = filled(store, KEEP)
    snapshot = store.snapshot()
    plain = {int(row["run_id"], 16): row for row in snapshot.table("runs", ["run_id", *COLUMNS]).to_pylist()}
    ids = np.random.default_rng(0).permutation(np.array(list(expected), np.uint64))
    with RowQueue(snapshot, ids, COLUMNS) as rows:
        for part in (ids[:7], ids[7:50], ids[3:9], ids[:0], ids[::-1]):
            found = {int(row["run_id"], 16): row for row in rows.rows(part)}
            assert found == {int(i): plain[int(i)] for i in part}
        assert rows.rows(np.array([2**60, ids[5]], np.uint64)) == [plain[int(ids[5])]]
    assert {r: row["reach"] for r, row in plain.items()} == expected


@pytest.mark.usefixtures("kept")
def test_it_needs_the_store_at_the_beginning_only_and_leaves_nothing_behind(store: Store) -> None:
    expected = filled(store, KEEP)
    ids = np.array(sorted(expected), np.uint64)
    with RowQueue(store.snapshot(), ids, ["reach"]) as rows:
        assert not list(store.path.glob(".tmp-*"))
        for path in (store.path / "runs").iterdir():
            path.unlink()
        assert {int(row["run_id"], 16): row["reach"] for row in rows.rows(ids)} == expected
    rows.close()


@pytest.mark.usefixtures("kept")
def test_no_rows_and_rows_that_are_not_there(store: Store) -> None:
    filled(store, KEEP)
    with RowQueue(store.snapshot(), np.empty(0, np.uint64), ["reach"]) as rows:
        assert rows.rows(np.array([1, 2], np.uint64)) == []
    with pytest.raises(StoreError, match=r"2 runs of the store .* are to go on, and 1 of them were found"):
        RowQueue(store.snapshot(), np.array([store.snapshot().ids()[0], 2**60], np.uint64), ["reach"])


def test_files_that_have_none_of_the_rows_are_not_opened(store: Store) -> None:
    filled(store, KEEP)
    snapshot = store.snapshot()
    wanted = snapshot.ids()[:1]
    expected = snapshot.rows(wanted).to_pylist()
    first, *others = [store.path / shard.file for shard in snapshot.manifest.of("runs")]
    assert others
    kept = [path for path in (first, *others) if expected[0]["run_id"] in pq.read_table(path)["run_id"].to_pylist()]
    for path in {first, *others} - set(kept):
        path.unlink()
    assert snapshot.rows(wanted).to_pylist() == expected


def test_a_part_is_held_and_a_part_is_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "ROW_GROUP_ROWS", 8)
    monkeypatch.setattr(queue, "_PAGE", 16)
    monkeypatch.setattr(queue, "_HELD", 2_000)
    ids = np.array(sorted(filled(store, KEEP)), np.uint64)
    with RowQueue(store.snapshot(), ids, COLUMNS) as rows:
        assert any(rows._held)
        assert max(map(len, rows._written)) > 1


def test_a_disk_that_is_full_is_one_error(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(queue, "_HELD", 0)
    monkeypatch.setattr(queue.tempfile, "TemporaryFile", full)
    ids = np.array(sorted(filled(store, KEEP)), np.uint64)
    with pytest.raises(StoreError, match=r"can't be written there: .*No space left.*Nothing is lost"):
        RowQueue(store.snapshot(), ids, COLUMNS)


def test_exported_files(store: Store, tmp_path: Path) -> None:
    expected = filled(store, KEEP)
    snapshot, query = store.snapshot(), "SELECT run_id, reach FROM runs ORDER BY run_id"
    assert snapshot.export(query, tmp_path / "a.parquet") == len(expected)
    assert pq.read_table(tmp_path / "a.parquet")["reach"].to_pylist() == [expected[i] for i in sorted(expected)]
    assert snapshot.export(query, tmp_path / "it's.csv") == len(expected)
    with (tmp_path / "it's.csv").open() as file:
        assert {int(row["run_id"], 16): int(row["reach"]) for row in csv.DictReader(file)} == expected
    with pytest.raises(StoreError, match=r"a\.txt' ends in neither .csv nor .parquet"):
        snapshot.export(query, tmp_path / "a.txt")
    with pytest.raises(StoreError, match="nowhere"):
        snapshot.export(query, tmp_path / "nowhere" / "a.csv")
    with pytest.raises(StoreError, match="query on the store"):
        snapshot.export("SELECT nonsense FROM runs", tmp_path / "b.csv")
