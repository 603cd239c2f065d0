from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from store_rows import KEEP, by_id, files, filled, reaches, runs

from algrid.errors import AlgridWarning, StoreError
from algrid.identity import to_hex
from algrid.schema import RUNS, VERSION
from algrid.store import Store, provenance_key
from algrid.store.manifest import save_manifest


def damaged(store: Store, how: Any, shard: int = 0) -> str:
    """Damage a shard's file; its name."""
    name = store.snapshot().manifest.shards[shard].file
    how(store.path / name)
    return name


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path, at: int = 200) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("how", [cut_off, Path.unlink], ids=["cut off", "missing"])
def test_a_shard_of_another_size_is_refused_by_readers_and_put_aside_by_writers(store: Store, how: Any) -> None:
    expected = filled(store, KEEP)
    name = damaged(store, how, shard=6)
    with pytest.raises(StoreError, match=rf"{name} .*(cut off|missing).*--repair.*quarantine/"):
        store.snapshot()
    with pytest.warns(
        AlgridWarning, match=f"quarantine/ and their runs will be planned again: {name} .40 runs."
    ) as said:
        writer = store.writer(policy=KEEP)
    assert said[0].filename == __file__
    assert [d.shard.file for d in writer.quarantined] == [name]
    writer.close()
    assert (store.path / "quarantine" / name.replace("/", "-")).exists() == (how is cut_off)
    seen = reaches(store.snapshot())
    assert all(seen[i] == expected[i] for i in seen if expected[i] < 6), "older rows are seen again, none twice"
    assert sum(step == 6 for step in seen.values()) == 0
    store.compact()
    assert reaches(store.snapshot()) == seen


def test_changed_bytes_are_found_by_checksums(store: Store) -> None:
    expected = filled(store, KEEP)
    name = damaged(store, flip)
    assert [str(d) for d in store.verify()] == [f"{name} (40 runs): its checksum is another (bytes were changed)"]
    with pytest.raises(StoreError, match=f"damaged: {name} its checksum"):
        store.snapshot().table("runs")
    with pytest.warns(AlgridWarning, match=name):
        (damage,) = store.repair()
    assert damage.shard.file == name
    assert store.verify() == []
    assert set(reaches(store.snapshot())) <= set(expected)
    assert store.repair() == ()


def test_no_changed_byte_is_read_as_data(store: Store) -> None:
    """Whatever byte is changed, reading fails or gives what was written."""
    with store.writer() as writer:
        writer.append("runs", runs(range(50), reach=lambda i: i, queried=lambda i: [i] * i))
    rows = by_id(store.snapshot().table("runs"))
    (shard,) = store.snapshot().manifest.shards
    path = store.path / shard.file
    content = path.read_bytes()
    refused = 0
    for at in range(0, shard.bytes, max(shard.bytes // 60, 1)):
        flip(path, at)
        try:
            assert by_id(store.snapshot().table("runs")) == rows
        except StoreError as error:
            assert shard.file in str(error)  # noqa: PT017
            refused += 1
        path.write_bytes(content)
    assert refused > 10


def test_a_shard_that_vanishes_under_a_query_is_named(store: Store) -> None:
    filled(store, KEEP)
    snapshot = store.snapshot()
    name = damaged(store, Path.unlink)
    for reading in (lambda: snapshot.sql("SELECT * FROM runs"), snapshot.ids, lambda: snapshot.rows([1])):
        with pytest.raises(StoreError, match=f"{name} is missing"):
            reading()


def test_a_store_of_a_newer_algrid_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store, KEEP, shards=1)
    content = json.loads((store.path / "manifest.json").read_text())
    content["version"] = VERSION + 1
    content["something"] = "new"
    (store.path / "manifest.json").write_text(json.dumps(content))
    for reading in (lambda: Store.open(store.path), store.snapshot, store.writer, store.compact):
        with pytest.raises(
            StoreError, match=f"schema version {VERSION + 1}, this algrid knows up to {VERSION}. Upgrade"
        ):
            reading()
    assert not (store.path / "quarantine").exists()


def test_shards_of_a_newer_algrid_are_not_put_aside(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store, KEEP, shards=1)
    (store.path / "manifest.json").unlink()
    monkeypatch.setattr("algrid.store.shards.VERSION", VERSION - 1)
    with pytest.raises(StoreError, match="Upgrade algrid"):
        Store.rebuild_manifest(store.path)
    monkeypatch.undo()
    assert Store.rebuild_manifest(store.path).snapshot().count("runs") == 40


def test_a_column_that_older_shards_lack_is_null(store: Store) -> None:
    """As after a later algrid added one: a shard is written without it, and another with it."""
    with store.writer(policy=KEEP) as writer:
        writer.append("runs", runs([1, 2, 3], reach=1))
        writer.flush()
        writer.append("runs", runs([2], reach=2, error="new"))
    manifest = store.snapshot().manifest
    old = manifest.shards[0]
    table = pq.read_table(store.path / old.file).drop_columns(["error"])
    pq.write_table(table, store.path / old.file)
    size = (store.path / old.file).stat().st_size
    changed = (replace(old, version=VERSION - 1, bytes=size), *manifest.shards[1:])
    save_manifest(store.path, replace(manifest, shards=changed))
    expected = [{"reach": 1, "error": None}, {"reach": 2, "error": "new"}, {"reach": 1, "error": None}]
    for shards in (2, 1):
        snapshot = store.snapshot()
        assert len(snapshot.manifest.shards) == shards
        assert [{k: r[k] for k in ("reach", "error")} for r in by_id(snapshot.table("runs"))] == expected
        assert snapshot.sql("SELECT reach, error FROM runs ORDER BY run_id").to_pylist() == expected
        assert [r["error"] for r in by_id(snapshot.rows([1, 2]))] == [None, "new"]
        store.compact()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_text("{"),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text(path.read_text().replace('"rows": 40', '"rows": 41')),
        lambda path: path.write_bytes(b"\xff\x00"),
    ],
)
def test_a_damaged_manifest_is_made_again_from_the_shards(store: Store, damage: Any) -> None:
    expected = filled(store, KEEP)
    before = store.snapshot().manifest
    damage(store.path / "manifest.json")
    for reading in (lambda: Store.open(store.path), lambda: Store.create_or_open(store.path), store.writer):
        with pytest.raises(StoreError, match=r"manifest .* is damaged: .*Store.rebuild_manifest\("):
            reading()
    after = Store.rebuild_manifest(store.path).snapshot()
    assert reaches(after) == expected
    assert after.manifest.shards == before.shards
    assert (after.grid, after.provenances) == (before.grid, before.provenances)
    assert after.manifest.superseded["runs"] == before.superseded["runs"]
    assert (store.path / "manifest.damaged.json").exists()


