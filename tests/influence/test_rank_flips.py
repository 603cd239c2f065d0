"""Rankings over budgets and crossings: by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from algrid.errors import AlgridError
from algrid.influence.rank_flips import crossings, ranks_by_budget
from algrid.leaderboard import leaderboard


def over_budgets(curves, budgets=(0, 10, 20, 40), n_datasets=2, noise=0.0):
    """Scores of {strategy: values at the budgets}, in every dataset, with noise that differs by dataset."""
    rng = np.random.default_rng(0)
    rows = []
    for d in range(n_datasets):
        for name, values in curves.items():
            shift = noise * rng.normal()
            rows += [
                {"dataset": f"d{d}", "split": 0, "strategy": name, "budget": b, "value": v + shift}
                for b, v in zip(budgets, values, strict=True)
            ]
    frame = pd.DataFrame(rows)
    frame.attrs["higher_is_better"] = True
    return frame


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


CROSS = {"a": [0.2, 0.5, 0.6, 0.6], "b": [0.2, 0.3, 0.5, 0.9]}


def test_a_crossing_by_hand():
    found = only(crossings(over_budgets(CROSS)))
    # equal at 0; a ahead by .2 and .1; b ahead by .3: the line from (20, .1) to (40, -.3) is 0 at 25
    assert (found["leader_first"], found["leader_last"], found["crossings"]) == ("a", "b", 1)
    assert found["last_crossing"] == pytest.approx(25.0)
    assert np.isnan(found["last_crossing_low"])
    assert np.isnan(found["crossing_share"])


def test_lower_is_better():
    found = only(crossings(over_budgets(CROSS), higher_is_better=False))
    assert (found["leader_first"], found["leader_last"], found["last_crossing"]) == ("b", "a", pytest.approx(25.0))


@pytest.mark.parametrize(
    ("b", "first", "last", "n", "where"),
    [
        ([0.0, 0.0, 0.0, 0.0], None, None, 0, np.nan),
        ([0.0, -0.1, -0.1, 0.0], "a", "a", 0, np.nan),
        ([0.0, -0.1, 0.0, -0.1], "a", "a", 0, np.nan),  # touching is no crossing
        ([-0.1, 0.0, 0.0, 0.1], "a", "b", 1, 15.0),  # equal from 10 to 20
        ([-0.1, 0.0, 0.1, 0.1], "a", "b", 1, 10.0),
        ([-0.1, 0.1, -0.1, 0.1], "a", "b", 3, 30.0),
    ],
)
def test_what_is_a_crossing(b, first, last, n, where):
    found = only(crossings(over_budgets({"a": [0.0] * 4, "b": b})))
    assert (found["leader_first"], found["leader_last"], found["crossings"]) == (first, last, n)
    assert found["last_crossing"] == pytest.approx(where, nan_ok=True)


def test_curves_are_means_over_datasets_not_over_settings():
    one, many = over_budgets(CROSS, n_datasets=1), over_budgets({"a": [0.9] * 4, "b": [0.8] * 4}, n_datasets=1)
    repeated = [many.assign(dataset="other", split=s) for s in range(5)]
    frame = pd.concat([one, *repeated], ignore_index=True)
    # differences 0 .2 .1 -.3 and .1: the mean is .05 .15 .1 -.1
    assert only(crossings(frame, higher_is_better=True))["last_crossing"] == pytest.approx(30.0)


def test_only_settings_that_are_complete_at_all_budgets():
    frame = over_budgets(CROSS)
    odd = frame[frame["dataset"] == "d1"].assign(value=lambda f: f["value"] - 5.0 * (f["strategy"] == "a"))
    odd.loc[odd["budget"] == 40, "value"] = np.nan
    frame = pd.concat([frame[frame["dataset"] == "d0"], odd], ignore_index=True)
    found = crossings(frame, higher_is_better=True)
    assert only(found)["last_crossing"] == pytest.approx(25.0)
    assert (found.attrs["n_settings"], found.attrs["n_settings_all"]) == (1, 2)
    nothing = crossings(frame[(frame["strategy"] == "a") | (frame["budget"] < 40)], higher_is_better=True)
    assert only(nothing)["leader_last"] is None
    assert nothing.attrs["n_settings"] == 0


def test_intervals_hold_the_crossing():
    frame = over_budgets(CROSS, n_datasets=20, noise=0.05)
    found = only(crossings(frame, resamples=300))
    assert found["last_crossing_low"] < found["last_crossing"] < found["last_crossing_high"]
    assert found["crossing_share"] > 0.9
    assert found["same_flip_share"] <= 1.0
    pd.testing.assert_frame_equal(crossings(frame, resamples=300), crossings(frame, resamples=300))
    calm = only(crossings(over_budgets(CROSS, n_datasets=6), resamples=50))
    assert (calm["last_crossing_low"], calm["last_crossing_high"]) == pytest.approx((25.0, 25.0))
    assert (calm["crossing_share"], calm["same_flip_share"]) == (1.0, 1.0)


def test_ranks_by_budget_are_leaderboards():
    frame = over_budgets({**CROSS, "c": [0.2, 0.1, 0.1, 0.1]}, n_datasets=6, noise=0.3)
    frame["pool_empty"] = frame["budget"] == 40
    found = ranks_by_budget(frame, resamples=50)
    assert found["budget"].tolist() == [b for b in (0, 10, 20, 40) for _ in range(3)]
    at = frame[frame["budget"] == 20]
    at.attrs.update(frame.attrs)
    pd.testing.assert_frame_equal(
        found[found["budget"] == 20].drop(columns=["budget", "forced_ties"]).reset_index(drop=True),
        leaderboard(at, resamples=50),
    )
    assert found.groupby("budget")["forced_ties"].first().tolist() == [0.0, 0.0, 0.0, 1.0]
    assert crossings(frame, resamples=0).attrs["forced_ties"] == pytest.approx(0.25)


def test_whole_curves_are_left_out():
    frame = over_budgets(CROSS).astype({"budget": "Int64"})
    whole = frame.assign(budget=pd.array([None] * len(frame), dtype="Int64"), value=0.0)
    both = pd.concat([frame, whole], ignore_index=True)
    assert only(crossings(both, higher_is_better=True))["last_crossing"] == pytest.approx(25.0)
    assert ranks_by_budget(both, higher_is_better=True)["budget"].tolist() == [0, 0, 10, 10, 20, 20, 40, 40]


def test_mistakes_are_told():
    frame = over_budgets(CROSS)
    with pytest.raises(AlgridError, match="the scores have no budgets"):
        ranks_by_budget(frame.drop(columns="budget"))
    with pytest.raises(AlgridError, match="between two budgets or more"):
        crossings(frame[frame["budget"] == 10], higher_is_better=True)
    with pytest.raises(AlgridError, match="can't be compared over datasets"):
        crossings(frame, "split")
