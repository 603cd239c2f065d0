"""What every registered preprocessing has to keep."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import tiny_model

from algrid.datasets import Dataset
from algrid.errors import PluginError
from algrid.preprocessing import PREPROCESSINGS, Preprocessing

#: Parameters of those that can't be without: they need a model, which is made when a test runs.
MODEL = {"model": tiny_model.FOLDER, "max_length": 16}
GIVEN = {"embedding": MODEL, "tokens": MODEL}
LEVELS = [PREPROCESSINGS.build(cls.name, GIVEN.get(cls.name)) for cls in PREPROCESSINGS.classes()]
N_POOL, N_ROWS = 30, 50


def mixed() -> Dataset:
    """Four numeric columns, one with gaps, and a categorical one with gaps."""
    rng = np.random.default_rng(3)
    X = rng.normal(5, [1, 10, 0.1, 3, 1], (N_ROWS, 5))
    X[::7, 1] = np.nan
    X[:, 4] = rng.integers(0, 3, N_ROWS)
    X[::9, 4] = np.nan
    return Dataset("mixed", X, np.arange(N_ROWS) % 2, ("a", "b"), (4,))


def sparse() -> Dataset:
    X = sp.random_array((N_ROWS, 6), density=0.4, format="csr", rng=np.random.default_rng(4))
    return Dataset("sparse", sp.csr_matrix(X), np.arange(N_ROWS) % 2, ("a", "b"))


def texts() -> Dataset:
    words = ["red", "green", "blue", "seven", "eight", "über"]
    documents = [f"{words[row % 6]} is {words[row % 5]}, row {row // 7}" for row in range(N_ROWS)]
    return Dataset.from_texts(documents, np.arange(N_ROWS) % 2, name="texts")


def cases() -> list[Any]:
    def serves(level: Preprocessing, data: Dataset) -> bool:
        return data.is_text if level.name in GIVEN else level.unsupported(data) is None

    found = [(level, data) for level in LEVELS for data in (mixed(), sparse(), texts()) if serves(level, data)]
    return [
        pytest.param(level, data, id=f"{level.name}-{data.name}", marks=[pytest.mark.text] * (level.name in GIVEN))
        for level, data in found
    ]


@pytest.fixture(autouse=True)
def _model(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("text"):
        pytest.importorskip("transformers")
        tiny_model.make()


def dense(X: Any) -> np.ndarray:
    return np.asarray(X.toarray() if sp.issparse(X) else X)


def test_those_of_earlier_grids_are_known_by_their_name_alone() -> None:
    for name in ("none", "standard", "minmax", "robust_minmax"):
        assert PREPROCESSINGS.build(name).identity_in_cell() == name
        assert PREPROCESSINGS.build(name).label == name


def test_unknown() -> None:
    with pytest.raises(PluginError, match=r"unknown preprocessing 'standart'\. Did you mean 'standard'"):
        PREPROCESSINGS.build("standart")


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_it_serves_some_data(level: Preprocessing) -> None:
    assert any(case.values[0] == level for case in cases())


@pytest.mark.parametrize(("level", "data"), cases())
def test_features_are_finite_and_as_learners_need_them(level: Preprocessing, data: Dataset) -> None:
    parts = level.prepare(data, np.arange(N_POOL), np.arange(N_POOL, N_ROWS))
    assert [part.shape[0] for part in parts] == [N_POOL, N_ROWS - N_POOL]
    assert parts[0].shape[1] == parts[1].shape[1] > 0
    for X in parts:
        assert isinstance(X, sp.csr_matrix) or X.flags.c_contiguous
        assert X.dtype == (np.int32 if level.gives == "tokens" else np.float64)
        assert np.isfinite(dense(X)).all()


@pytest.mark.parametrize(("level", "data"), cases())
def test_rows_come_in_the_order_asked_for(level: Preprocessing, data: Dataset) -> None:
    pool, test = np.arange(0, N_ROWS, 2), np.arange(1, N_ROWS, 2)
    forwards, backwards = level.prepare(data, pool, test), level.prepare(data, pool[::-1], test[::-1])
    for X, again in zip(forwards, backwards, strict=True):
        np.testing.assert_allclose(dense(again)[::-1], dense(X), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("level", "data"), cases())
def test_the_same_bits_twice_also_of_a_pickled_level(level: Preprocessing, data: Dataset) -> None:
    pool, test = np.arange(N_POOL), np.arange(N_POOL, N_ROWS)
    first, second = level.prepare(data, pool, test), pickle.loads(pickle.dumps(level)).prepare(data, pool, test)
    assert [dense(X).tobytes() for X in first] == [dense(X).tobytes() for X in second]


def with_others(data: Dataset, rows: np.ndarray) -> Dataset:
    """The dataset with these rows replaced by quite different ones."""
    if data.documents is not None:
        documents = np.array(data.documents, dtype=object)
        documents[rows] = "Something else altogether, a thousand times. " * 5
        return Dataset.from_texts(documents.tolist(), data.y)
    X = data.X.tolil() if data.is_sparse else data.X.copy()
    numbers = np.setdiff1d(np.arange(data.n_features), data.categorical)
    X[np.ix_(rows, numbers)] = 1e3
    return replace(data, X=sp.csr_matrix(X) if data.is_sparse else X)


@pytest.mark.parametrize(("level", "data"), cases())
def test_what_is_planned_is_what_comes(level: Preprocessing, data: Dataset) -> None:
    X, _ = level.prepare(data, np.arange(N_POOL), np.arange(N_POOL, N_ROWS))
    assert sp.issparse(X) == level.is_sparse(data)
    assert level.width(data) > 0
    assert level.gives in {"features", "tokens"}


@pytest.mark.parametrize(("level", "data"), cases())
def test_it_leaks_only_where_it_says_so(level: Preprocessing, data: Dataset) -> None:
    """Other test rows, many times as large, change the pool's features or they don't."""
    pool, test = np.arange(N_POOL), np.arange(N_POOL, N_ROWS)
    (kept, _), (again, _) = level.prepare(data, pool, test), level.prepare(with_others(data, test), pool, test)
    if level.name == "embedding":  # other texts in a batch change the last digits of float32
        np.testing.assert_allclose(again, kept, atol=1e-5)
        return
    assert (dense(kept).tobytes() != dense(again).tobytes()) == level.leaks


@pytest.mark.parametrize(("level", "data"), cases())
def test_it_leaves_the_dataset_alone(level: Preprocessing, data: Dataset) -> None:
    before = data.content_hash
    for part in level.prepare(data, np.arange(N_POOL), np.arange(N_POOL, N_ROWS)):
        (part.data if sp.issparse(part) else part)[:] = 77
    assert replace(data, name="again").content_hash == before
