"""Each trap that a check is for, made up and found; and nothing found where nothing is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import scipy.sparse as sp

from algrid.checks import Finding, check_dataset, check_datasets, notes, same_data, shared_rows, table
from algrid.checks.between import sketch_of
from algrid.checks.columns import class_from_one_column
from algrid.datasets import DATASETS, Dataset, DatasetPlugin
from algrid.errors import DatasetError
from algrid.splits import SPLITS

N = 60


def clean(n: int = N, columns: int = 3) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, columns))


def dataset(X: Any, y: Any = None, categorical: tuple[int, ...] = (), names: tuple[str, ...] = ()) -> Dataset:
    y = np.arange(X.shape[0]) % 2 if y is None else np.asarray(y)
    return Dataset("d", X, y, tuple("abcdef"[: y.max() + 1]), categorical, names)


def found(data: Dataset) -> dict[str, Finding]:
    return {finding.check: finding for finding in check_dataset(data)}


def test_clean_data_have_no_finding() -> None:
    assert found(dataset(clean())) == {}
    assert found(dataset(sp.csr_matrix(clean()))) == {}


def test_ids() -> None:
    X = np.column_stack([clean(), np.arange(N), 900 - 7 * np.arange(N), np.random.default_rng(2).permutation(N)])
    findings = found(dataset(X, names=("a", "b", "c", "row", "falls", "shuffled")))
    assert set(findings) == {"id", "unique"}
    assert findings["id"].columns == ("row", "falls")
    assert findings["id"].severity == "warning"
    assert "drop_ids" in findings["id"].cure
    assert findings["unique"].columns == ("shuffled",)


def test_an_id_that_gives_the_class_away_as_iris_has_it() -> None:
    iris = DATASETS.build("iris").load()
    assert "leak" not in found(iris)
    with_id = Dataset("iris", np.column_stack([iris.X, np.arange(150)]), iris.y, iris.class_names)
    findings = found(with_id)
    assert findings["id"].columns == findings["leak"].columns == ("4",)
    assert "balanced accuracy of a few intervals of it 1.000" in findings["leak"].message


def test_one_column_against_the_class_by_hand() -> None:
    y = np.array([0] * 4 + [1] * 4)
    X = np.array([[1, 1], [2, 5], [3, 2], [6, 6], [4, 3], [5, 7], [7, 4], [8, 8]], dtype=float)
    positions, auc, accuracy = class_from_one_column(dataset(np.repeat(X, 3, axis=0), np.repeat(y, 3)))
    assert positions.tolist() == [0, 1]
    # pairs of different classes that are in order: 3 + 3 + 4 + 4 and 2 + 4 + 2 + 4 of 16
    assert auc == pytest.approx([14 / 16, 12 / 16])
    assert accuracy[0] == pytest.approx(1.0)  # four intervals: 1-3, 4-5, 6, 7-8


def test_a_leak_in_sparse_features_and_in_gaps() -> None:
    y = np.arange(N) % 2
    leaking = clean()
    leaking[:, 1] = y * 3.0
    assert found(dataset(sp.csr_matrix(leaking), y))["leak"].columns == ("1",)
    missing = clean()
    missing[y == 1, 2] = np.nan  # that it is missing tells the class
    assert found(dataset(missing, y))["leak"].columns == ("2",)


@pytest.mark.parametrize("make", [np.asarray, sp.csr_matrix])
def test_constant_and_copied_columns(make: Any) -> None:
    X = np.column_stack([clean(), np.full(N, 4.0), clean()[:, 1], np.zeros(N), np.zeros(N)])
    findings = found(dataset(make(X)))
    assert findings["constant"].columns == ("3", "5", "6")
    assert findings["copied column"].columns == ("4",)


def test_missing_values() -> None:
    X = clean()
    X[0, 0] = X[: N // 2 + 1, 2] = np.nan
    finding = found(dataset(X))["missing"]
    assert finding.columns == ("2", "0")
    assert finding.severity == "warning"
    assert "17.8% of the values are missing, in 51.7% of the rows and 2 column(s), 1 of which" in finding.message
    X[: N // 2 + 1, 2] = 0.5
    assert found(dataset(X))["missing"].severity == "note"


def test_many_categories() -> None:
    codes = np.arange(N) % 51
    finding = found(dataset(np.column_stack([clean(), codes, codes % 5]), categorical=(3, 4)))["categories"]
    assert finding.columns == ("3",)
    assert "51 in all" in finding.message


def test_equal_rows_and_contradictions() -> None:
    X, y = clean(), np.arange(N) % 2
    X[10], X[20], X[31] = X[0], X[0], X[1]  # rows 0, 10, 20 are of class 0, rows 1, 31 of class 1
    findings = found(dataset(X, y))
    assert findings["duplicate rows"].rows == (0, 1, 10, 20, 31)
    assert f"{N - 3} of {N} rows are distinct" in findings["duplicate rows"].message
    assert "contradictions" not in findings
    y[20] = 1
    finding = found(dataset(X, y))["contradictions"]
    assert finding.rows == (0, 10, 20)
    assert "right on more than 98.33% of all rows" in finding.message  # one of 60 is wrong
    assert finding.severity == "note"


def test_texts() -> None:
    texts = ("a b", "c", "a  b ", "d", "e", "c")
    data = Dataset("t", np.empty((6, 0)), np.array([0, 1, 1, 0, 1, 1]), ("x", "y"), documents=texts)
    findings = found(data)
    assert findings["duplicate rows"].rows == (0, 1, 2, 5)
    assert findings["contradictions"].rows == (0, 2)
    shared = shared_rows(data, np.array([0, 1, 3]), np.array([2, 4, 5]))
    assert shared is not None
    assert shared.rows == (2, 5)
    (same,) = same_data({"t": sketch_of(data), "again": sketch_of(data)})
    assert same.message.startswith("the same data")


def test_test_rows_that_the_pool_has() -> None:
    X = clean()
    X[[5, 50, 51]] = X[0]
    data = dataset(X)
    finding = shared_rows(data, np.arange(40), np.arange(40, N))
    assert finding is not None
    assert finding.rows == (50, 51)
    assert finding.message.startswith("2 of 20 test rows (10.0%)")
    assert finding.severity == "warning"
    assert shared_rows(data, np.array([1, 2]), np.arange(40, N)) is None


def test_rare_classes_and_imbalance() -> None:
    y = np.array([0] * 300 + [1] * 9 + [2])
    findings = check_dataset(dataset(clean(310), y))
    assert [(f.check, f.severity) for f in findings] == [
        ("rare classes", "error"),
        ("rare classes", "note"),
        ("imbalance", "warning"),
    ]
    assert "1 class(es) have fewer than 2 rows (c (1))" in findings[0].message
    assert "(b (9))" in findings[1].message
    assert "300 times the rows of the smallest; always guessing it is right for 96.8%" in findings[2].message


def test_the_table_has_the_worst_first_and_names_ten() -> None:
    findings = [
        Finding("b", "note", "m", "c", columns=tuple("abcdefghijkl"), rows=tuple(range(12)), dataset="x"),
        Finding("a", "error", "m", "c", dataset="y"),
    ]
    frame = table(findings)
    assert frame["severity"].tolist() == ["error", "note"]
    assert frame["columns"].tolist() == ["", "a, b, c, d, e, f, g, h, i, j"]
    assert frame["rows"].tolist() == ["", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"]
    assert list(table([]).columns) == list(frame.columns)


@dataclass(frozen=True)
class Made(DatasetPlugin):
    """Made-up rows: with an id, or fewer of them, or none to be had."""

    name: ClassVar[str] = "made"
    kind: str = "id"

    def load(self) -> Dataset:
        """The data."""
        if self.kind == "absent":
            raise DatasetError("the data are not here. Fetch them.")
        X = np.column_stack([clean(), np.arange(N) if self.kind == "id" else clean()[:, 0] ** 2])
        if self.kind == "shuffled":
            X = X[np.random.default_rng(5).permutation(N)][:, [2, 3, 0, 1]]
        return Dataset(self.dataset_name, X, np.arange(N) % 2, ("a", "b"), (), tuple("pqrs"))


def test_datasets_are_checked_once_and_what_can_t_be_had_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path))
    plugins = [Made(), Made("plain"), Made("absent"), Made("shuffled")]
    first = check_datasets(plugins)
    assert first[["dataset", "check", "severity"]].to_numpy().tolist() == [
        ["made(kind=absent)", "load", "error"],
        ["made", "id", "warning"],
        ["made(kind=shuffled)", "same data", "warning"],
    ]
    assert "not here. Fetch them." in first["message"][0]
    assert first["columns"][1] == "s"
    assert first["message"][2].endswith("as made(kind=plain)")
    monkeypatch.setattr("algrid.checks.datasets.check_dataset", lambda dataset: pytest.fail("checked again"))
    assert check_datasets(plugins).equals(first)


@pytest.mark.filterwarnings("ignore::algrid.errors.AlgridWarning")
def test_what_reading_says_is_a_finding_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path / "cache"))
    rows = [f"{i}.5,{i % 7}.25,{'ab'[i % 2]}" for i in range(39)] + ["n.a.,1.25,a"]
    (tmp_path / "things.csv").write_text("\n".join(["size,x,kind", *rows]))
    plugin = DATASETS.build("file", {"path": str(tmp_path / "things.csv"), "target": "kind", "rows": 50})
    for _ in range(2):
        found = check_datasets([plugin]).query("check == 'reading'")
        assert found["severity"].tolist() == ["warning", "warning"]
        assert found["message"].tolist() == [
            "column 'size' of dataset 'things' has 39 different numbers and texts such as 'n.a.': all are taken for "
            "categories",
            "dataset 'things' is not as expected: it has 40 rows instead of 50",
        ]
        assert found["cure"].iloc[0] == "if such a text means missing, leave those values empty"
    assert any("n.a." in line for line in notes([plugin], SPLITS.build("stratified"), 0))


def test_notes_are_short() -> None:
    split = SPLITS.build("stratified")
    (line,) = notes([Made(), Made("plain")], split, 0)
    assert line.startswith("made: 1 column numbers the rows instead of describing them (s); drop it")
    many = [DATASETS.build("iris"), *(Named(str(i)) for i in range(4))]
    lines = notes(many, split, 0)
    assert lines[0].startswith("id: 4 datasets (0, 1, 2, ...); `algrid datasets check` says more")


@dataclass(frozen=True)
class Named(Made):
    """The same under another name, with further rows of its own."""

    name: ClassVar[str] = "named"
    title: str = ""

    def __init__(self, title: str) -> None:
        object.__setattr__(self, "kind", "id")
        object.__setattr__(self, "title", title)

    @property
    def dataset_name(self) -> str:
        """The title."""
        return self.title


def test_shared_rows_of_the_grid_s_own_split_are_noted() -> None:
    (line,) = notes([Copied()], SPLITS.build("stratified", {"test_size": 0.5}), 3)
    assert line.startswith("copied: ")
    assert "test rows" in line


@dataclass(frozen=True)
class Copied(DatasetPlugin):
    """Every row twice."""

    name: ClassVar[str] = "copied"

    def load(self) -> Dataset:
        """The data."""
        return Dataset("copied", np.repeat(clean(), 2, axis=0), np.repeat(np.arange(N) % 2, 2), ("a", "b"))
