"""A user's own files as datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from algrid.datasets import DATASETS, Dataset
from algrid.datasets.file import File
from algrid.errors import DatasetError, PluginError

SHARED = Path(__file__).parents[3] / "shared" / "datasets"


def write(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def load(path: str, **options: Any) -> Dataset:
    return DATASETS.build("file", {"path": path, **options}).load()


CSV = "age,colour,n,y\n30.5,red,3,no\n,blue,1,yes\n40.1,?,2,no\n"


def test_csv(tmp_path: Path) -> None:
    data = load(write(tmp_path / "people.csv", CSV), target="y")
    assert data.name == "people"
    assert data.feature_names == ("age", "colour", "n")
    assert data.class_names == ("no", "yes")
    assert data.y.tolist() == [0, 1, 0]
    assert data.categorical == (1,)
    np.testing.assert_array_equal(data.X, [[30.5, 1, 3], [np.nan, 0, 1], [40.1, np.nan, 2]])


def test_options(tmp_path: Path) -> None:
    data = load(write(tmp_path / "a.csv", CSV), target="y", title="People", categorical=["n"], drop=["age", "colour"])
    assert data.name == "People"
    assert data.feature_names == ("n",)
    assert data.X[:, 0].tolist() == [2, 0, 1]
    assert data.categorical == (0,)


def test_other_spellings_of_a_csv_are_the_same_data(tmp_path: Path) -> None:
    plain = load(write(tmp_path / "a.csv", CSV), target="y")
    others = {
        "semicolon.csv": CSV.replace(",", ";"),
        "tab.tsv": CSV.replace(",", "\t"),
        "bom.csv": "\ufeff" + CSV,
        "windows.csv": CSV.replace("\n", "\r\n"),
        "quoted.csv": CSV.replace("red", '"red"').replace("age", '"age"'),
        "spaces.csv": CSV.replace(",", ", "),
        "na.csv": CSV.replace("?", "NA"),
    }
    for name, text in others.items():
        other = load(write(tmp_path / name, text), target="y")
        assert other.feature_names == plain.feature_names, name
        assert other.content_hash == plain.content_hash, name


def test_csv_and_parquet_are_the_same_data(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.standard_normal(500) * 10.0 ** rng.integers(-9, 9, 500), "s": list("abcde") * 100})
    frame["y"] = np.arange(500) % 3
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.astype({"s": "category"}).set_index(frame.index + 3).to_parquet(tmp_path / "b.parquet")
    csv, parquet = (File(path=str(tmp_path / name), target="y") for name in ("a.csv", "b.parquet"))
    assert csv.load().X[:, 0].tolist() == frame["x"].tolist()
    assert csv.load().content_hash == parquet.load().content_hash
    assert csv.identity() == parquet.identity()


def test_libsvm(tmp_path: Path) -> None:
    data = load(write(tmp_path / "a.svm", "+1 1:3 3:4.5 # first\n-1 2:1\n+1\n"), target="label")
    assert data.class_names == ("-1", "1")
    assert data.y.tolist() == [1, 0, 1]
    assert data.feature_names == ("1", "2", "3")
    np.testing.assert_array_equal(data.X, [[3, 0, 4.5], [0, 1, 0], [0, 0, 0]])


def test_libsvm_indices_from_zero_and_options(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "10 0:3 2:4\n9 1:7\n9 1:5 2:1\n")
    assert load(path).feature_names == ("0", "1", "2")
    data = load(path, drop=["0"], categorical=["1"])
    assert data.feature_names == ("1", "2")
    assert data.categorical == (0,)
    np.testing.assert_array_equal(data.X, [[0, 4], [2, 0], [1, 1]])
    assert data.class_names == ("9", "10")


def test_wide_libsvm_stays_sparse(tmp_path: Path) -> None:
    lines = [f"{row % 2} {row + 1}:1.5 2000000:{row + 1}" for row in range(4)]
    data = load(write(tmp_path / "wide.svm", "\n".join(lines)))
    assert sp.issparse(data.X)
    assert data.X.shape == (4, 2_000_000)
    assert data.X.nnz == 8


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.csv", "", {"target": "y"}, r"is empty"),
        ("a.csv", "\n\n", {"target": "y"}, r"can't be read as CSV .*No columns"),
        ("a.csv", "a,y\n", {"target": "y"}, r"no rows, only the columns a, y"),
        ("a.csv", "a,y\n1,2\n", {}, r"needs a target, .*: one of a, y"),
        ("a.csv", "a,label\n1,2\n", {"target": "labels"}, r"no target 'labels'. Did you mean 'label'\?"),
        ("a.csv", "a,a,y\n1,2,3\n", {"target": "y"}, r"two columns called 'a'"),
        ("a.csv", "a,y\n1,2\n1,2,3\n", {"target": "y"}, r"can't be read as CSV .*line 3"),
        ("a.csv", "a,y\n1,2,3\n1,2,3\n", {"target": "y"}, r"can't be read as CSV"),
        ("a.csv", "a,y\n1,\n2,x\n", {"target": "y"}, r"1 rows without a label"),
        ("a.csv", "a,b,y\n1,,p\n2,,q\n", {"target": "y"}, r"without any value: b"),
        ("a.csv", "a,y\ninf,p\n2,q\n", {"target": "y"}, r"infinite values in the columns a"),
        ("a.csv", "é,y\n1,2\n".encode("latin-1"), {"target": "y"}, r"can't be read as text in UTF-8: line 1"),
        ("a.csv", b"\x00\x01\x02\xff", {"target": "y"}, r"can't be read as text in UTF-8"),
        ("a.parquet", "not parquet", {"target": "y"}, r"can't be read as Parquet"),
        ("a.svm", "plain text, no numbers", {}, r"can't be read as LIBSVM .*could not convert"),
        ("a.txt", "good it is\nbad it is not\n", {}, r"lines of `label text` are read by text_file"),
        ("a.jsonl", "{}", {"target": "y"}, r"Files of texts, such as .jsonl, are read by text_file"),
        ("a.svm", "1 2:1 1:1\n", {}, r"can't be read as LIBSVM"),
        ("a.svm", "1,2 1:1\n2 1:1\n", {}, r"can't be read as LIBSVM"),
        ("a.svm", "# nothing\n", {}, r"no rows|can't be read as LIBSVM"),
        ("a.svm", "1\n2\n", {}, r"no feature column"),
        ("a.svm", "1 1:1\n2 1:2\n", {"target": "y"}, r"Leave out target: 'y'"),
        ("a.svm", "1 1:1\n2 1:2\n", {"drop": ["3"]}, r"no column to drop '3'. Its columns: 1\."),
        ("a.svm", "1 1:1\n2 1:2\n", {"categorical": ["0"]}, r"no categorical column '0'"),
        ("a.svm", "1 1:1\n1 1:2\n", {}, r"1 class \(1\)"),
        ("a.xlsx", "x", {}, r"ending '.xlsx'; known are .csv, .tsv"),
    ],
)
def test_files_that_cant_be_used(
    tmp_path: Path, name: str, content: str | bytes, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        load(write(tmp_path / name, content), **options)


def test_regression_target_of_a_file(tmp_path: Path) -> None:
    lines = "".join(f"{row % 7},{row + 0.25}\n" for row in range(150))
    with pytest.raises(DatasetError, match="150 different labels with fractions"):
        load(write(tmp_path / "a.csv", "x,y\n" + lines), target="y")


def test_repeated_parquet_columns(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_arrays([pa.array([1, 2])] * 3, names=["a", "a", "y"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match="two columns called 'a'"):
        load(str(tmp_path / "a.parquet"), target="y")


def test_absent_files(tmp_path: Path) -> None:
    write(tmp_path / "heart.svm", "1 1:1\n")
    with pytest.raises(DatasetError, match=r"no file .*hart.svm'. Did you mean 'heart.svm'\?"):
        load(str(tmp_path / "hart.svm"))
    with pytest.raises(DatasetError, match="no file"):
        load(str(tmp_path / "absent" / "hart.svm"))
    with pytest.raises(DatasetError, match="is a folder"):
        load(str(tmp_path))
    with pytest.raises(PluginError, match="path"):
        DATASETS.build("file", {})


def test_identity_is_content(tmp_path: Path) -> None:
    first = File(path=write(tmp_path / "a.csv", CSV), target="y")
    moved = File(path=write(tmp_path / "b.csv", CSV), target="y", title="Other")
    assert first.identity() == moved.identity()
    assert first.label == first.dataset_name == "a"
    assert moved.label == moved.dataset_name == "Other"
    assert File(path=first.path, target="y", drop=("n",)).identity() != first.identity()
    before = first.identity()
    write(tmp_path / "a.csv", CSV.replace("30.5", "31.25"))
    assert first.identity() != before


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder shared/datasets is not beside the repository")
def test_public_files() -> None:
    shapes = {"heart": (270, 13, 2), "glass": (214, 9, 6), "d31": (3100, 2, 31), "german": (1000, 24, 2)}
    for name, shape in shapes.items():
        data = load(str(SHARED / "tabular" / f"{name}.svm"), target="label")
        assert (data.n_rows, data.n_features, data.n_classes) == shape
        assert data.name == name
    with pytest.raises(DatasetError, match="can't be read as LIBSVM"):
        load(str(SHARED / "text" / "trec_test.txt"))
