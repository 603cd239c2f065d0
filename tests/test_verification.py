"""Stored runs made again: equal stores are equal, and whatever is not is found and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from algrid.errors import AlgridError
from algrid.progress import Quiet
from algrid.schema import RUNS
from algrid.session import Session
from algrid.store import Store
from algrid.verification import sample_size, verify

GRID: dict[str, Any] = {
    "name": "small",
    "datasets": ["iris"],
    "strategies": ["random", "margin", {"villains:Villain": {"deed": ["raise", "slow", "exit"]}}],
    "learners": ["gaussian_nb"],
    "batch_sizes": [1],
    "budgets": [8],
    "limits": {"seconds_per_run": 0.9},
    "record": {"probability_metrics": ["log_loss"]},
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two whole runs, an error, a timeout after some points, and a crash; and one that the grid does not have."""
    folder = tmp_path_factory.mktemp("verified")
    Session(GRID, folder).run(Quiet(), workers=1)
    store = Store.open(folder)
    rows = store.snapshot().table("runs").to_pylist()
    assert sorted(row["stop_reason"] for row in rows) == ["budget", "budget", "crashed", "error", "timeout"]
    with store.writer() as writer:
        writer.append("runs", pa.Table.from_pylist([{**rows[0], "run_id": "0" * 16}], schema=RUNS.schema))
    return folder


def rewrite(path: Path, strategy: str, **changes: Any) -> None:
    """Store one run again with other values."""
    store = Store.open(path)
    (row,) = store.snapshot().table("runs", where=f"strategy = '{strategy}' AND run_id <> '{'0' * 16}'").to_pylist()
    with store.writer() as writer:
        changed = {**row, **{name: change(row[name]) for name, change in changes.items()}}
        writer.append("runs", pa.Table.from_pylist([changed], schema=RUNS.schema))


def test_every_run_is_made_again_to_where_it_is_stored_and_is_equal(path: Path) -> None:
    found = verify(path, "100%", Quiet(), workers=1)
    assert (found.asked, found.outside, found.damaged) == (5, 1, [])
    assert found.stopped == {}
    assert [str(d) for d in found.different] == []
    assert found.repeated == 5
    assert found.clean


def test_damage_comes_first(path: Path) -> None:
    shard = path / Store.open(path).snapshot().manifest.shards[0].file
    content = shard.read_bytes()
    shard.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    try:
        found = verify(path, "100%", Quiet(), workers=1)
    finally:
        shard.write_bytes(content)
    assert [d.shard.file for d in found.damaged] == [shard.relative_to(path).as_posix()]
    assert (found.asked, found.clean) == (0, False)


def test_what_differs_is_said_with_the_versions_that_it_was_made_with(path: Path) -> None:
    other = {"algrid": "0.0.1", "packages": {"numpy": "1.0"}}
    with Store.open(path).writer() as writer:
        key = writer.provenance(other)
    rewrite(path, "margin", queried=lambda q: q[::-1], provenance=lambda _: key)
    rewrite(path, "random", probability_metrics=lambda m: [("log_loss", [v + 1e-15 for v in m[0][1]])])
    rewrite(path, "villain(deed=raise)", error=lambda _: "another")
    rewrite(path, "villain(deed=slow)", error=lambda _: "another")  # of a timeout only the curve counts
    found = verify(path, 5, Quiet(), workers=1)
    assert sorted(d.columns for d in found.different) == [("error",), ("probability_metrics",), ("queried",)]
    (said,) = [str(d) for d in found.different if "error" in d.columns]
    assert "stored error (another), now error (strategy villain(deed=raise) failed at 3 labels: ValueError: on" in said
    assert not found.clean
    assert sorted(found.versions.values()) == [1, 2]
    (lines,) = [lines for lines, count in found.versions.items() if count == 1]
    assert any(line.startswith("algrid: stored results have 0.0.1, here is") for line in lines)
    assert any(line.startswith("package numpy: stored results have 1.0, here is") for line in lines)


@pytest.mark.parametrize(
    ("sample", "n", "size"),
    [("1%", 1000, 10), ("1 %", 1001, 11), ("0.5%", 10, 1), ("20", 50, 20), (20, 5, 5), ("100%", 7, 7), ("3", 0, 0)],
)
def test_sizes_of_samples(sample: str, n: int, size: int) -> None:
    assert sample_size(sample, n) == size


@pytest.mark.parametrize("sample", ["0", "0%", "-1", "1.5", "half", "", "1%%"])
def test_what_is_no_sample(sample: str) -> None:
    with pytest.raises(AlgridError, match="Give a number of runs, such as 20, or a share, 1%"):
        sample_size(sample, 10)
