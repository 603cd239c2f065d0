"""Seconds of runs and groups, the front, and two stores compared: by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from runs import make_runs, make_skylines

from algrid.curves import scores
from algrid.errors import AlgridError
from algrid.runtime import pareto_front, run_seconds, runtime, trade_off
from algrid.schema import TIMING_COLUMNS
from algrid.store_comparison import compare_columns, compare_scores, compare_stores


def timed(query, fit, shared=None, **row):
    n = len(fit)
    seconds = {name: [0.0] * n for name in TIMING_COLUMNS if name.endswith("seconds")}
    return {
        **{"accuracy": [0.5] * n},
        **seconds,
        "query_seconds": query,
        "fit_seconds": fit,
        "fit_shared": [False] * n if shared is None else shared,
        **row,
    }


def test_seconds_of_runs():
    runs = make_runs([timed([0, 2, 4], [1, 1, 4], [True, False, False]), timed([], [], confusion=np.empty((0, 2, 2)))])
    found = run_seconds(runs)
    first = found.iloc[0]
    assert (first["query_seconds"], first["fit_seconds"], first["seconds"]) == (6.0, 6.0, 12.0)
    assert (first["n_queries"], first["n_fits"], first["labels"]) == (2, 3, 10)
    assert first["fits_shared"] == pytest.approx(1 / 3)
    assert (found.iloc[1]["seconds"], found.iloc[1]["n_queries"], found.iloc[1]["labels"]) == (0.0, 0, 0)
    assert np.isnan(found.iloc[1]["fits_shared"])


def test_seconds_of_groups():
    rows = [
        timed([0, 2, 4], [1, 1, 4]),
        timed([0, 8], [3, 3], seed=1),
        timed([0, 1], [1, 1], dataset="wine"),
        timed([0, 1], [1, 1], strategy="random", provenance="there"),
    ]
    found = runtime(run_seconds(make_runs(rows)), ["strategy"])
    margin = found[found["strategy"] == "margin"].iloc[0]
    # iris: 14 s in 3 queries, 12 s in 5 fits, 26 s in 2 runs; wine: 1, 1 and 3
    assert margin["query"] == pytest.approx((14 / 3 + 1) / 2)
    assert margin["fit"] == pytest.approx((12 / 5 + 1) / 2)
    assert margin["run"] == pytest.approx((13 + 3) / 2)
    assert (margin["n_runs"], margin["n_datasets"]) == (3, 2)
    assert np.isnan(margin["query_low"])
    assert "Seconds of 2 provenances" in found.attrs["note"]
    assert "2 datasets are too few" in found.attrs["note"]
    with pytest.raises(AlgridError, match="no column 'nothing'"):
        runtime(run_seconds(make_runs(rows)), ["nothing"])
    with pytest.raises(AlgridError, match="a clock is one of seconds, cpu_seconds"):
        runtime(run_seconds(make_runs(rows)), clock="minutes")


def test_seconds_of_many_datasets_have_intervals():
    rows = [timed([0, d], [1, 1], dataset=f"d{d}") for d in range(8)]
    found = runtime(run_seconds(make_runs(rows)), ["strategy"], resamples=200).iloc[0]
    assert found["query"] == pytest.approx(3.5)
    assert found["query_low"] < 3.5 < found["query_high"]
    assert (found["fit_low"], found["fit"], found["fit_high"]) == (1.0, 1.0, 1.0)


def test_the_front_by_hand():
    table = pd.DataFrame(
        {"value": [0.9, 0.8, 0.8, 0.7, 0.9, np.nan], "seconds": [9.0, 5.0, 6.0, 1.0, 9.0, 0.0], "labels": [5] * 6}
    )
    goals = {"value": True, "seconds": False, "labels": False}
    assert pareto_front(table, goals).tolist() == [True, True, False, True, True, False]
    assert pareto_front(table, {"value": True}).tolist() == [True, False, False, False, True, False]


def test_trade_off_of_runs():
    runs = make_runs(
        [
            timed([0, 1], [1, 1], strategy="margin", accuracy=[0.5, 0.9]),
            timed([0, 9], [1, 1], strategy="slow", accuracy=[0.5, 0.8]),
            timed([0, 0], [1, 1], strategy="random", accuracy=[0.5, 0.6]),
        ]
    )
    scored = scores(runs, metric="accuracy", aggregate="final", budgets=[5])
    found = trade_off(scored, run_seconds(runs))
    assert found["strategy"].tolist() == ["margin", "slow", "random"]
    assert found["seconds"].tolist() == [3.0, 11.0, 2.0]
    assert found["on_front"].tolist() == [True, False, True]
    with pytest.raises(AlgridError, match="several scores of a run"):
        trade_off(scores(runs, metric="accuracy", budgets=[0, 5]), run_seconds(runs))


def two_stores(n_datasets=2, shift=0.0):
    def rows(by):
        return [
            {
                "dataset": f"d{d}",
                "strategy": s,
                "accuracy": [0.5, 0.6 + by * (s == "margin")],
                "queried": [1, 2, 3, 4, 5],
            }
            for d in range(n_datasets)
            for s in ("margin", "random")
        ]

    return rows(0.0), rows(shift)


def test_the_same_store_is_the_same():
    ours, theirs = two_stores()
    theirs = [{**row, "query_seconds": [0.0, 9.0], "provenance": "there"} for row in theirs[::-1]]
    found = compare_columns(make_runs(ours), make_runs(theirs))
    assert found["different"].sum() == 0
    assert found.attrs == {"matched": 4, "identical": 4, "only_a": 0, "only_b": 0}


def test_columns_that_changed():
    ours, theirs = two_stores(shift=0.1)
    theirs[2] = {
        **theirs[2],
        "queried": [1, 3],
        "stop_reason": "timeout",
        "error": "slow",
        "accuracy": [0.5, 0.6],
    }
    theirs[3] = {**theirs[3], "strategy": "new", "probability": {"brier": [0.1, 0.2]}}
    found = compare_columns(make_runs(ours), make_runs(theirs))
    changed = dict(zip(found["column"], found["different"], strict=True))
    assert {name: n for name, n in changed.items() if n} == {
        "confusion_test": 1,
        "queried": 1,
        "stop_reason": 1,
        "error": 1,
    }
    assert found.attrs == {"matched": 3, "identical": 1, "only_a": 1, "only_b": 1}
    row = found[found["column"] == "queried"].iloc[0]
    assert row["share"] == pytest.approx(1 / 3)
    assert row["example"] == make_runs([theirs[2]]).column("run_id")[0].as_py()


def test_probability_metrics_that_changed():
    ours = [{"accuracy": [0.5, 0.6], "probability": {"brier": [0.1, np.nan]}, "seed": s} for s in (0, 1)]
    theirs = [ours[0], {**ours[1], "probability": {"brier": [0.2, np.nan]}}]
    found = compare_columns(make_runs(ours), make_runs(theirs))
    assert found[found["different"] > 0]["column"].tolist() == ["probability_metrics"]
    assert found["different"].max() == 1


def scored(rows):
    return scores(make_runs(rows), metric="accuracy", aggregate="final", budgets=[5])


def test_scores_that_moved():
    ours, theirs = two_stores(n_datasets=8, shift=0.2)
    found = compare_scores(scored(ours), scored(theirs), resamples=100)
    assert found["strategy"].isna().tolist() == [True, False, False]
    assert found["difference"].tolist() == pytest.approx([0.1, 0.2, 0.0])
    assert found["beyond_noise"].tolist() == [True, True, False]
    assert found["changed"].tolist() == [0.5, 1.0, 0.0]
    assert found["largest"].tolist() == pytest.approx([0.2, 0.2, 0.0])
    few = compare_scores(*(scored(rows) for rows in two_stores(shift=0.2)))
    assert few["beyond_noise"].isna().all()
    assert "datasets are too few" in few.attrs["note"]


def test_scores_that_came_and_went():
    ours, theirs = two_stores()
    theirs[0] = {**theirs[0], "accuracy": [0.5], "stop_reason": "timeout"}
    there, back = compare_scores(scored(ours), scored(theirs)), compare_scores(scored(theirs), scored(ours))
    assert (there["n_lost"].tolist(), there["n_gained"].tolist()) == ([1, 1, 0], [0, 0, 0])
    assert (back["n_lost"].tolist(), back["n_gained"].tolist()) == ([0, 0, 0], [1, 1, 0])
    assert there["n_runs"].tolist() == [3, 1, 2]


class OneMoment:
    """A snapshot of made-up runs."""

    def __init__(self, rows):
        self._tables = {"runs": make_runs(rows), "skylines": make_skylines([])}

    def table(self, name, columns=None):
        table = self._tables[name]
        return table if columns is None else table.select(columns)


def test_stores_are_compared_in_columns_and_scores():
    ours, theirs = two_stores(n_datasets=6, shift=0.2)
    found = compare_stores(OneMoment(ours), OneMoment(theirs), aggregate="final", budget=5, resamples=20)
    assert found.columns.attrs["identical"] == 6
    assert found.scores["difference"].tolist() == pytest.approx([0.1, 0.2, 0.0])
    assert found.scores.attrs["aggregate"] == "final"
