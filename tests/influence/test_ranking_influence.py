"""Ranking influence: by hand, tau-b against scipy, and the noise ceiling."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from algrid.errors import AlgridError
from algrid.influence import ranking_influence
from algrid.influence.rankings import WITHOUT, tau_b


def grid(effects, n_datasets=7, n_splits=6, noise=0.0, seed=0):
    """Scores from {learner: {strategy: effect}} with equal noise everywhere."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        [
            {"dataset": f"d{d}", "split": s, "learner": learner, "strategy": strategy}
            | {"value": effect + rng.normal(0, noise) + 0.1 * d}
            for d, s, (learner, own) in itertools.product(range(n_datasets), range(n_splits), effects.items())
            for strategy, effect in own.items()
        ]
    )
    frame.attrs["higher_is_better"] = True
    return frame


def row(table, a, b):
    return table[(table["level_a"] == a) & (table["level_b"] == b)].iloc[0]


ORDERS = {
    "knn": {"a": 0.1, "b": 0.2, "c": 0.3},
    "svm": {"a": 0.1, "b": 0.3, "c": 0.2},
    "tree": {"a": 0.3, "b": 0.2, "c": 0.1},
}


def test_by_hand():
    table = ranking_influence(grid(ORDERS), "learner", resamples=20, repeats=5)
    assert row(table, "knn", "svm")["tau"] == pytest.approx(1 / 3)
    assert row(table, "knn", "tree")["tau"] == pytest.approx(-1)
    assert row(table, "svm", "tree")["tau"] == pytest.approx(-1 / 3)
    # without knn: a .2, b .25, c .15; without svm all tie; without tree a .1, b .25, c .25
    assert row(table, "knn", WITHOUT)["tau"] == pytest.approx(-1 / 3)
    assert np.isnan(row(table, "svm", WITHOUT)["tau"])
    assert row(table, "tree", WITHOUT)["tau"] == pytest.approx(-2 / np.sqrt(6))
    pair = row(table, "knn", "tree")
    assert (pair["ceiling"], pair["halves"], pair["lost"]) == (1, -1, 2)
    assert (pair["tau_low"], pair["tau_high"]) == (-1, -1)
    assert (pair["lost_resampled"], pair["lost_resampled_low"], pair["lost_resampled_high"]) == (2, 2, 2)
    assert table.attrs["overall"]["tau"]["value"] == pytest.approx(-1 / 3)
    assert table.attrs["overall"]["lost_resampled"]["high"] == pytest.approx(4 / 3)
    assert table.attrs["note"] == ""


def test_the_leaderboard_is_of_mean_ranks_within_datasets():
    frame = grid({"knn": {"a": 0.1, "b": 0.2, "c": 0.15}, "svm": {"a": 0.0, "b": 0.2, "c": 0.1}}, n_datasets=6)
    # a's huge lead in one dataset moves its mean, and not its mean rank from the last place
    huge = (frame["dataset"] == "d0") & (frame["strategy"] == "a") & (frame["learner"] == "knn")
    frame.loc[huge, "value"] += 100.0
    frame.attrs["higher_is_better"] = True
    table = ranking_influence(frame, "learner", resamples=0, repeats=0)
    assert len(table) == 1  # of two levels each is the grid without the other
    assert table["tau"].iloc[0] == pytest.approx(1)
    assert "no halvings" in table.attrs["note"]


def test_noise_is_not_mistaken_for_influence():
    same = dict(zip("abcdefgh", np.linspace(0, 0.02, 8), strict=True))
    noisy = grid({"knn": same, "svm": same}, noise=0.05, n_splits=10)
    table = ranking_influence(noisy, "learner", resamples=200, repeats=100)
    only = table.iloc[0]
    assert only["tau"] < 0.9
    assert only["ceiling"] < 0.9
    assert only["lost_resampled_low"] < 0 < only["lost_resampled_high"]
    other = dict(zip("abcdefgh", np.linspace(0.1, 0.0, 8), strict=True))
    real = ranking_influence(grid({"knn": same, "svm": other}, noise=0.02), "learner", resamples=200, repeats=50).iloc[
        0
    ]
    assert real["lost_resampled_low"] > 0.5


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.integers(0, 4), min_size=6, max_size=6), min_size=2, max_size=5))
def test_tau_b_is_scipys(vectors):
    x = np.array(vectors, dtype=float)
    found = tau_b(x, x)
    for i, j in itertools.product(range(len(x)), repeat=2):
        expected = stats.kendalltau(x[i], x[j]).statistic
        assert found[i, j] == pytest.approx(expected, nan_ok=True)


