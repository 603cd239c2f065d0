"""Looking at a file, and writing what it is into a catalogue."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algrid.catalogues import Catalogue
from algrid.catalogues.inspection import add_entry, inspect_file
from algrid.datasets import Dataset
from algrid.errors import AlgridWarning, DatasetError, GridError
from algrid.grid import GridSpec


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of all kinds of columns."""
    n = 60
    frame = pd.DataFrame(
        {
            "key": np.arange(n) + 100,
            "code": [f"c{i:03}" for i in range(n)],
            "weight": np.linspace(0.5, 9.5, n) % 3,
            "grade": np.arange(n) % 3,
            "colour": (["red", "blue", None] * n)[:n],
            "flag": [True, False] * (n // 2),
            "unit": "kg",
            "gone": np.nan,
            "kind": (["a", "b", "b"] * n)[:n],
        }
    )
    frame.to_csv(tmp_path / "things.csv", index=False)
    return tmp_path / "things.csv"


def test_roles(table: Path) -> None:
    entry, columns = inspect_file(str(table), "kind")
    assert {column.name: (column.role, column.why) for column in columns} == {
        "key": ("drop", "looks like an id"),
        "code": ("drop", "looks like an id"),
        "weight": ("numeric", "numbers"),
        "grade": ("numeric", "whole numbers of few values: perhaps categories"),
        "colour": ("categorical", "text or truth values"),
        "flag": ("categorical", "text or truth values"),
        "unit": ("drop", "always the same value"),
        "gone": ("drop", "no value"),
        "kind": ("target", "as given"),
    }
    colour = next(column for column in columns if column.name == "colour")
    assert (colour.n_distinct, colour.n_missing, colour.examples) == (2, 20, ("red", "blue"))
    assert (entry.name, entry.rows, entry.features, entry.classes) == ("things", 60, 4, 2)
    assert entry.drop == ("key", "code", "unit", "gone")


def test_what_is_given_wins(table: Path) -> None:
    entry, columns = inspect_file(str(table), "kind", name="T", drop=["weight"], categorical=["grade", "unit"])
    roles = {column.name: column.role for column in columns}
    assert (roles["weight"], roles["grade"], roles["unit"]) == ("drop", "categorical", "categorical")
    assert entry.categorical == ("grade", "unit")
    assert entry.drop == ("weight", "key", "code", "gone")
    assert entry.build().load().categorical == (0, 1, 2, 3)


@pytest.mark.parametrize("target", ["", "kinds"])
def test_a_missing_target_gets_proposals(table: Path, target: str) -> None:
    with pytest.raises(DatasetError, match=r"Likely ones: kind \(2 values\), flag .*All columns: key, code"):
        inspect_file(str(table), target)


def test_columns_that_are_odd(tmp_path: Path) -> None:
    n = 40
    frame = pd.DataFrame(
        {
            "size": [*map(str, range(n - 1)), "n/a"],
            "list": [[1, 2]] * n,
            "day": pd.to_datetime(["2020-01-02", "2020-01-01"] * (n // 2)),
            "price": pd.Series([1, 2.5] * (n // 2)).map(lambda value: Decimal(str(value))),
            "y": [0, 1] * (n // 2),
        }
    )
    frame.to_parquet(tmp_path / "odd.parquet")
    entry, columns = inspect_file(str(tmp_path / "odd.parquet"), "y")
    assert {column.name: (column.role, column.why[:30]) for column in columns} == {
        "size": ("categorical", "39 different numbers and texts"),
        "list": ("drop", "neither numbers nor text (ndar"),
        "day": ("drop", "neither numbers nor text (Time"),
        "price": ("numeric", "numbers"),
        "y": ("target", "as given"),
    }
    assert (entry.drop, entry.features) == (("list", "day"), 2)
    with pytest.raises(DatasetError, match=r"needs a target.*Likely ones: y \(2 values\)"):
        inspect_file(str(tmp_path / "odd.parquet"))


def test_a_file_of_texts_is_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({"body": [f"review number {i} of a long product" for i in range(30)], "y": [0, 1] * 15})
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(
        DatasetError, match=r"one of texts, in the column 'body'.* text_file: \{path: .*a.csv, text: body"
    ):
        inspect_file(str(tmp_path / "a.csv"), "y")
    frame.assign(stars=[1.0, 2.5] * 15).to_csv(tmp_path / "b.csv", index=False)
    entry, columns = inspect_file(str(tmp_path / "b.csv"), "y")
    assert (columns[0].role, columns[0].why) == ("drop", "documents: text_file reads them")
    assert entry.drop == ("body",)
    with pytest.warns(AlgridWarning) as said:
        Dataset.from_frame(frame, target="y")
    assert any("column 'body' of dataset 'data' has documents" in str(warning.message) for warning in said)


def test_a_matrix(tmp_path: Path) -> None:
    (tmp_path / "a.svm").write_text("1 1:2 2:3\n-1 1:4\n1 2:1\n")
    entry, columns = inspect_file(str(tmp_path / "a.svm"), drop=["2"])
    assert [(column.name, column.role) for column in columns] == [("1", "numeric"), ("2", "drop")]
    assert (entry.rows, entry.features, entry.classes, entry.drop) == (3, 1, 2, ("2",))


def test_entries_are_written_behind_each_other_and_read_back(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGRID_DATA", str(table.parent))
    first, _ = inspect_file(str(table), "kind")
    second, _ = inspect_file(str(table), "grade", name="by grade: #1", categorical=["weight"])
    path = add_entry(first)
    assert path == table.parent / "catalogue.yaml"
    path.write_text(path.read_text() + "  # a comment of mine\n")
    add_entry(second)
    text = path.read_text()
    assert "# a comment of mine" in text
    assert "file: things.csv" in text  # beside the catalogue, so that both can be moved
    assert Catalogue.open("catalogue").entries == (first, second)
    grid = GridSpec.from_dict({"datasets": ["things", "credit-g", "iris"], "strategies": ["random"]})
    assert grid.levels("dataset") == ("things", "credit-g", "iris")
    assert grid.datasets[0].load().n_rows == 60
    with pytest.raises(GridError, match="has a dataset 'things' already"):
        add_entry(first)


def test_a_catalogue_that_cant_be_appended_to_is_written_anew(table: Path, tmp_path: Path) -> None:
    entry, _ = inspect_file(str(table), "kind")
    path = tmp_path / "other" / "own.yaml"
    path.parent.mkdir()
    path.write_text("datasets: {a: {openml: 3}}\ntitle: mine\n")
    add_entry(entry, path)
    found = Catalogue.open(path)
    assert [known.name for known in found.entries] == ["a", "things"]
    assert (found.title, found["things"]) == ("mine", entry)
    path.write_text("dataset: {}\n")
    with pytest.raises(GridError, match="a catalogue has the key"):
        add_entry(entry, path)
