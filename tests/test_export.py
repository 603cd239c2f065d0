"""Exported files hold what the DataFrames hold."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from small_store import make_store

from algrid.errors import AlgridError
from algrid.results import Results


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return Results(make_store(tmp_path_factory.mktemp("export") / "tiny"))


def read(path: Path, order: list[str]) -> pd.DataFrame:
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    return frame.sort_values(order, ignore_index=True)


def plain(frame: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    labels = frame.select_dtypes("category").columns
    return frame.astype(dict.fromkeys(labels, object)).sort_values(order, ignore_index=True)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_tables_come_back(results: Results, tmp_path: Path, ending: str) -> None:
    runs, points, scores = (tmp_path / f"{name}{ending}" for name in ("runs", "curves", "scores"))
    assert results.export("runs", runs) == 24
    found, expected = read(runs, ["run_id"]), plain(results.runs, ["run_id"])
    for name in ("run_id", "dataset", "strategy", "batch_size", "reach", "stop_reason"):
        assert found[name].tolist() == expected[name].tolist(), name
    order = ["run_id", "cycle"]
    expected = plain(results.curves("f1_macro", "pool"), order)
    assert results.export("curves", points, metric="f1_macro", part="pool") == len(expected)
    found = read(points, order)
    assert found["value"].tolist() == pytest.approx(expected["value"].tolist(), abs=1e-15)
    assert found["n_labeled"].tolist() == expected["n_labeled"].tolist()
    assert set(found.columns) == set(expected.columns)
    assert results.export("scores", scores, aggregate="final", budgets=[5, None]) == 48
    expected = plain(results.scores("accuracy", "final", [5]), ["run_id"])
    found = read(scores, ["run_id"])
    assert found[found["budget"] == 5]["value"].tolist() == pytest.approx(expected["value"].tolist(), abs=1e-15)


def test_a_part_of_them(results: Results, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    assert results.export("runs", path, where="dataset = 'iris' AND batch_size = 2") == 6
    assert results.export("curves", path, where="dataset = 'iris' AND cycle = 0") == 12
    assert results.export("scores", path, where="strategy = 'margin'") == 12
    assert set(pd.read_parquet(path)["strategy"]) == {"margin"}


def test_mistakes(results: Results, tmp_path: Path) -> None:
    with pytest.raises(AlgridError, match=r"unknown table to export 'run'\. Did you mean 'runs'"):
        results.export("run", tmp_path / "a.csv")
    with pytest.raises(AlgridError, match="depend on other runs"):
        results.export("scores", tmp_path / "a.csv", aggregate="ramp_up")
    with pytest.raises(AlgridError, match="ends in neither"):
        results.export("runs", tmp_path / "a.xlsx")
    with pytest.raises(AlgridError, match="no_such_column"):
        results.export("runs", tmp_path / "a.csv", where="no_such_column = 1")
    assert not (tmp_path / "a.csv").exists()