def test_halves_of_a_resample_are_apart_and_of_equal_size():
    """Two splits with opposite orders: a half of one split each, so that halves never agree."""
    frame = grid({"knn": {"a": 0.0, "b": 0.1}, "svm": {"a": 0.0, "b": 0.1}}, n_splits=2)
    turned = frame["split"] == 1
    frame.loc[turned & (frame["strategy"] == "b"), "value"] -= 0.2
    frame.attrs["higher_is_better"] = True
    table = ranking_influence(frame[frame["dataset"] == "d0"].pipe(_better), "learner", resamples=0, repeats=20)
    assert table["ceiling"].iloc[0] == -1
    assert table["halves"].iloc[0] == -1


def test_datasets_as_levels():
    frame = grid({"knn": {"a": 0.1, "b": 0.2, "c": 0.3}}, n_datasets=3)
    turned = frame["dataset"] == "d2"
    frame.loc[turned, "value"] = -frame.loc[turned, "value"]
    table = ranking_influence(frame.pipe(_better), "dataset", repeats=5)
    assert row(table, "d0", "d1")["tau"] == pytest.approx(1)
    assert row(table, "d0", "d2")["tau"] == pytest.approx(-1)
    assert row(table, "d2", WITHOUT)["tau"] == pytest.approx(-1)
    assert row(table, "d0", "d2")["lost"] == pytest.approx(2)
    assert table["tau_low"].isna().all()
    assert "datasets are what is compared" in table.attrs["note"]


def test_what_is_missing_is_said():
    frame = grid(ORDERS)
    frame.loc[(frame["strategy"] == "c") & (frame["learner"] == "svm"), "value"] = np.nan
    frame.loc[(frame["dataset"] == "d0") & (frame["strategy"] == "a"), "value"] = np.nan
    table = ranking_influence(frame.pipe(_better), "learner", resamples=0, repeats=0)
    assert table.attrs["left_out"] == ["c"]
    assert (table.attrs["n_settings"], table.attrs["n_settings_all"]) == (36, 42)
    assert row(table, "knn", "svm")["tau"] == pytest.approx(1)
    nothing = ranking_influence(frame.assign(value=np.nan).pipe(_better), "learner")
    assert nothing["tau"].isna().all()
    assert "Nothing to compare" in nothing.attrs["note"]


def test_forced_ties_are_stated():
    """Of 3 strategies, a and b have used up the pool with knn: one pair of three there, and none with svm."""
    frame = grid({"knn": {"a": 0.1, "b": 0.2, "c": 0.3}, "svm": {"a": 0.3, "b": 0.2, "c": 0.1}}, n_datasets=1)
    used_up = (frame["learner"] == "knn") & frame["strategy"].isin(["a", "b"])
    frame = frame.assign(pool_empty=used_up).pipe(_better)
    assert ranking_influence(frame, "learner", resamples=0, repeats=0).attrs["forced_ties"] == pytest.approx(1 / 6)
    only = frame[frame["learner"] == "knn"].pipe(_better)
    assert ranking_influence(only, "dataset", resamples=0, repeats=0).attrs["forced_ties"] == pytest.approx(1 / 3)


def test_one_replicate_has_no_halves():
    table = ranking_influence(grid(ORDERS, n_splits=1), "learner", resamples=20)
    assert table["ceiling"].isna().all()
    assert not table["tau_low"].isna().all()
    assert "two replicates" in table.attrs["note"]


def test_lower_is_better_ranks_alike():
    frame = grid(ORDERS, noise=0.1)
    table = ranking_influence(frame, "learner", resamples=0, repeats=0)
    other = ranking_influence(frame, "learner", resamples=0, repeats=0, higher_is_better=False)
    np.testing.assert_allclose(table["tau"], other["tau"])


def test_mistakes():
    with pytest.raises(AlgridError, match="same hyperparameter"):
        ranking_influence(grid(ORDERS), "strategy")
    with pytest.raises(AlgridError, match="can't be compared"):
        ranking_influence(grid(ORDERS), "split")
    with pytest.raises(AlgridError, match="repeats"):
        ranking_influence(grid(ORDERS), "learner", repeats=-1)


def _better(frame):
    frame.attrs["higher_is_better"] = True
    return frame
