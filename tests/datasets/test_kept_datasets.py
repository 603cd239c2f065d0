"""Datasets given as objects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import algrid as ag
from algrid.datasets.kept import keep
from algrid.errors import DatasetError, GridError
from algrid.grid import GridSpec


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALGRID_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def frame(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    return pd.DataFrame({"a": rng.normal(y, 1), "c": np.where(y, "x", "z"), "kind": np.where(y, "yes", "no")})


def dataset() -> ag.Dataset:
    return ag.Dataset.from_frame(frame(), target="kind", name="mine")


def same(a: ag.Dataset, b: ag.Dataset) -> bool:
    keys = ("name", "class_names", "categorical", "feature_names", "documents", "test_counts", "content_hash")
    return all(getattr(a, key) == getattr(b, key) for key in keys)


def test_is_loaded_as_it_was_given(folder: Path) -> None:
    given = dataset()
    kept = keep(given)
    assert same(kept.load(), given)
    assert keep(given) == kept
    assert [path.name for path in (folder / "kept").iterdir()] == [f"{given.content_hash}.npz"]
    # class names in an order of their own, no feature names, sparse
    X = sp.csr_matrix(np.array([[0, 1.5, 0], [2.0, 0, 0], [0, 0, 3.0]]))
    odd = ag.Dataset("odd", X, np.array([1, 0, 1]), ("b", "a"))
    assert same(keep(odd).load(), odd)
    assert sp.issparse(keep(odd).load().X)
    texts = ag.Dataset.from_texts(["größe", "b c", "\n d"], ["x", "y", "x"], test_rows=np.array([2]))
    assert same(keep(texts).load(), texts)


def test_a_grid_takes_objects_and_its_text_names_them(folder: Path) -> None:
    given = dataset()
    grid = GridSpec.from_dict({"datasets": ["iris", given], "strategies": ["random"]})
    assert grid.levels("dataset") == ("iris", "mine")
    assert grid.datasets[1].facts().content_hash == given.content_hash
    assert GridSpec.from_yaml(grid.to_yaml()) == grid
    assert GridSpec.from_dict({"datasets": given, "strategies": ["random"]}).levels("dataset") == ("mine",)


@pytest.mark.slow
def test_workers_load_them(folder: Path, tmp_path: Path) -> None:
    spec = {"datasets": [dataset()], "strategies": ["random", "margin"], "learners": ["gaussian_nb"], "budgets": [10]}
    results = ag.run(spec, results=tmp_path / "results", workers=1, progress=False)
    assert results.failures.empty
    assert set(results.curves()["dataset"]) == {"mine"}


def test_a_frame_itself_is_no_dataset(folder: Path) -> None:
    with pytest.raises(GridError, match=r"datasets\[0\]: a pandas object. Give a dataset of it: ag.Dataset.from_frame"):
        GridSpec.from_dict({"datasets": [frame()], "strategies": ["random"]})


def test_what_is_gone_or_damaged(folder: Path) -> None:
    kept = keep(dataset())
    (path,) = (folder / "kept").iterdir()
    other = keep(ag.Dataset.from_frame(frame(20), target="kind"))
    path.write_bytes((folder / "kept" / f"{other.content}.npz").read_bytes())
    with pytest.raises(DatasetError, match="holds other data than its name says"):
        kept.load()
    path.write_bytes(b"no archive")
    with pytest.raises(DatasetError, match="is damaged"):
        kept.load()
    path.unlink()
    with pytest.raises(DatasetError, match=r"is not in .*kept any more: give it again"):
        kept.facts()
