from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from store_rows import FULL_ROW, by_id, reaches, runs

from algrid.errors import StoreError
from algrid.schema import RUNS, SKYLINES
from algrid.store import Policy, Store


def test_every_column_and_null_comes_back(store: Store) -> None:
    full = {**FULL_ROW, "run_id": "00000000000000ff"}
    empty = {**dict.fromkeys(RUNS.names), "run_id": "0000000000000001"}
    with store.writer() as writer:
        full["provenance"] = writer.provenance({"algrid": "1", "packages": {"numpy": "2"}})
        writer.append("runs", pa.Table.from_pylist([full, empty], schema=RUNS.schema))
        skyline = {name: full.get(name) for name in SKYLINES.names}
        skyline["fit_seconds"], skyline["fit_cpu_seconds"] = 0.5, None
        writer.append("skylines", pa.Table.from_pylist([skyline], schema=SKYLINES.schema))
    snapshot = store.snapshot()
    assert by_id(snapshot.table("runs")) == [empty, full]
    assert snapshot.table("runs").schema.equals(RUNS.schema)
    assert snapshot.table("skylines").to_pylist() == [skyline]
    assert snapshot.provenances == {full["provenance"]: {"algrid": "1", "packages": {"numpy": "2"}}}
    assert by_id(snapshot.table("runs", where="run_id >= '0'")) == [empty, full], "types survive DuckDB too"
    assert snapshot.count("runs") == 2
    assert store.grid == snapshot.grid == "name: grid"


def test_reading_some_columns_and_rows(store: Store) -> None:
    with store.writer() as writer:
        writer.append("runs", runs([1, 2, 3], dataset=lambda i: "iris" if i < 3 else "wine", reach=lambda i: i))
        writer.flush()
        writer.append("runs", runs([4], dataset="wine", reach=4))
        snapshot = writer.snapshot()
        assert reaches(snapshot) == {1: 1, 2: 2, 3: 3}, "what is not flushed is not seen"
        writer.flush()
        assert reaches(snapshot) == {1: 1, 2: 2, 3: 3}, "a snapshot does not change"
    snapshot = store.snapshot()
    assert snapshot.table("runs", ["reach", "dataset"]).column_names == ["reach", "dataset"]
    wine = snapshot.table("runs", ["reach"], pc.field("dataset") == "wine")
    assert sorted(wine["reach"].to_pylist()) == [3, 4]
    assert sorted(snapshot.table("runs", ["reach"], "dataset = 'wine' AND reach > 3")["reach"].to_pylist()) == [4]
    assert sum(b.num_rows for b in snapshot.batches("runs", ["run_id"], pc.field("reach") <= 2)) == 2
    assert snapshot.rows(["0000000000000002", "00000000000000aa"])["reach"].to_pylist() == [2]
    assert sorted(snapshot.rows(np.array([1, 4], np.uint64))["reach"].to_pylist()) == [1, 4]
    assert snapshot.rows([]).num_rows == 0
    assert snapshot.ids("runs").tolist() == [1, 2, 3, 4]
    assert snapshot.ids("skylines").dtype == np.uint64
    assert snapshot.sql("SELECT sum(reach)::INT AS s FROM runs WHERE dataset = ?", ["wine"])["s"].to_pylist() == [7]
    named = snapshot.sql("SELECT reach FROM runs WHERE dataset = $name ORDER BY 1", {"name": "wine"})
    assert named["reach"].to_pylist() == [3, 4]
    assert snapshot.sql("SELECT count(*) AS n FROM skylines", threads=1, memory="1GB")["n"].to_pylist() == [0]
    assert snapshot.relation("runs").filter("reach = 3").project("dataset").fetchall() == [("wine",)]


def test_versions_of_snapshots_follow_the_content(store: Store) -> None:
    first = store.snapshot().version
    assert store.snapshot().version == first
    with store.writer() as writer:
        writer.append("runs", runs([1]))
    assert store.snapshot().version != first


def test_an_empty_store_reads_as_empty_tables(store: Store) -> None:
    snapshot = store.snapshot()
    assert snapshot.table("runs").schema.equals(RUNS.schema)
    assert snapshot.table("runs").num_rows == 0
    assert snapshot.stored().reach.size == snapshot.ids("runs").size == snapshot.rows([1]).num_rows == 0
    assert snapshot.sql("SELECT run_id, queried FROM runs").num_rows == 0


def test_odd_folder_names(tmp_path: Path) -> None:
    store = Store.create_or_open(tmp_path / "it's [a] *?")
    with store.writer() as writer:
        writer.append("runs", runs([1, 2], reach=0))
        writer.flush()
        writer.append("runs", runs([2], reach=5))
        writer.flush()
        assert writer.snapshot().sql("SELECT sum(reach)::INT AS s FROM runs")["s"].to_pylist() == [5]


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (lambda: runs([1]).drop_columns(["reach"]), r"missing columns \['reach'\]"),
        (lambda: runs([1]).append_column("extra", pa.array([1])), r"unknown \['extra'\]"),
        (lambda: runs([1]).set_column(0, "run_id", pa.array(["xyz"])), "16 hexadecimal"),
        (lambda: runs([1]).set_column(0, "run_id", pa.array([None], pa.string())), "null"),
        (lambda: runs([1]).set_column(0, "run_id", pa.array(["g" * 16])), "16 hexadecimal"),
        (lambda: runs([1]).set_column(RUNS.names.index("reach"), "reach", pa.array(["many"])), "fit the table 'runs'"),
        (lambda: runs([1], provenance="feed"), r"\['feed'\].*provenance\(\)"),
    ],
)
def test_rows_that_do_not_fit_are_refused(store: Store, rows: Any, match: str) -> None:
    with store.writer() as writer, pytest.raises(StoreError, match=match):
        writer.append("runs", rows())
    assert store.snapshot().count("runs") == 0


