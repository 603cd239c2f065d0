"""Wins, tests and groups: by hand, and what they promise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from algrid.errors import AlgridError
from algrid.influence.competitors import leave_one_out, treatments
from algrid.influence.critical_difference import critical_groups
from algrid.influence.pairwise import holm, wilcoxon_holm, win_tie_loss
from algrid.leaderboard import leaderboard

NAN, INF = np.nan, np.inf


def table(values, *, higher_is_better=True, **columns):
    """Scores of {(dataset, split): {strategy: value}}."""
    frame = pd.DataFrame(
        [
            {"dataset": dataset, "split": split, "strategy": strategy, "value": value, **columns}
            for (dataset, split), cells in values.items()
            for strategy, value in cells.items()
        ]
    )
    frame.attrs["higher_is_better"] = higher_is_better
    return frame


def over_datasets(**columns):
    """One split a dataset: the values of each strategy over datasets."""
    n = len(next(iter(columns.values())))
    return table({(f"d{d:02}", 0): {name: float(values[d]) for name, values in columns.items()} for d in range(n)})


def row(frame, **where):
    mask = np.logical_and.reduce([frame[name] == value for name, value in where.items()])
    assert mask.sum() == 1
    return frame[mask].iloc[0]


SMALL = {
    ("iris", 0): {"a": 0.9, "b": 0.8, "c": 0.7},
    ("iris", 1): {"a": 0.5, "b": 0.8, "c": 0.5},
    ("wine", 0): {"a": 0.6, "b": 0.4, "c": 0.4},
}


def test_wins_by_hand():
    found = win_tie_loss(table(SMALL))
    assert len(found) == 6
    ab, ac = row(found, level="a", other="b"), row(found, level="a", other="c")
    assert (ab["wins"], ab["ties"], ab["losses"], ab["win_rate"]) == (2, 0, 1, pytest.approx(2 / 3))
    assert (ac["wins"], ac["ties"], ac["losses"], ac["win_rate"]) == (2, 1, 0, pytest.approx(2.5 / 3))
    # iris means .7 .8 .6
    assert (ab["datasets_won"], ab["datasets_tied"], ab["datasets_lost"]) == (1, 0, 1)
    assert (ac["datasets_won"], ac["datasets_tied"], ac["datasets_lost"]) == (2, 0, 0)
    bc = row(found, level="c", other="b")
    assert (bc["datasets_won"], bc["datasets_tied"], bc["datasets_lost"]) == (0, 1, 1)
    assert found["win_rate_low"].isna().all()
    assert "2 datasets are too few" in found.attrs["note"]


def test_wins_are_mirrored_and_follow_the_direction():
    found = win_tie_loss(table(SMALL), resamples=0)
    lower = win_tie_loss(table(SMALL, higher_is_better=False), resamples=0)
    for a, b in (("a", "b"), ("b", "c"), ("c", "a")):
        assert row(found, level=a, other=b)["wins"] == row(found, level=b, other=a)["losses"]
        assert row(found, level=a, other=b)["win_rate"] == pytest.approx(row(lower, level=b, other=a)["win_rate"])


def test_wins_with_gaps():
    gaps = table({("iris", 0): {"a": 0.9, "b": NAN}, ("iris", 1): {"a": 0.5, "b": 0.7}, ("iris", 2): {"a": 0.1}})
    own = row(win_tie_loss(gaps, missing="own_mean"), level="a", other="b")
    assert (own["wins"], own["ties"], own["losses"]) == (0, 0, 1)
    worst = row(win_tie_loss(gaps, missing="worst_rank"), level="a", other="b")
    assert (worst["wins"], worst["ties"], worst["losses"]) == (2, 0, 1)


def test_unreached_goals_tie():
    labels = table({("iris", 0): {"a": 5.0, "b": INF}, ("wine", 0): {"a": INF, "b": INF}}, higher_is_better=False)
    found = row(win_tie_loss(labels), level="a", other="b")
    assert (found["wins"], found["ties"], found["losses"]) == (1, 1, 0)


def test_forced_ties_of_a_pair():
    frame = table(SMALL)
    frame["pool_empty"] = [True, True, False, True, False, False, False, False, False]
    found = win_tie_loss(frame)
    assert row(found, level="a", other="b")["forced_ties"] == pytest.approx(1 / 3)
    assert row(found, level="a", other="c")["forced_ties"] == 0.0
    assert found.attrs["forced_ties"] == pytest.approx(1 / 9)


def test_intervals_of_wins():
    rng = np.random.default_rng(0)
    frame = over_datasets(a=rng.random(12), b=rng.random(12) + 2.0, c=rng.random(12))
    found = win_tie_loss(frame, resamples=200)
    sure = row(found, level="b", other="a")
    assert (sure["win_rate_low"], sure["win_rate_high"]) == (1.0, 1.0)
    open_ = row(found, level="a", other="c")
    assert open_["win_rate_low"] < open_["win_rate"] < open_["win_rate_high"]
    again = win_tie_loss(frame, resamples=200)
    pd.testing.assert_frame_equal(found, again)


def test_signed_ranks_by_hand():
    # differences a - b: 1 2 3 4 5 6 -7; W- = 7; of 128 sign patterns 19 have a smaller side of at most 7
    frame = over_datasets(a=[1, 2, 3, 4, 5, 6, 0], b=[0, 0, 0, 0, 0, 0, 7])
    found = wilcoxon_holm(frame).iloc[0]
    assert found["p"] == pytest.approx(2 * 19 / 128)
    assert (found["better"], found["n_datasets"], found["median_difference"]) == ("a", 7, 3.0)
    assert not found["differs"]


def test_six_datasets_of_one_opinion():
    found = wilcoxon_holm(over_datasets(a=range(1, 7), b=[0] * 6)).iloc[0]
    assert found["p"] == pytest.approx(2 / 64)
    assert found["differs"]
    same = wilcoxon_holm(over_datasets(a=[0.5] * 6, b=[0.5] * 6)).iloc[0]
    assert (same["p"], same["better"], same["differs"]) == (1.0, None, False)


def test_lower_is_better_in_tests():
    frame = over_datasets(a=range(1, 7), b=[0] * 6)
    found = wilcoxon_holm(frame, higher_is_better=False).iloc[0]
    assert (found["better"], found["median_difference"]) == ("b", 3.5)


def test_below_six_datasets_there_is_no_test():
    tests = wilcoxon_holm(over_datasets(a=range(1, 6), b=[0] * 5))
    assert tests["p"].isna().all()
    assert not tests["differs"].any()
    assert "No test for 1 of 1 pairs: fewer than 6 datasets" in tests.attrs["note"]
    frame = over_datasets(a=range(1, 6), b=[0] * 5)
    assert critical_groups(tests, leaderboard(frame, resamples=0)).empty


def test_too_few_datasets_for_so_many_pairs_are_said() -> None:
    # 6 datasets: least p 2 / 2^6 = 0.03125, enough for one pair at 0.05, not for three (0.05 / 3 = 0.0167)
    one = wilcoxon_holm(over_datasets(a=range(1, 7), b=[0] * 6))
    assert (one.attrs["note"], bool(one["differs"].any())) == ("", True)
    three = wilcoxon_holm(over_datasets(a=range(7, 13), b=range(1, 7), c=[0] * 6))
    assert not three["differs"].any()
    assert three.attrs["note"].startswith(
        "6 datasets are too few to tell any of 3 pairs apart at level 0.05: the least p"
    )
    assert "is 0.031, and Holm asks for less than 0.017" in three.attrs["note"]
    enough = wilcoxon_holm(over_datasets(a=range(8, 15), b=range(1, 8), c=[0] * 7))
    assert (enough.attrs["note"], bool(enough["differs"].all())) == ("", True)


def test_holm_by_hand():
    # .01 * 4, .03 * 3, .04 * 2 raised to .09, .2 * 1
    assert holm(np.array([0.04, 0.01, NAN, 0.2, 0.03])) == pytest.approx([0.09, 0.04, NAN, 0.2, 0.09], nan_ok=True)
    assert holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=15)
def test_tests_are_scipys(seed):
    a, b = np.random.default_rng(seed).normal(size=(2, 9))
    assert wilcoxon_holm(over_datasets(a=a, b=b)).iloc[0]["p"] == pytest.approx(wilcoxon(a, b).pvalue)


def test_groups_by_hand():
    board = pd.DataFrame({"strategy": list("abcd"), "rank": [1.0, 2.0, 3.0, 4.0]})
    board.attrs.update(by="strategy", missing="complete_case")
    pairs = [(x, y) for i, x in enumerate("abcd") for y in "abcd"[i + 1 :]]

    def groups(*different):
        tests = pd.DataFrame(pairs, columns=["level_a", "level_b"])
        tests["p"] = 0.5
        tests["differs"] = ["".join(pair) in different for pair in pairs]
        tests.attrs.update(by="strategy", missing="complete_case")
        found = critical_groups(tests, board)
        return ["".join(members) for _, members in found.groupby("group")["strategy"]]

    assert groups() == ["abcd"]
    assert groups("ad") == ["abc", "bcd"]
    assert groups("ab", "ac", "ad") == ["bcd"]
    # a and c differ, but neither from b: two groups, and not one that hides it
    assert groups("ac", "ad", "bd", "cd") == ["ab", "bc"]
    assert groups("ab", "ac", "ad", "bc", "bd", "cd") == []


def test_groups_of_another_comparison():
    frame = over_datasets(a=range(1, 7), b=[0] * 6)
    with pytest.raises(AlgridError, match="different comparisons: missing is 'own_mean' and 'complete_case'"):
        critical_groups(wilcoxon_holm(frame, missing="own_mean"), leaderboard(frame, resamples=0))
    with pytest.raises(AlgridError, match="alpha is the chance"):
        wilcoxon_holm(frame, alpha=5.0)


def test_a_third_level_swaps_two():
    # a beats b in 3 of 5; c is between them where b wins
    frame = over_datasets(a=[2, 2, 2, 0, 0], b=[1, 1, 1, 2, 2], c=[0, 0, 0, 1, 1])
    found = leave_one_out(frame)
    # with c: a 1 1 1 3 3, b 2 2 2 1 1; without: a 1 1 1 2 2, b 2 2 2 1 1
    a, b = row(found, without="c", strategy="a"), row(found, without="c", strategy="b")
    assert (a["rank_all"], b["rank_all"]) == pytest.approx((1.8, 1.6))
    assert (a["rank"], b["rank"]) == pytest.approx((1.4, 1.6))
    assert (a["position_all"], a["position"], a["moved"]) == (2, 1, -1)
    assert (b["position_all"], b["position"], b["moved"]) == (1, 2, 1)
    assert found.attrs["moves"] == pytest.approx(2 / 6)


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=15)
def test_ranks_without_are_those_of_a_new_leaderboard(seed):
    rng = np.random.default_rng(seed)
    values = {(f"d{d}", s): {name: float(rng.integers(3)) for name in "abcd"} for d in range(7) for s in range(2)}
    frame = table(values)
    found = leave_one_out(frame, resamples=20)
    for without in "abcd":
        fresh = frame[frame["strategy"] != without].copy()
        fresh.attrs.update(frame.attrs)
        board = leaderboard(fresh, resamples=20)
        for _, expected in board.iterrows():
            own = row(found, without=without, strategy=expected["strategy"])
            assert own["rank"] == pytest.approx(expected["rank"])


def test_treatments_stand_side_by_side():
    gaps = {
        ("iris", 0): {"a": 0.9, "b": 0.8, "c": NAN},
        ("iris", 1): {"a": 0.5, "b": 0.7},
        ("wine", 0): {"a": 0.6, "b": 0.4, "c": 0.5},
    }
    found = treatments(table(gaps))
    a, c = row(found, strategy="a"), row(found, strategy="c")
    assert (a["rank_complete_case"], a["rank_worst_rank"], a["rank_own_mean"]) == (1.0, 1.5, 1.5)
    assert (c["rank_complete_case"], c["rank_worst_rank"], c["rank_own_mean"]) == (2.0, 2.5, 2.0)
    assert (c["n_missing"], c["n_settings_complete_case"], c["n_settings_own_mean"]) == (2, 1, 1)
    assert "rank_own_mean_low" in found
    assert set(found.attrs["notes"]) == {"complete_case", "worst_rank", "own_mean"}
