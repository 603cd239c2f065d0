"""Data mapped by content: the same bits, whatever was kept, and nothing damaged is believed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from cells import make_cell
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from algrid.datasets import DATASETS, Dataset
from algrid.datasets.mapped import Receiver, is_there, mapped_dataset, pieces, put
from algrid.pool import make_pool
from algrid.preprocessing import PREPROCESSINGS


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def dataset(X: Any, **options: Any) -> Dataset:
    return Dataset("d", X, np.arange(X.shape[0]) % 2, ("a", "b"), **options)


def again(data: Dataset) -> Dataset:
    assert put(data)
    found = mapped_dataset(data.content_hash, "other name")
    assert found is not None
    return found


VALUES = st.one_of(st.just(np.nan), st.floats(allow_nan=False, allow_infinity=False), st.integers(-9, 9).map(float))


@given(hnp.arrays(np.float64, st.tuples(st.integers(2, 9), st.integers(1, 4)), elements=VALUES))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_value_survives(X: np.ndarray) -> None:
    X = X + 0.0
    X[np.isnan(X)] = np.nan
    found = again(dataset(X))
    assert found.name == "other name"
    assert found.widened().X.tobytes() == X.tobytes()
    with np.errstate(over="ignore"):
        narrow = (X.astype(np.float32).astype(np.float64) == X) | np.isnan(X)
    assert found.X.dtype == (np.float32 if narrow.all() else np.float64)


def test_dense_features_are_a_map_that_can_t_be_written_to() -> None:
    found = again(dataset(np.arange(8.0).reshape(4, 2), categorical=(1,), feature_names=("x", "y")))
    assert isinstance(found.X, np.memmap)
    assert found.X.dtype == np.float32
    assert (found.categorical, found.feature_names) == ((1,), ("x", "y"))
    with pytest.raises(ValueError, match="read-only"):
        found.X[0, 0] = 1


def test_sparse_features_and_texts_survive() -> None:
    X = sp.csr_matrix([[0, 1.5, 0], [0.1, 0, 0], [0, 0, 2]])
    found = again(dataset(X))
    assert isinstance(found.X, sp.csr_matrix)
    assert (found.X != X).nnz == 0
    assert again(dataset(sp.csr_matrix((3, 2)))).X.nnz == 0
    texts = ("an ümlaut", "\udcff", "", "x\ny")
    data = dataset(np.empty((4, 0)), documents=texts, test_rows=np.array([2, 3]))
    found = again(data)
    assert found.documents == texts
    assert found.test_rows is not None
    assert found.test_rows.tolist() == [2, 3]


LEVELS = ["none", "standard", "robust_minmax", "paper"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", ["dense", "gaps", "sparse"])
def test_a_cell_s_pool_has_the_same_bits_from_a_map(level: str, kind: str) -> None:
    rng = np.random.default_rng(0)
    X: Any = rng.normal(size=(80, 5)).astype(np.float32).astype(np.float64)
    if kind == "gaps":
        X[rng.random(X.shape) < 0.1] = np.nan
        X[:, 4] = rng.integers(0, 3, 80)
    data = dataset(sp.csr_matrix(X) if kind == "sparse" else X, categorical=(4,) if kind == "gaps" else ())
    preprocessing = PREPROCESSINGS.build(level)
    if preprocessing.unsupported(data) is not None:
        return
    cell = make_cell(dataset_hash=data.content_hash, preprocessing=preprocessing)
    mapped = again(data)
    ours, theirs = make_pool(cell, mapped), make_pool(cell, data)
    for part in ("X", "X_test"):
        a, b = getattr(ours, part), getattr(theirs, part)
        assert a.dtype == b.dtype == np.float64
        assert (a.toarray() if sp.issparse(a) else a).tobytes() == (b.toarray() if sp.issparse(b) else b).tobytes()
    assert mapped.X.dtype == np.float32


def test_what_is_damaged_is_removed(folder: Path) -> None:
    data = DATASETS.build("iris").load()
    assert not is_there(data.content_hash)
    assert mapped_dataset(data.content_hash, "iris") is None
    for damage in ("X.npy", "y.npy", "dataset.json"):
        assert put(data)
        path = folder / "datasets" / data.content_hash / damage
        content = bytearray(path.read_bytes())
        content[-2] ^= 1
        path.write_bytes(content)
        assert mapped_dataset(data.content_hash, "iris") is None
        assert not is_there(data.content_hash)
    assert put(data)
    (folder / "datasets" / data.content_hash / "X.npy").write_bytes(b"")
    assert mapped_dataset(data.content_hash, "iris") is None
    assert list((folder / "datasets").iterdir()) == []


def test_pieces_make_the_same_dataset_elsewhere(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = DATASETS.build("digits").load()
    assert put(data)
    monkeypatch.setattr("algrid.datasets.mapped._BLOCK", 4096)
    sent = list(pieces(data.content_hash))
    assert len(sent) > 10
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path / "elsewhere"))
    receiver = Receiver(data.content_hash, "token")
    for name, piece in sent:
        assert not is_there(data.content_hash)
        receiver.take(name, piece)
    receiver.finish()
    found = mapped_dataset(data.content_hash, "digits")
    assert found is not None
    assert found.widened().X.tobytes() == data.X.tobytes()
    again = Receiver(data.content_hash, "late")  # of two that send at once, the first one counts
    again.take(*sent[0])
    again.finish()
    assert mapped_dataset(data.content_hash, "digits") is not None
    assert [path.name for path in (tmp_path / "elsewhere" / "datasets").iterdir()] == [data.content_hash]


def test_a_folder_that_can_t_be_written_costs_nothing_but_time(folder: Path) -> None:
    folder.write_text("a file is in the way")
    assert not put(DATASETS.build("iris").load())


_PEAK = """
import resource, sys
import numpy as np
from cells import make_cell
from algrid.datasets import Dataset
from algrid.datasets.mapped import mapped_dataset, put
from algrid.pool import make_pool
if sys.argv[1] == "put":
    X = np.random.default_rng(0).standard_normal((25_000, 1_000), dtype=np.float32)
    data = Dataset("large", X, np.arange(25_000) % 2, ("a", "b"))
    assert put(data)
    print(data.content_hash)
else:
    cell = make_cell(learner="logistic_regression", dataset_hash=sys.argv[1])
    import sklearn.preprocessing, sklearn.impute, sklearn.linear_model
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pool = make_pool(cell, mapped_dataset(sys.argv[1], "large"))
    fitted = cell.learner.fit(pool.X[:200], pool.labels[:200], 2, 0)
    fitted.predict_proba(pool.X)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / pool.n_bytes)
"""


@pytest.mark.slow
def test_a_cell_of_large_data_needs_little_more_than_its_features() -> None:
    """The map's pages (half of the features' bytes), the pool, and what a scaler sums in: 1.9 times the features."""

    def python(argument: str) -> str:
        tests = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, "-c", _PEAK, argument]
        environment = {**os.environ, "PYTHONPATH": tests}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    assert float(python(python("put"))) < 2.3