def test_types_are_converted_where_nothing_is_lost(store: Store) -> None:
    rows = runs([1])
    small = pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), pa.array(["iris"]))
    rows = rows.set_column(RUNS.names.index("dataset"), "dataset", small)
    rows = rows.set_column(RUNS.names.index("reach"), "reach", pa.array([7], pa.int64()))
    with store.writer() as writer:
        writer.append("runs", rows.select(sorted(rows.column_names)))
    assert store.snapshot().table("runs", ["dataset", "reach"]).to_pylist() == [{"dataset": "iris", "reach": 7}]


def test_mistakes_are_named(store: Store) -> None:
    snapshot = store.snapshot()
    for mistake, match in [
        (lambda: snapshot.table("run"), "unknown table 'run'.*'runs'"),
        (lambda: snapshot.table("runs", ["reech"]), "unknown column of runs 'reech'.*'reach'"),
        (lambda: snapshot.table("runs", ["reach"], "reech > 1"), "reech"),
        (lambda: snapshot.sql("SELECT * FROM snapshot"), "snapshot"),
        (lambda: snapshot.sql("SELEC"), "query on the store"),
        (lambda: snapshot.rows(["zz"]), "16 hexadecimal"),
        (lambda: snapshot.relation("scores"), "unknown table"),
    ]:
        with pytest.raises(StoreError, match=match):
            mistake()
    writer = store.writer()
    writer.close()
    writer.close()
    with pytest.raises(StoreError, match="closed"):
        writer.append("runs", runs([1]))


@pytest.mark.skipif(version("duckdb") >= "2", reason="DuckDB 2 gives an empty result instead of none")
def test_a_statement_without_a_result_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="has no result"):
        store.snapshot().sql("CREATE TABLE t (i INT)")


def test_a_missing_store_says_how_to_make_one(store: Store) -> None:
    with pytest.raises(StoreError, match=r"no result store at '.*gird'. Did you mean 'grid'\?.*algrid run gird"):
        Store.open(store.path.with_name("gird"))
    (store.path / "manifest.json").unlink()
    with pytest.raises(StoreError, match="no result store"):
        Store.open(store.path)


def test_the_grid_text_follows_the_newest_grid(store: Store) -> None:
    with Store.create_or_open(store.path, grid="name: grown").writer():
        assert Store.open(store.path).grid == "name: grown"
    with Store.open(store.path).writer():
        assert Store.open(store.path).grid == "name: grown"


def test_flush_by_rows_bytes_and_seconds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("algrid.store.writer.time.monotonic", lambda: now[0])
    with store.writer(policy=Policy(flush_rows=3, flush_seconds=30)) as writer:
        writer.append("runs", runs([1, 2]))
        assert writer.buffered == 2
        writer.append("runs", runs([3]))
        assert writer.buffered == 0
        writer.append("runs", runs([4]))
        now[0] = 29.0
        assert not writer.flush_if_due()
        now[0] = 30.0
        assert writer.flush_if_due()
        assert store.snapshot().count("runs") == 4
    with store.writer(policy=Policy(flush_bytes=4000)) as writer:
        writer.append("runs", runs([5], confusion_test=[0] * 2000))
        assert writer.buffered == 0


def test_the_newest_row_of_a_key_counts(store: Store) -> None:
    with store.writer() as writer:
        writer.append("runs", runs([1, 2, 3], reach=1, dataset="iris"))
        writer.flush()
        assert writer.snapshot().manifest.superseded.get("runs", 0) == 0
        writer.append("runs", runs([2], reach=2, dataset="iris"))
        writer.append("runs", runs([2, 4], reach=3, dataset="wine"))
        writer.flush()
        snapshot = writer.snapshot()
        expected = {1: 1, 2: 3, 3: 1, 4: 3}
        assert snapshot.manifest.superseded["runs"] == 1
        assert reaches(snapshot) == expected
        assert snapshot.count("runs") == 4
        assert snapshot.ids("runs").tolist() == [1, 2, 3, 4]
        assert snapshot.sql("SELECT sum(reach)::INT AS s, count(*) AS n FROM runs").to_pylist() == [{"s": 8, "n": 4}]
        assert snapshot.rows([1, 2, 2])["reach"].to_pylist() == [1, 3]
        assert snapshot.table("runs", ["reach"], pc.field("dataset") == "iris")["reach"].to_pylist() == [1, 1]
        assert sum(batch.num_rows for batch in snapshot.batches("runs")) == 4
    with store.writer() as writer:
        writer.append("runs", runs([1], reach=9))
    assert reaches(store.snapshot()) == {**expected, 1: 9}


def test_without_superseded_rows_no_key_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.writer() as writer:
        writer.append("runs", runs([1, 2]))
    monkeypatch.setattr("algrid.store.snapshot.read_keys", None)
    snapshot = store.snapshot()
    assert snapshot.table("runs").num_rows == snapshot.sql("SELECT run_id FROM runs").num_rows == 2
