"""The overview: what it takes from where, and what it leaves empty."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from runs import make_runs

from algrid.curves import scores as scores_of
from algrid.influence import decomposition, overview, query_influence, ranking_influence


@pytest.fixture(scope="module")
def runs():
    """Runs in which the learner decides the score, the strategy what is queried, and the batch size nothing."""
    rng = np.random.default_rng(0)
    rows = []
    for d, start in itertools.product(range(7), range(2)):
        asked = {name: rng.permutation(40)[:10].tolist() for name in "abc"}
        base = 0.1 + 0.05 * d
        for strategy, learner, batch in itertools.product("abc", ["knn", "svm"], [5, 10]):
            level = base + 0.5 * (learner == "svm") + "abc".index(strategy) * (-0.2 if learner == "svm" else 0.1)
            points = 10 // batch + 1
            rows.append(
                {
                    "dataset": f"d{d}",
                    "start_set": start,
                    "strategy": strategy,
                    "learner": learner,
                    "batch_size": batch,
                    "queried": asked[strategy],
                    "start_indices": [40, 41, 42],
                    "n_pool": 43,
                    "accuracy": np.round(np.full(points, level + 0.1 * start * (d % 2)), 1).tolist(),
                }
            )
    return make_runs(rows)


@pytest.fixture(scope="module")
def scores(runs):
    return scores_of(runs, metric="accuracy", aggregate="final", budgets=10)


def test_it_says_what_to_care_about(runs, scores):
    table = overview(scores, runs, resamples=100, repeats=10).set_index("hyperparameter")
    assert set(table.index) == {"dataset", "start_set", "learner", "strategy", "batch_size"}
    assert table["n_levels"].to_dict() == {"dataset": 7, "start_set": 2, "learner": 2, "strategy": 3, "batch_size": 2}
    assert table["score"].idxmax() == "learner"
    assert table.loc["batch_size", "score"] == pytest.approx(0, abs=1e-9)
    assert table.loc["strategy", "queries"] > 0.8
    assert table.loc["learner", "queries"] == pytest.approx(0)
    assert table.loc["batch_size", "queries_at"] == 10
    assert table.loc["learner", "ranking"] > 1
    assert table.loc["batch_size", "ranking"] == pytest.approx(0)
    assert table["best"].to_dict() == {
        "dataset": None,
        "start_set": None,
        "learner": "svm",
        "strategy": "a",  # .25 above the base on average, b .2, c .15
        "batch_size": 5,
    }
    assert table["rivals"].dropna().to_dict() == {"learner": 0, "strategy": 0, "batch_size": 1}
    assert (table["score_low"] <= table["score"] + 1e-12).all()
    assert (table.loc["strategy", "queries_low"] <= table.loc["strategy", "queries"]).all()


def test_its_numbers_are_those_of_the_statistics(runs, scores):
    table = overview(scores, runs, at=5, resamples=50, repeats=5).set_index("hyperparameter")
    found = decomposition(scores, resamples=50).attrs["totals"]["strategy"]
    assert table.loc["strategy", "score"] == found["share_centred"]
    assert table.loc["strategy", "score_high"] == found["share_centred_high"]
    asked = query_influence(runs, "strategy", 5, resamples=50)
    assert table.loc["strategy", "queries"] == pytest.approx(1 - asked["corrected"].mean())
    assert table.loc["strategy", "queries_low"] == pytest.approx(1 - asked.attrs["overall"][5]["high"])
    ranked = ranking_influence(scores, "learner", resamples=50, repeats=5)
    assert table.loc["learner", "ranking_high"] == ranked["lost_resampled_high"].iloc[0]
    assert table.loc["learner", "tau"] == ranked["tau"].iloc[0]


def test_what_does_not_apply_is_empty_with_a_reason(runs, scores):
    table = overview(scores, runs, resamples=20, repeats=5)
    empty = table.set_index("hyperparameter")
    reasons = table.attrs["reasons"]
    assert np.isnan(empty.loc["strategy", "ranking"])
    assert "what is ranked" in " ".join(reasons["strategy"])
    assert np.isnan(empty.loc["start_set", "queries"])
    assert "can't be compared" in " ".join(reasons["start_set"])
    assert np.isnan(empty.loc["dataset", "queries"])
    assert not np.isnan(empty.loc["dataset", "ranking"])
    assert np.isnan(empty.loc["dataset", "ranking_low"])


def test_what_is_chosen_when_results_are_read_has_a_row_too(runs, scores):
    turned = scores.assign(value=1.0 - scores["value"])
    both = pd.concat([scores.assign(metric="one"), turned.assign(metric="other")], ignore_index=True)
    same = pd.concat([scores.assign(aggregate="one"), scores.assign(aggregate="other")], ignore_index=True)
    others = {"metric": both, "aggregate": same}
    table = overview(scores, runs, others=others, resamples=20, repeats=5, higher_is_better=True)
    rows = table.set_index("hyperparameter")
    assert rows["n_levels"][["metric", "aggregate"]].tolist() == [2, 2]
    assert rows["score"][["metric", "aggregate"]].isna().all()
    assert rows["tau"][["metric", "aggregate"]].tolist() == [-1, 1]
    assert rows["ranking"]["metric"] > 1
    assert rows["ranking"]["aggregate"] == pytest.approx(0)
    assert any("different questions" in reason for reason in table.attrs["reasons"]["metric"])
    assert table["hyperparameter"].tolist()[-2:] == ["metric", "aggregate"]


def test_without_runs_there_are_no_queries(scores):
    few = scores[scores["dataset"].isin(["d0", "d1", "d2"])]
    table = overview(few, repeats=5, higher_is_better=True)
    assert table["queries"].isna().all()
    assert table["score_low"].isna().all()
    assert "3 datasets are too few" in table.attrs["note"]
    assert not table["score"].isna().any()
