"""The same data under two names: found by content; other data are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from algrid.checks import same_data
from algrid.checks._keys import column_keys, row_keys, tie_keys
from algrid.checks.between import Sketch, sketch_of
from algrid.datasets import DATASETS, Dataset

TABLES = hnp.arrays(
    np.float64,
    st.tuples(st.integers(3, 12), st.integers(1, 4)),
    elements=st.one_of(st.just(0.0), st.just(np.nan), st.integers(-99, 99).map(lambda value: value / 4)),
)


def dataset(X: Any, y: Any = None, name: str = "d") -> Dataset:
    y = np.arange(X.shape[0]) % 2 if y is None else y
    return Dataset(name, X, y, ("a", "b"))


def relation(a: Dataset, b: Dataset) -> list[str]:
    return [finding.message for finding in same_data({"first": sketch_of(a), "second": sketch_of(b)})]


@given(TABLES, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_keys_follow_rows_and_columns_when_they_move(X: np.ndarray, random: Any) -> None:
    rows, columns = list(range(X.shape[0])), list(range(X.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    assert np.array_equal(row_keys(X)[rows], row_keys(X[rows]))
    assert np.array_equal(row_keys(X, placed=False), row_keys(X[:, columns], placed=False))
    assert np.array_equal(column_keys(X)[columns], column_keys(X[rows][:, columns]))
    assert np.array_equal(tie_keys(X), tie_keys(X[rows][:, columns] * 8 + 1))


@given(TABLES)
@settings(deadline=None, max_examples=60)
def test_keys_are_equal_where_rows_are(X: np.ndarray) -> None:
    keys = row_keys(X)
    texts = [repr((row + 0.0).tolist()) for row in X]
    assert [[a == b for b in keys] for a in keys] == [[a == b for b in texts] for a in texts]


@given(TABLES)
@settings(deadline=None, max_examples=40)
def test_sparse_and_dense_have_the_same_keys(X: np.ndarray) -> None:
    sparse = sp.csr_matrix(X)
    for placed in (True, False):
        assert np.array_equal(row_keys(X, placed=placed), row_keys(sparse, placed=placed))
    assert np.array_equal(column_keys(X), column_keys(sparse))


def test_the_same_data_in_another_order() -> None:
    wine = DATASETS.build("wine").load()
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(wine.n_rows), rng.permutation(wine.n_features)
    moved = Dataset("m", wine.X[rows][:, columns].astype(np.float32).astype(float), wine.y[rows], wine.class_names)
    assert relation(wine, moved) == ["the same data (but perhaps for the order of rows and columns) as first"]
    other = Dataset("o", wine.X, np.roll(np.arange(wine.n_rows) % 3, 1), wine.class_names)
    assert relation(wine, other) == ["the same features, with other classes, as first"]


def test_the_same_data_scaled() -> None:
    wine = DATASETS.build("wine").load()
    low = wine.X.min(axis=0)
    scaled = Dataset("s", 1 - 2 * (wine.X - low) / (wine.X.max(axis=0) - low), wine.y, wine.class_names)
    (message,) = relation(wine, scaled)
    assert message.startswith("columns that are the same but for their scale")


def test_common_rows() -> None:
    X = np.random.default_rng(3).normal(size=(300, 4))
    assert relation(dataset(X[:200]), dataset(X[100:])) == ["33% of all distinct rows in common with first"]
    assert relation(dataset(X[:160]), dataset(X[150:])) == []
    X = np.random.default_rng(3).normal(size=(3000, 4))
    (message,) = relation(dataset(X[:2000]), dataset(X[1000:, ::-1]))
    assert message.startswith("about ")
    assert float(message[6:8]) == pytest.approx(33, abs=6)  # of 512 keys: three deviations


def test_other_data_have_nothing_in_common() -> None:
    names = [cls.name for cls in DATASETS.classes() if "..." not in cls.defaults().values()]
    sketches = {name: sketch_of(DATASETS.build(name).load()) for name in names}
    assert list(same_data(sketches)) == []


def test_a_sketch_survives_json() -> None:
    import json

    sketch = sketch_of(DATASETS.build("iris").load())
    assert Sketch.of_plain(json.loads(json.dumps(sketch.plain()))) == sketch
