"""Whatever a table holds, the answer is a sound dataset or one clear error; what is doubtful is said."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from algrid.datasets import DATASETS, Dataset
from algrid.errors import AlgridWarning, DatasetError

KINDS: dict[str, st.SearchStrategy[Any]] = {
    "whole": st.integers(-3, 3),
    "large": st.integers(-(2**70), 2**70),
    "real": st.floats(allow_nan=True, allow_infinity=True),
    "tame": st.floats(-1e6, 1e6),
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=3),
    "truth": st.booleans(),
    "gaps": st.sampled_from([None, 1.5, 2.0]),
    "mixed": st.sampled_from(["a", 1, 2.5, None, True, "1", b"x"]),
    "date": st.sampled_from([pd.Timestamp("2020-01-01"), pd.NaT]),
    "nested": st.sampled_from([(1, 2), [3], {"a": 1}]),
    "empty": st.none(),
}


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Tables of up to 4 columns of any kinds, names of which may be the same or no texts."""
    n_rows = draw(st.integers(0, 8))
    kinds = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=4))
    columns = [draw(st.lists(KINDS[kind], min_size=n_rows, max_size=n_rows)) for kind in kinds]
    names = draw(st.lists(st.sampled_from(["a", "b", "c", "y", 7, ""]), min_size=len(kinds), max_size=len(kinds)))
    frame = pd.concat([pd.Series(column, dtype=draw(st.sampled_from([None, object]))) for column in columns], axis=1)
    return frame.set_axis(names, axis="columns")


def check_sound(data: Dataset) -> None:
    """The promises of `Dataset`."""
    assert data.X.dtype == np.float64
    assert data.X.shape == (data.n_rows, len(data.feature_names))
    assert not np.isinf(data.X).any()
    assert not np.isnan(data.X).all(axis=0).any()
    assert data.n_classes >= 2
    assert data.class_counts.min() >= 1
    assert len(set(data.class_names)) == data.n_classes
    for position in data.categorical:
        codes = data.X[:, position]
        codes = codes[~np.isnan(codes)]
        np.testing.assert_array_equal(np.unique(codes), np.arange(len(np.unique(codes))))


def check_named(error: DatasetError, *names: str) -> None:
    """An error says which data it is about, on one line."""
    assert any(name in str(error) for name in names), error
    assert "\n" not in str(error).strip()


@settings(max_examples=100, deadline=None)
@given(frames(), st.sampled_from(["a", "y", 7]))
def test_any_frame_is_a_sound_dataset_or_one_error(frame: pd.DataFrame, target: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AlgridWarning)
        try:
            data = Dataset.from_frame(frame, target=target)
        except DatasetError as error:
            check_named(error, "dataset 'data'")
            return
        check_sound(data)
        again = Dataset.from_frame(frame.copy(), target=target)
    assert again.content_hash == data.content_hash


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames(), st.sampled_from([".csv", ".parquet", ".csv.gz"]))
def test_any_file_of_a_frame_is_too(frame: pd.DataFrame, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", AlgridWarning)
        path = Path(folder) / f"x{ending}"
        try:
            frame.to_parquet(path) if ending == ".parquet" else frame.to_csv(path, index=False)
        except Exception:  # what pandas itself can't write
            return
        try:
            check_sound(DATASETS.build("file", {"path": str(path), "target": "y"}).load())
        except DatasetError as error:
            check_named(error, "'x'", str(path))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([".csv", ".parquet", ".svm", ".npz", ".arff", ".csv.gz", ".zip"]))
def test_any_bytes_are_an_error_or_data(content: bytes, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", AlgridWarning)
        path = Path(folder) / f"x{ending}"
        path.write_bytes(content)
        try:
            check_sound(DATASETS.build("file", {"path": str(path), "target": "y" if ending != ".svm" else ""}).load())
        except DatasetError as error:
            check_named(error, "'x'", str(path))


def test_a_column_of_numbers_and_texts_is_said() -> None:
    values = [*map(str, range(30)), "n/a", "30.5"]
    frame = pd.DataFrame({"a": values, "y": [0, 1] * 16})
    with pytest.warns(AlgridWarning) as said:
        data = Dataset.from_frame(frame.assign(a=[*values[:31], "n/a"]), target="y")
    text = " ".join(str(warning.message) for warning in said)
    assert "column 'a' of dataset 'data' has 30 different numbers and texts such as 'n/a'" in text
    assert data.categorical == (0,)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Dataset.from_frame(frame.assign(a=["1", "2", "x", "y"] * 8), target="y")  # codes, few of them
        Dataset.from_frame(frame.assign(a=[*values[:31], "n/a"]), target="y", categorical=["a"])


def test_decimal_commas_are_said() -> None:
    frame = pd.DataFrame({"price": [f"{i},5" for i in range(30)] * 2, "y": [0, 1] * 30})
    with pytest.warns(AlgridWarning, match=r"column 'price' .* has 30 different numbers with a decimal comma.*'0,5'"):
        Dataset.from_frame(frame, target="y")


@pytest.mark.parametrize("labels", [[1, "1", 2, "2"], [None, 1, "b", 3], [1.5, "a", "b", "b"]])
def test_labels_of_mixed_types_are_refused(labels: list[Any]) -> None:
    """1 and "1" would be one class, and only their owner knows."""
    for y in (labels, np.array(labels, dtype=object), pd.Series(labels).astype("category")):
        with pytest.raises(DatasetError, match=r"labels of mixed types, such as '.' \(text\) and 1"):
            Dataset.from_arrays(np.eye(4), y)
    with pytest.raises(DatasetError, match="labels of mixed types"):
        Dataset.from_frame(pd.DataFrame({"a": range(4), "y": labels}), target="y")


def test_a_target_can_t_be_dropped() -> None:
    with pytest.raises(DatasetError, match="the target 'y' among its dropped columns"):
        Dataset.from_frame(pd.DataFrame({"a": [1, 2], "y": [0, 1]}), target="y", drop=["y"])


def test_ten_thousand_categories_are_said() -> None:
    n = 20_000
    frame = pd.DataFrame({"zip": [f"z{i // 2}" for i in range(n)], "y": np.arange(n) % 2})
    with pytest.warns(AlgridWarning, match=r"column 'zip' of dataset 'data' has 10,000 categories, and one-hot"):
        data = Dataset.from_frame(frame, target="y")
    assert data.X[:, 0].max() == 9999


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"a": [], "y": []}), "no rows, only the columns a, y"),
        (pd.DataFrame({"a": [1, 2]}), "no target 'y'"),
        (pd.DataFrame({"y": [1, 2]}), "no feature column"),
        (pd.DataFrame({"a": [1, 2], "y": [1, None]}), "1 rows without a label"),
        (pd.DataFrame({"a": [np.inf, 2], "y": [1, 0]}), "infinite values in the columns a"),
        (pd.DataFrame({"a": [None, None], "y": [1, 0]}), "columns without any value: a"),
        (pd.DataFrame([[1, 2, 3]], columns=["a", "a", "y"]), "two columns called 'a'"),
        (pd.DataFrame({"a": [[1], [2]], "y": [1, 0]}), "a value of type list"),
        (pd.DataFrame({"a": pd.to_datetime(["2020", "2021"]), "y": [1, 0]}), "a value of type Timestamp"),
        (pd.DataFrame({"a": [1, 2], "y": [1, 1]}), "1 class"),
    ],
)
def test_each_trap_has_its_error(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        Dataset.from_frame(frame, target="y")
