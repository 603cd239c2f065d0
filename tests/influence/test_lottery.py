"""Lottery, robustness and defaults: by hand, and against loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.errors import AlgridError
from algrid.influence.defaults import defaults, distance_to_best
from algrid.influence.lottery import lottery
from algrid.influence.robustness import robustness

NAN, INF = np.nan, np.inf


def table(rows, *, higher_is_better=True):
    """Scores of (dataset, split, learner, strategy, value) rows."""
    frame = pd.DataFrame(rows, columns=["dataset", "split", "learner", "strategy", "value"])
    frame.attrs["higher_is_better"] = higher_is_better
    return frame


def random_table(seed, n_datasets=7, n_splits=2, learners="xyz", strategies="ab", decimals=1):
    rng = np.random.default_rng(seed)
    cells = product([f"d{d}" for d in range(n_datasets)], range(n_splits), learners, strategies)
    return table([(*cell, round(float(rng.random()), decimals)) for cell in cells])


def row(frame, **where):
    mask = np.logical_and.reduce([frame[name] == value for name, value in where.items()])
    assert mask.sum() == 1
    return frame[mask].iloc[0]


#: iris, split 0: a .9 .5, b .8 .5; split 1: a .4 .4, b .6 .2; wine: a .3 .1, b .2 .2
HAND = table(
    [
        ("iris", 0, "x", "a", 0.9),
        ("iris", 0, "y", "a", 0.5),
        ("iris", 0, "x", "b", 0.8),
        ("iris", 0, "y", "b", 0.5),
        ("iris", 1, "x", "a", 0.4),
        ("iris", 1, "y", "a", 0.4),
        ("iris", 1, "x", "b", 0.6),
        ("iris", 1, "y", "b", 0.2),
        ("wine", 0, "x", "a", 0.3),
        ("wine", 0, "y", "a", 0.1),
        ("wine", 0, "x", "b", 0.2),
        ("wine", 0, "y", "b", 0.2),
    ]
)


def test_the_lottery_by_hand():
    found = lottery(HAND)
    # split 0: .9 beats both, .5 ties with .5: 2.5 of 4; split 1: each .4 beats .2: 2 of 4; wine: 2 of 4
    ab = row(found, level="a", other="b")
    assert ab["chance"] == pytest.approx((4.5 / 8 + 0.5) / 2)
    assert row(found, level="b", other="a")["chance"] == pytest.approx(1 - ab["chance"])
    assert (ab["n_pairs"], ab["n_datasets"]) == (12, 2)
    assert np.isnan(ab["chance_low"])
    assert "2 datasets are too few" in found.attrs["note"]
    lower = lottery(HAND, higher_is_better=False)
    assert row(lower, level="a", other="b")["chance"] == pytest.approx(1 - ab["chance"])


def test_what_fails_has_a_ticket_too():
    rows = [
        ("iris", 0, "x", "a", 0.9),
        ("iris", 0, "y", "a", NAN),
        ("iris", 0, "x", "b", 0.5),
        ("iris", 0, "y", "b", NAN),
    ]
    rows += [("iris", 0, "z", "a", 0.4), ("iris", 0, "z", "b", -INF)]
    chances = {
        m: row(lottery(table(rows), missing=m), level="a", other="b")["chance"]
        for m in ("worst_rank", "own_mean", "complete_case")
    }
    # a: .9, failed, .4; b: .5, failed, never: .9 beats 3; failed ties with failed; .4 beats failed and never
    assert chances["worst_rank"] == pytest.approx(5.5 / 9)
    # a: .9 .4; b: .5, never
    assert chances["own_mean"] == chances["complete_case"] == pytest.approx(3 / 4)
    one = table([*rows, ("iris", 0, "w", "b", 0.95)])
    assert row(lottery(one, missing="own_mean"), level="a", other="b")["chance"] == pytest.approx(3 / 6)
    assert row(lottery(one, missing="complete_case"), level="a", other="b")["chance"] == pytest.approx(3 / 4)


def test_parameters_are_tickets_of_their_family():
    frame = table(
        [("iris", 0, "x", s, v) for s, v in (("q(n=1)", 0.1), ("q(n=2)", 0.9), ("q(n=3)", 0.8), ("margin", 0.7))]
    )
    frame["strategy_family"] = [s.partition("(")[0] for s in frame["strategy"]]
    found = row(lottery(frame, "strategy_family"), level="q", other="margin")
    assert (found["chance"], found["n_pairs"]) == (pytest.approx(2 / 3), 3)


def test_forced_ties_of_the_lottery():
    frame = HAND.copy()
    frame["pool_empty"] = [True, False, True, True, *[False] * 8]
    assert lottery(frame).attrs["forced_ties"] == pytest.approx(2 / 12)


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=15)
def test_the_lottery_is_a_loop_over_pairs(seed):
    frame = random_table(seed)
    means = []
    for _, own in frame.groupby("dataset"):
        scored = []
        for _, part in own.groupby("split"):
            a, b = (part.loc[part["strategy"] == s, "value"] for s in "ab")
            scored += [(x > y) + 0.5 * (x == y) for x in a for y in b]
        means.append(np.mean(scored))
    found = row(lottery(frame, resamples=50), level="a", other="b")
    assert found["chance"] == pytest.approx(np.mean(means))
    assert found["chance_low"] <= found["chance"] <= found["chance_high"]


def test_robustness_by_hand():
    found = robustness(HAND, quantile=0.0)
    a, b = row(found, strategy="a"), row(found, strategy="b")
    # iris, mean over splits: a x .65, y .45; b x .7, y .35; wine: a x .3, y .1; b x .2, y .2
    assert (a["best"], b["best"]) == pytest.approx(((0.65 + 0.3) / 2, (0.7 + 0.2) / 2))
    assert (a["median"], b["median"]) == pytest.approx(((0.55 + 0.2) / 2, (0.525 + 0.2) / 2))
    assert (a["lower"], b["lower"]) == pytest.approx(((0.45 + 0.1) / 2, (0.35 + 0.2) / 2))
    assert (a["regret"], b["regret"]) == pytest.approx(((0.025 + 0.05) / 2, (0.05 + 0.05) / 2))
    assert (a["worst_regret"], b["worst_regret"]) == pytest.approx(((0.05 + 0.1) / 2, (0.1 + 0.1) / 2))
    assert (a["rank_best"], a["rank_median"], a["rank_lower"]) == (1.5, 1.25, 1.5)
    assert (a["rank_regret"], a["rank_worst_regret"]) == (1.25, 1.25)
    assert found["strategy"].tolist() == ["a", "b"]
    assert np.isnan(a["median_low"])
    assert (found.attrs["n_settings"], found.attrs["n_settings_all"]) == (6, 6)


def test_robustness_of_a_loss():
    found = robustness(HAND, quantile=0.0, higher_is_better=False)
    a = row(found, strategy="a")
    assert a["best"] == pytest.approx((0.45 + 0.1) / 2)
    assert a["lower"] == pytest.approx((0.65 + 0.3) / 2)  # the bad end
    assert a["regret"] == pytest.approx((0.05 + 0.05) / 2)


def test_robustness_with_gaps():
    frame = HAND.copy()
    frame.loc[8, "value"] = NAN  # wine, x, a
    assert row(robustness(frame), strategy="a")["best"] == pytest.approx((0.65 + 0.1) / 2)
    assert row(robustness(frame, missing="own_mean"), strategy="b")["best"] == pytest.approx((0.7 + 0.2) / 2)
    assert row(robustness(frame, missing="worst_rank"), strategy="a")["best"] == pytest.approx((0.65 + 0.2) / 2)
    with pytest.raises(AlgridError, match="a quantile is a share"):
        robustness(frame, quantile=10)


@given(seed=st.integers(0, 2**32), share=st.sampled_from([0.0, 0.1, 0.5]))
@settings(deadline=None, max_examples=10)
def test_robustness_is_pandas(seed, share):
    frame = random_table(seed, learners="vwxyz", decimals=3)
    found = robustness(frame, quantile=share, resamples=50)
    cells = frame.groupby(["dataset", "learner", "strategy"])["value"].mean().unstack("strategy")
    for name in "ab":
        own = row(found, strategy=name)
        assert own["median"] == pytest.approx(cells[name].groupby("dataset").median().mean())
        assert own["lower"] == pytest.approx(cells[name].groupby("dataset").quantile(share).mean())
        assert own["regret"] == pytest.approx((cells.max(axis=1) - cells[name]).groupby("dataset").mean().mean())
        assert own["median_low"] < own["median"] < own["median_high"]


def test_a_loss_is_a_mirror():
    frame = random_table(3)
    mirrored = frame.assign(value=-frame["value"])
    up, down = robustness(frame, resamples=50), robustness(mirrored, resamples=50, higher_is_better=False)
    for name in ("best", "median", "lower"):
        np.testing.assert_allclose(up[f"{name}_low"], -down[f"{name}_high"])
    np.testing.assert_allclose(up["regret_low"], down["regret_low"])


#: two settings that win in one dataset each, and one that is second everywhere
COMPROMISE = {"a": [1.0, 0.0] * 4, "b": [0.0, 1.0] * 4, "c": [0.9] * 8}


def compromise(**extra):
    return table(
        [
            (f"d{d}", s, "x", name, values[d] + 0.01 * s)
            for name, values in {**COMPROMISE, **extra}.items()
            for d in range(8)
            for s in range(3)
        ]
    )


def test_the_default_is_the_compromise():
    found = defaults(compromise(), ["strategy"])
    assert found["strategy"].tolist() == ["c", "a", "b"]
    assert found["regret"].tolist() == pytest.approx([0.1, 0.5, 0.5])
    assert found["worst_regret"].tolist() == pytest.approx([0.1, 1.0, 1.0])
    c = found.iloc[0]
    # a half of four datasets of one kind chooses another
    assert 0.9 < c["chosen"] <= 1.0
    assert c["held_out_regret"] == pytest.approx(0.1)
    assert found["chosen"].sum() == pytest.approx(1.0)
    assert found.attrs["held_out"] >= found.attrs["chosen_on"]
    assert (c["regret_low"], c["regret_high"]) == pytest.approx((0.1, 0.1))


def test_what_is_chosen_is_reported_elsewhere():
    # noise alone: on the half that chose it the default looks better than on the other
    rng = np.random.default_rng(0)
    frame = table(
        [(f"d{d}", 0, learner, s, float(rng.random())) for d in range(12) for learner in "xyz" for s in "abcd"]
    )
    found = defaults(frame, resamples=0)
    assert list(found.columns[:2]) == ["learner", "strategy"]
    assert len(found) == 12
    assert found.attrs["held_out"] > found.attrs["chosen_on"] + 0.05
    assert found.attrs["held_out_low"] < found.attrs["held_out"] < found.attrs["held_out_high"]


def test_a_default_that_fails_is_the_worst_there():
    frame = compromise()
    frame.loc[(frame["strategy"] == "c") & (frame["dataset"] == "d0"), "value"] = NAN
    found = defaults(frame, resamples=0)
    # in d0 it counts as 0, as b does
    assert row(found, strategy="c")["regret"] == pytest.approx((7 * 0.1 + 1.0) / 8)


def test_few_datasets_have_no_halves():
    frame = compromise()
    few = frame[frame["dataset"] < "d5"].copy()
    few.attrs.update(frame.attrs)
    found = defaults(few)
    assert found["chosen"].isna().all()
    assert "No halves: 5 datasets" in found.attrs["note"]
    assert "No intervals: 5 datasets" in found.attrs["note"]


def test_distances_by_hand():
    found = distance_to_best(compromise(), {"strategy": "c"})
    assert found["distance"].tolist() == pytest.approx([0.1] * 8)
    assert found["best_strategy"].tolist() == ["a", "b"] * 4
    assert found["best"].tolist() == pytest.approx([1.01] * 8)
    assert found["value"].tolist() == pytest.approx([0.91] * 8)
    assert [*found["distance_low"], *found["distance_high"]] == pytest.approx([0.1] * 16)
    worst = distance_to_best(compromise(), {"strategy": "a"})
    assert worst["distance"].tolist() == pytest.approx([1.0] * 4 + [0.0] * 4)
    assert worst["dataset"].tolist() == ["d1", "d3", "d5", "d7", "d0", "d2", "d4", "d6"]


def test_distances_of_a_loss():
    frame = compromise()
    found = distance_to_best(frame, {"strategy": "c"}, higher_is_better=False)
    assert found["best"].tolist() == pytest.approx([0.01] * 8)
    assert found["distance"].tolist() == pytest.approx([0.9] * 8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: distance_to_best(compromise(), {"strategy": "z"}), "no run has the setting strategy='z'"),
        (lambda: defaults(compromise(), ["dataset"]), "can't set 'dataset'. Axes that it can set: .*strategy"),
        (lambda: defaults(compromise().assign(budget=[5, 9] * 36)), "at one budget"),
        (lambda: defaults(compromise()[lambda f: f["strategy"] == "a"]), "every axis has one level"),
    ],
)
def test_mistakes_are_told(call, message):
    with pytest.raises(AlgridError, match=message):
        call()
