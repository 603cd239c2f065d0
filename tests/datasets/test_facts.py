"""Facts of datasets: what a plan needs, equal to what the data say, and remembered as long as they are the same."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import scipy.sparse as sp

from algrid.datasets import DATASETS, Dataset, DatasetFacts, DatasetPlugin

ATTRIBUTES = ["name", "class_names", "n_rows", "n_classes", "n_features"]
ATTRIBUTES += ["is_sparse", "categorical", "has_missing", "content_hash"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path / "cache"))


def count_loads(monkeypatch: pytest.MonkeyPatch, cls: type[DatasetPlugin]) -> list[int]:
    loads: list[int] = []
    load = cls.load

    def counted(self: Any) -> Dataset:
        loads.append(1)
        return load(self)

    monkeypatch.setattr(cls, "load", counted)
    return loads


@pytest.mark.parametrize(
    "data",
    [
        Dataset("plain", np.arange(8.0).reshape(4, 2), np.array([0, 1, 0, 0]), ("a", "b")),
        Dataset("gaps", np.array([[0.0, np.nan], [1.0, 2.0]]), np.array([0, 1]), ("a", "b"), categorical=(0,)),
        Dataset("sparse", sp.csr_matrix(np.eye(3)), np.array([0, 1, 1]), ("a", "b", "never")),
        Dataset("gaps too", sp.csr_matrix(np.array([[np.nan, 0.0], [0.0, 1.0]])), np.array([0, 1]), ("a", "b")),
    ],
    ids=lambda data: data.name,
)
def test_a_dataset_and_its_facts_say_the_same(data: Dataset) -> None:
    for name in ATTRIBUTES:
        assert getattr(data.facts, name) == getattr(data, name), name
    assert list(data.facts.class_counts) == data.class_counts.tolist()
    assert data.facts.has_missing == data.name.startswith("gaps")
    assert data.facts.is_sparse == sp.issparse(data.X)


@pytest.mark.parametrize("name", ["iris", "banana"])
def test_facts_are_remembered_without_the_data(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = DATASETS.build(name)
    expected = plugin.load().facts
    loads = count_loads(monkeypatch, type(plugin))
    assert plugin.facts() == plugin.facts() == expected
    assert len(loads) == 1


def test_other_parameters_are_other_facts() -> None:
    assert DATASETS.build("banana", {"n_rows": 40}).facts().n_rows == 40
    assert DATASETS.build("banana", {"n_rows": 50}).facts().n_rows == 50


def test_a_file_that_changes_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.csv"
    file.write_text("a,label\n1,x\n2,y\n")
    plugin = DATASETS.build("file", {"path": str(file), "target": "label"})
    loads = count_loads(monkeypatch, type(plugin))
    assert (plugin.facts().n_rows, plugin.facts().n_rows, len(loads)) == (2, 2, 1)
    before = file.stat()
    first = plugin.facts().content_hash
    file.write_text("a,label\n1,x\n3,y\n")  # as long, and as old
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert plugin.facts().content_hash == plugin.load().content_hash != first
    file.unlink()
    with pytest.raises(Exception, match="there is no file"):
        plugin.facts()


def test_other_code_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = DATASETS.build("iris")
    loads = count_loads(monkeypatch, type(plugin))
    plugin.facts()
    monkeypatch.setattr("algrid.datasets.facts.folder_hash", lambda folder: "other")
    plugin.facts()
    assert len(loads) == 2


@dataclass(frozen=True)
class Unknown(DatasetPlugin):
    """Data that may be others at any time."""

    name: ClassVar[str] = "unknown"
    rows: ClassVar[int] = 2

    def load(self) -> Dataset:
        """As many rows as there are now."""
        return Dataset("unknown", np.arange(self.rows, dtype=float)[:, None], np.arange(self.rows) % 2, ("a", "b"))


def test_what_depends_on_more_is_loaded_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Unknown().facts().n_rows == 2
    monkeypatch.setattr(Unknown, "rows", 3)
    assert Unknown().facts().n_rows == 3


def test_expected_facts_have_no_hash() -> None:
    facts = DatasetFacts("expected", ("a", "b"), (30, 20), 4)
    assert (facts.n_rows, facts.n_classes, facts.content_hash) == (50, 2, None)
