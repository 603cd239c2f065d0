"""Tables and arrays become datasets."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.datasets import Dataset
from algrid.errors import AlgridWarning, DatasetError


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": [30.5, np.nan, 40.0, -0.0],
            "colour": ["red", "blue", None, "red"],
            "ok": [True, False, True, True],
            "n": [3, 1, 2, 2],
            "y": ["no", "yes", "no", "maybe"],
        }
    )


def test_hand_made_table() -> None:
    data = Dataset.from_frame(table(), target="y", name="t")
    assert data.name == "t"
    assert data.feature_names == ("age", "colour", "ok", "n")
    assert data.class_names == ("maybe", "no", "yes")
    assert data.y.tolist() == [1, 2, 1, 0]
    assert data.categorical == (1, 2)
    expected = [[30.5, 1, 1, 3], [np.nan, 0, 0, 1], [40, np.nan, 1, 2], [0, 1, 1, 2]]
    np.testing.assert_array_equal(data.X, expected)
    assert not np.signbit(data.X[3, 0])


def test_numbers_as_categories_and_dropped_columns() -> None:
    data = Dataset.from_frame(table(), target="y", categorical=["n"], drop=["age", "ok"])
    assert data.feature_names == ("colour", "n")
    assert data.categorical == (0, 1)
    assert data.X[:, 1].tolist() == [2, 0, 1, 1]


@pytest.mark.parametrize(
    "convert",
    [
        lambda frame: frame.convert_dtypes(),
        lambda frame: frame.astype(object),
        lambda frame: frame.astype({"colour": "category", "y": "category", "n": "category"}),
        lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
        lambda frame: frame.set_index(pd.Index([7, 7, 3, 1])),
    ],
)
def test_how_a_table_stores_its_values_does_not_count(convert: Any) -> None:
    plain = Dataset.from_frame(table(), target="y", categorical=["n"])
    other = Dataset.from_frame(convert(table()), target="y", categorical=["n"])
    assert other.class_names == plain.class_names
    assert other.content_hash == plain.content_hash


def test_column_names_need_not_be_text() -> None:
    frame = pd.DataFrame([[1.0, 2.0, 0], [3.0, 4.0, 1]])
    data = Dataset.from_frame(frame, target=2, drop=[0])
    assert data.feature_names == ("1",)
    assert data.y.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("labels", "names", "codes"),
    [
        ([10, 9, 10], ("9", "10"), [1, 0, 1]),
        ([1.0, -1.0, 1.0], ("-1", "1"), [1, 0, 1]),
        ([0.5, 1.0, 0.5], ("0.5", "1"), [0, 1, 0]),
        (["10", "9", "10"], ("10", "9"), [0, 1, 0]),
        ([True, False, True], ("False", "True"), [1, 0, 1]),
        (np.array([b"x", b"w", b"x"], dtype=object), ("w", "x"), [1, 0, 1]),
        (np.array([2**63 + 1, 2**63, 2**63], dtype=np.uint64), (str(2**63), str(2**63 + 1)), [1, 0, 0]),
        (pd.Series([3, 1, 3], index=[5, 5, 5], dtype="Int64"), ("1", "3"), [1, 0, 1]),
    ],
)
def test_classes_are_sorted_labels(labels: Any, names: tuple[str, ...], codes: list[int]) -> None:
    data = Dataset.from_arrays([[1.0], [2.0], [3.0]], labels)
    assert data.class_names == names
    assert data.y.tolist() == codes


def test_a_thousand_classes() -> None:
    labels = [f"class {i % 1000:04d}" for i in range(3000)]
    data = Dataset.from_arrays(np.zeros((3000, 1)), labels)
    assert data.n_classes == 1000
    assert data.class_names[-1] == "class 0999"
    assert (data.class_counts == 3).all()


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=30).filter(lambda values: len(set(values)) > 1))
@settings(deadline=None, max_examples=30)
def test_labels_come_back(labels: list[int]) -> None:
    data = Dataset.from_arrays(np.zeros((len(labels), 1)), labels)
    assert [int(data.class_names[code]) for code in data.y] == labels
    assert list(data.class_names) == [str(label) for label in sorted(set(labels))]


def test_arrays_are_copied() -> None:
    X, y = np.array([[1.0], [2.0]]), np.array([0, 1])
    data = Dataset.from_arrays(X, y)
    X[0], y[0] = 99, 1
    assert data.X[0, 0] == 1
    assert data.y[0] == 0


def test_arrays_of_text_and_forced_categories() -> None:
    X = np.array([["b", 30, 1.5], ["a", 10, 2.5], ["b", None, 3.5]], dtype=object)
    data = Dataset.from_arrays(X, [0, 1, 1], categorical=[1], feature_names=["s", "n", "f"])
    np.testing.assert_array_equal(data.X, [[1, 1, 1.5], [0, 0, 2.5], [1, np.nan, 3.5]])
    assert data.categorical == (0, 1)
    assert data.feature_names == ("s", "n", "f")


def test_a_data_frame_of_features_keeps_its_names() -> None:
    frame = table().drop(columns="y")
    data = Dataset.from_arrays(frame, table()["y"], name="t")
    assert data.content_hash == Dataset.from_frame(table(), target="y").content_hash
    assert data.feature_names == ("age", "colour", "ok", "n")


def test_sparse_features_are_canonical() -> None:
    unsorted = sp.csr_matrix((np.array([2.0, 1.0, 0.0]), np.array([1, 0, 2]), np.array([0, 2, 3])), shape=(2, 3))
    data = Dataset.from_arrays(unsorted, [0, 1])
    assert data.X.indices.tolist() == [0, 1]
    assert data.X.data.tolist() == [1.0, 2.0]
    assert unsorted.nnz == 3  # the given matrix is left alone
    again = Dataset.from_arrays(sp.csr_matrix([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0]]), [0, 1])
    assert data.content_hash == again.content_hash
    assert data.content_hash != Dataset.from_arrays(unsorted.toarray(), [0, 1]).content_hash


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"target": "Y"}, r"no target 'Y'.* Its columns: age, colour, ok, n, y"),
        ({}, {"target": "colou"}, r"Did you mean 'colour'\?"),
        ({}, {"target": "y", "drop": ["agee"]}, r"no column to drop 'agee'. Did you mean 'age'"),
        ({}, {"target": "y", "categorical": ["m"]}, r"no categorical column 'm'"),
        ({}, {"target": "y", "categorical": ["y"]}, r"no categorical column 'y'"),
        ({}, {"target": "y", "drop": ["age", "colour", "ok", "n"]}, r"no feature column"),
        ({"y": ["a", None, "b", None]}, {"target": "y"}, r"2 rows without a label, the first being row 1"),
        ({"y": [0.0, 1.0, np.inf, 0.0]}, {"target": "y"}, r"infinite label"),
        ({"y": [1, 1, 1, 1]}, {"target": "y"}, r"1 class \(1\)"),
        ({"age": [np.nan] * 4, "n": [None] * 4}, {"target": "y"}, r"without any value: age, n. Drop them"),
        ({"age": [1.0, np.inf, 2.0, -np.inf]}, {"target": "y"}, r"infinite values in the columns age"),
        ({"n": pd.date_range("2020-01-01", periods=4)}, {"target": "y"}, r"column 'n' .* Timestamp.* drop it"),
        ({"n": [[1], [2], [3], [4]]}, {"target": "y"}, r"value of type list"),
        ({"n": [1j, 2, 3, 4]}, {"target": "y"}, r"value of type complex"),
        ({"y": [[1], [2], [3], [4]]}, {"target": "y"}, r"the target of dataset 'data' has a value of type list"),
    ],
)
def test_what_a_table_must_not_hold(change: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        Dataset.from_frame(table().assign(**change), **options)


def test_repeated_columns_and_no_rows() -> None:
    with pytest.raises(DatasetError, match="two columns called 'age'"):
        Dataset.from_frame(pd.concat([table(), table()[["age"]]], axis=1), target="y")
    with pytest.raises(DatasetError, match="no rows, only the columns age, colour"):
        Dataset.from_frame(table().iloc[:0], target="y")
    with pytest.raises(DatasetError, match="1 class"):
        Dataset.from_frame(table().iloc[:1], target="y")


def test_regression_targets_are_refused() -> None:
    X = np.zeros((202, 1))
    with pytest.raises(DatasetError, match="202 different labels with fractions: that looks like a regression"):
        Dataset.from_arrays(X, np.arange(202) + 0.5)
    assert Dataset.from_arrays(X, np.arange(202.0)).n_classes == 202  # whole numbers are classes
    assert Dataset.from_arrays(X, np.arange(202) % 100 + 0.5).n_classes == 100


@pytest.mark.parametrize(
    ("X", "y", "options", "message"),
    [
        ([1.0, 2.0], [0, 1], {}, r"features of shape \(2,\)"),
        ([[1.0], [2.0]], [[0, 1], [1, 0]], {}, r"labels of shape \(2, 2\).*multi-label"),
        ([[1.0], [2.0]], [0, 1, 1], {}, r"2 rows of features but labels of shape \(3,\)"),
        ([[1.0], [2.0]], [0, 1], {"feature_names": ["a", "b"]}, r"1 columns but 2 feature names"),
        ([[1.0], [2.0]], [0, 1], {"categorical": [1]}, r"no column 1: categorical columns are 0 to 0"),
        (np.zeros((2, 0)), [0, 1], {}, r"no feature column"),
        (np.zeros((0, 2)), [], {}, r"no rows"),
        (sp.csr_matrix([[np.inf], [1.0]]), [0, 1], {}, r"infinite"),
    ],
)
def test_what_arrays_must_not_be(X: Any, y: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        Dataset.from_arrays(X, y, **options)


def test_ids_are_warned_of() -> None:
    n = 20
    frame = pd.DataFrame(
        {
            "row": range(5, 5 + n),
            "code": [f"c{i}" for i in range(n)],
            "x": [i * i % 9 for i in range(n)],
            "y": [0, 1] * 10,
        }
    )
    with pytest.warns(AlgridWarning, match="look like ids, not features: row, code"):
        Dataset.from_frame(frame, target="y")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Dataset.from_frame(frame, target="y", drop=["row", "code"])
        Dataset.from_frame(frame, target="y", categorical=["row", "code"])
        Dataset.from_frame(frame.head(n - 1), target="y")


def test_class_codes_have_classes() -> None:
    with pytest.raises(DatasetError, match="class codes from 0 to 2, but its 2 classes are 0 to 1"):
        Dataset("d", np.zeros((2, 1)), np.array([0, 2]), ("a", "b"))
