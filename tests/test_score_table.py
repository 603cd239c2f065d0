"""The derived table of scores: what `curves.scores` gives, computed once for each shard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_store import GRID, make_store
from store.store_rows import KEEP

import algrid.score_table
from algrid.curves import score_columns, scores
from algrid.results import Results
from algrid.score_table import is_derivable
from algrid.store import Store


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(make_store(tmp_path / "tiny"))


def direct(results: Results, metric: str = "accuracy", **options: Any) -> pd.DataFrame:
    rows = results.snapshot.table("runs", score_columns(metric, options.get("part", "test")))
    return scores(rows, metric=metric, **options)


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    order = ["run_id", "budget"]
    found, expected = (f.sort_values(order, ignore_index=True) for f in (found, expected))
    pd.testing.assert_frame_equal(found, expected, check_categorical=False)
    assert found.attrs == expected.attrs


@pytest.mark.parametrize(
    ("metric", "options"),
    [
        ("accuracy", {"budgets": [10]}),
        ("f1_macro", {"budgets": [5, None, 10], "aggregate": "final", "part": "pool"}),
        ("accuracy", {"budgets": None, "include_start": False}),
        ("accuracy", {"budgets": 7, "aggregate": "mean"}),
    ],
)
def test_it_is_what_scores_gives(results: Results, metric: str, options: dict[str, Any]) -> None:
    wanted = {**options, "budgets": [10] if options["budgets"] is None else options["budgets"]}
    for _ in range(2):  # made, then read
        same(results.scores(metric, **options), direct(results, metric, **wanted))


def test_a_shard_is_scored_once_and_new_shards_are_added(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(rows: Any, **options: Any) -> pd.DataFrame:
        asked.append(rows.num_rows)
        return scores(rows, **options)

    monkeypatch.setattr(algrid.score_table, "scores", counted)
    n = len(results.scores())
    assert sum(asked) == n == 24
    results.scores()
    assert sum(asked) == n
    make_store(results.path, {**GRID, "seed": 1})
    assert len(results.scores()) == sum(asked) == 2 * n, "only the new shard"


def test_superseded_rows_are_not_scored(results: Results) -> None:
    again = results.snapshot.table("runs", where="dataset = 'iris'")
    with Store.open(results.path).writer(policy=KEEP) as writer:
        writer.append("runs", again)
    assert len(results.snapshot.manifest.of("runs")) == 2
    same(results.scores(), direct(results, budgets=[10]))
    assert len(results.scores()) == 24
    Store.open(results.path).compact()
    same(results.scores(), direct(results, budgets=[10]))


def test_a_damaged_table_is_made_again(results: Results) -> None:
    expected = results.scores()
    (path,) = (results.path / "derived").glob("scores-*/*.parquet")
    path.write_bytes(path.read_bytes()[:-9])
    same(results.scores(), expected)


def test_what_depends_on_other_runs_is_not_derived(results: Results) -> None:
    assert is_derivable("accuracy", "aubc")
    assert not is_derivable("accuracy", "ramp_up")
    assert not is_derivable("accuracy", "labels_to_skyline")
    assert len(results.scores(aggregate="ramp_up")) == 24
    assert len(results.scores(where="dataset = 'iris'")) == 12
    assert not (results.path / "derived").exists()


def test_a_query_over_scores(results: Results) -> None:
    table = results.sql("SELECT dataset, avg(value) AS mean, count(*) AS n FROM scores GROUP BY ALL ORDER BY ALL")
    expected = results.scores().groupby("dataset", observed=True)["value"].mean()
    assert table["dataset"].tolist() == ["iris", "wine"]
    assert table["mean"].tolist() == pytest.approx(expected.tolist())
    assert table["n"].tolist() == [12, 12]
    assert results.sql("SELECT count(*) AS n FROM runs JOIN scores USING (run_id)")["n"].tolist() == [24]