def test_a_lost_manifest_does_not_lose_shards(store: Store) -> None:
    expected = filled(store, KEEP)
    (store.path / "manifest.json").unlink()
    for reading in (lambda: Store.open(store.path), lambda: Store.create_or_open(store.path)):
        with pytest.raises(StoreError, match=r"Parquet files but no manifest.json.*rebuild_manifest"):
            reading()
    (store.path / "runs" / "stray.parquet").write_bytes(b"nonsense")
    pq.write_table(pa.table({"a": [1]}), store.path / "runs" / "foreign.parquet")
    assert reaches(Store.rebuild_manifest(store.path).snapshot()) == expected
    assert {p.name for p in (store.path / "quarantine").iterdir()} == {"runs-stray.parquet", "runs-foreign.parquet"}
    with pytest.raises(StoreError, match="there is no folder"):
        Store.rebuild_manifest(store.path / "nowhere")
    (store.path / "empty").mkdir()
    with pytest.raises(StoreError, match="no shard"):
        Store.rebuild_manifest(store.path / "empty")


def test_what_a_killed_writer_left_behind_is_removed(store: Store) -> None:
    filled(store, KEEP, shards=1)
    live = files(store.path)
    (store.path / "runs" / ".tmp-00000009-0a.parquet").write_bytes(b"half")
    (store.path / ".tmp-manifest.json").write_bytes(b"half")
    orphan = store.path / "runs" / "00000009-0b.parquet"
    orphan.write_bytes(b"whole")
    with store.writer():
        assert files(store.path) == {*live, "runs/00000009-0b.parquet"}, "it could be a file of a reader's snapshot"
    os.utime(orphan, (0, 0))
    with store.writer():
        assert files(store.path) == live


def test_every_shard_says_what_the_manifest_says(store: Store) -> None:
    filled(store, KEEP, shards=2)
    for shard in store.snapshot().manifest.shards:
        said = json.loads(pq.read_schema(store.path / shard.file).metadata[b"algrid"])
        assert (said["version"], said["table"], said["sequence"]) == (VERSION, "runs", shard.sequence)
        assert said["provenances"] == {provenance_key({"n": 1}): {"n": 1}}
        assert said["grid"] == "name: grid"
        column = pq.ParquetFile(store.path / shard.file).metadata.row_group(0).column(1)
        assert column.compression == "ZSTD"
        assert column.has_dictionary_page


def test_the_keys_of_many_runs_come_quickly(store: Store) -> None:
    ids = np.random.default_rng(0).permutation(200_000).astype(np.uint64)
    columns = {c.name: pa.nulls(ids.size, c.type) for c in RUNS.columns}
    columns["run_id"] = pa.array(to_hex(ids).tolist())
    columns["reach"] = pa.array(np.full(ids.size, 50, np.int32))
    with store.writer() as writer:
        writer.append("runs", pa.table(columns))
    started = time.process_time()
    snapshot = store.snapshot()
    assert np.array_equal(snapshot.ids("runs"), np.arange(200_000, dtype=np.uint64))
    assert snapshot.stored().reach.size == 200_000
    assert time.process_time() - started < 5, "4.6 million should take seconds"
