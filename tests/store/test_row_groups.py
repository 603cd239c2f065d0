"""Rows of one dataset are read without those of others, and are the same."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from store.store_rows import KEEP, filled

from algrid.store import Store
from algrid.store.row_groups import Spans, only_of


def test_groups_without_the_dataset_are_left_out(tmp_path: Path) -> None:
    names = pa.array(["a", "a", "a", "c", "c", "e", "e", None]).dictionary_encode()
    pq.write_table(pa.table({"dataset": names, "n": range(8)}), tmp_path / "1.parquet", row_group_size=2)
    pq.write_table(pa.table({"dataset": names.slice(5), "n": range(3)}), tmp_path / "2.parquet", row_group_size=3)
    whole = ds.dataset([str(tmp_path / "1.parquet"), str(tmp_path / "2.parquet")])
    spans: Spans = {}
    found = {}
    for name in ("a", "b", "c", "e", "z"):
        part = only_of(whole, name, spans)
        groups = [(Path(f.path).stem, [g.id for g in f.row_groups]) for f in part.get_fragments()]
        found[name] = groups, part.to_table(filter=pc.field("dataset") == name)["n"].to_pylist()
    # groups of the first file: a a, a c, c e, e null; of the second: e e null
    assert found == {
        "a": ([("1", [0, 1])], [0, 1, 2]),
        "b": ([("1", [1])], []),
        "c": ([("1", [1, 2])], [3, 4]),
        "e": ([("1", [2, 3]), ("2", [0])], [5, 6, 0, 1]),
        "z": ([], []),
    }
    assert len(spans) == 2


def test_the_rows_of_a_dataset_are_those_of_a_condition(store: Store) -> None:
    filled(store, KEEP)
    snapshot = store.snapshot()
    for name in ("d0", "d1", "d2", "nowhere"):
        expected = snapshot.table("runs", ["run_id", "reach"], pc.field("dataset") == name)
        assert snapshot.of_dataset(name, ["run_id", "reach"]).equals(expected)
        some = snapshot.of_dataset(name, ["run_id", "reach"], where=pc.field("batch_size") == 1)
        sql = snapshot.of_dataset(name, ["run_id", "reach"], where="batch_size = 1 OR batch_size = 7")
        assert some.sort_by("run_id").equals(sql.sort_by("run_id"))
        assert some.num_rows < max(expected.num_rows, 1)
