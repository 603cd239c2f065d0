"""Score influence: by hand, against scipy, and what resampling promises."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from algrid.errors import AlgridError
from algrid.influence import score_influence

NAN = np.nan


def grid(n_datasets=7, n_splits=3, seed=0, gaps=0.0):
    """Random scores of three learners, two strategies; learner c is a noisy copy of b shifted by 0.1."""
    rng = np.random.default_rng(seed)
    rows = []
    for d, split, strategy in itertools.product(range(n_datasets), range(n_splits), ["margin", "random"]):
        b = 0.1 * d + rng.normal(0, 0.05)
        own = {"a": 0.1 * d + rng.normal(0, 0.05), "b": b, "c": b + 0.1 + rng.normal(0, 0.005)}
        rows += [
            {"dataset": f"d{d}", "split": split, "strategy": strategy, "learner": name, "value": value}
            for name, value in own.items()
        ]
    frame = pd.DataFrame(rows)
    frame.loc[rng.random(len(frame)) < gaps, "value"] = NAN
    return frame


def row(table, a, b):
    return table[(table["level_a"] == a) & (table["level_b"] == b)].iloc[0]


HAND = pd.DataFrame(
    [
        {"dataset": d, "split": s, "batch_size": k, "budget": 20, "value": v}
        for d, s, k, v in [
            ("iris", 0, 1, 0.9),
            ("iris", 0, 5, 0.8),
            ("iris", 1, 1, 0.7),
            ("iris", 1, 5, 0.9),
            ("wine", 0, 1, 0.3),
            ("wine", 0, 5, 0.5),
            ("wine", 1, 1, 0.1),
            ("wine", 1, 5, 0.3),
            ("zoo", 0, 1, 0.2),
        ]
    ]
)


def test_by_hand():
    table = score_influence(HAND, "batch_size")
    first = table.iloc[0]
    assert (first["level_a"], first["level_b"]) == (1, 5)
    assert first["difference"] == pytest.approx((-0.1 + 0.2 + 0.2 + 0.2) / 4)
    # about .5 and .625: (.4 .2 -.2 -.4), (.175 .275 -.125 -.325)
    assert first["pearson"] == pytest.approx(0.28 / np.sqrt(0.4 * 0.2275))
    # within iris (.1 -.1), (-.05 .05); within wine (.1 -.1), (.1 -.1)
    assert first["pearson_centred"] == pytest.approx((-0.01 + 0.02) / np.sqrt(0.04 * 0.025))
    # ranks 4 3 2 1 and 3 4 2 1
    assert first["spearman"] == pytest.approx(0.8)
    # centred (.1 -.1 .1 -.1): 3.5 1.5 3.5 1.5; (-.05 .05 .1 -.1): 2 3 4 1
    assert first["spearman_centred"] == pytest.approx(2.0 / np.sqrt(4 * 5))
    assert first["matched"] == pytest.approx(4 / 5)
    assert (first["n"], first["n_datasets"]) == (4, 2)
    assert np.isnan(first["difference_low"])
    assert "3 datasets are too few" in table.attrs["note"]


def test_forced_ties_are_stated():
    both = HAND.assign(pool_empty=HAND["dataset"].isin(["iris", "zoo"]))
    assert score_influence(both, "batch_size").attrs["forced_ties"] == pytest.approx(2 / 5)  # zoo has one level only


@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_correlations_are_scipys(gaps):
    frame = grid(gaps=gaps, seed=3)
    table = score_influence(frame, "learner", resamples=0)
    wide = frame.pivot(index=["dataset", "split", "strategy"], columns="learner", values="value")
    for a, b in itertools.combinations("abc", 2):
        both = wide[[a, b]].dropna()
        centred = both - both.groupby("dataset").transform("mean")
        found = row(table, a, b)
        assert found["difference"] == pytest.approx((both[b] - both[a]).mean())
        assert found["pearson"] == pytest.approx(stats.pearsonr(both[a], both[b])[0])
        assert found["pearson_centred"] == pytest.approx(stats.pearsonr(centred[a], centred[b])[0])
        assert found["spearman"] == pytest.approx(stats.spearmanr(both[a], both[b])[0])
        assert found["spearman_centred"] == pytest.approx(stats.spearmanr(centred[a], centred[b])[0])
        assert found["n"] == len(both)
    assert "no resamples" in table.attrs["note"]


def test_raw_is_blind_to_what_centring_shows():
    table = score_influence(grid(), "learner", resamples=300)
    unrelated, copy = row(table, "a", "b"), row(table, "b", "c")
    assert unrelated["pearson"] > 0.9  # datasets differ
    assert abs(unrelated["pearson_centred"]) < 0.4
    assert copy["pearson_centred"] > 0.9
    assert copy["difference_low"] < 0.1 < copy["difference_high"]
    assert copy["difference_low"] > 0.09
    assert unrelated["difference_low"] < 0 < unrelated["difference_high"]
    assert table.attrs["note"] == ""


def test_a_constant_has_no_correlation():
    frame = grid()
    frame.loc[frame["learner"] == "a", "value"] = 0.1
    found = row(score_influence(frame, "learner", resamples=50), "a", "b")
    assert found[["pearson", "pearson_centred", "spearman", "spearman_centred", "pearson_low"]].isna().all()
    assert not np.isnan(found["difference_high"])


def test_the_interval_is_that_of_whole_datasets_and_not_of_rows():
    """With no spread within datasets, it is the interval of six numbers, however many rows there are."""
    effects = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    frame = pd.DataFrame(
        [
            {"dataset": f"d{d}", "split": s, "learner": name, "value": 0.3 + (effects[d] if name == "b" else 0.0)}
            for d, s, name in itertools.product(range(6), range(50), "ab")
        ]
    )
    found = score_influence(frame, "learner", resamples=4000).iloc[0]
    means = np.random.default_rng(1).choice(effects, (20000, 6)).mean(axis=1)
    assert (found["difference_low"], found["difference_high"]) == pytest.approx(
        tuple(np.quantile(means, (0.025, 0.975))), abs=0.012
    )


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.floats(-5, 5), st.floats(0.1, 10))
def test_shifts_scales_and_order_change_no_correlation(seed, shift, scale):
    frame = grid(n_datasets=6, seed=seed % 50, gaps=0.1)
    table = score_influence(frame, "learner", resamples=20)
    moved = frame.assign(value=frame["value"] * scale + shift).sample(frac=1, random_state=seed)
    other = score_influence(moved, "learner", resamples=20)
    kept = [c for c in table if c.startswith(("pearson", "spearman", "matched"))]
    np.testing.assert_allclose(other[kept], table[kept], atol=1e-7)
    for name in ("difference", "difference_low", "difference_high"):
        np.testing.assert_allclose(other[name], table[name] * scale, atol=1e-9)


def test_budgets_are_not_compared_with_whole_curves():
    frame = HAND.assign(budget=pd.array([20, None] * 4 + [20], dtype="Int64"), batch_size=1)
    with pytest.raises(AlgridError, match="can't be compared with whole curves"):
        score_influence(frame, "budget")
    assert "different ranges of labels" in score_influence(HAND.drop(columns="budget"), "batch_size").attrs["note"]
    assert "different ranges" not in score_influence(HAND, "batch_size").attrs["note"]


def test_what_can_not_be_compared():
    with pytest.raises(AlgridError, match="can't be compared over datasets"):
        score_influence(HAND, "split")
    with pytest.raises(AlgridError, match="resamples"):
        score_influence(HAND, "batch_size", resamples=-1)
    assert len(score_influence(HAND[HAND["batch_size"] == 1], "batch_size")) == 0


def test_infinite_scores_are_counted_and_left_out():
    frame = HAND.assign(value=HAND["value"].mask(HAND.index == 0, np.inf))
    table = score_influence(frame, "batch_size")
    assert table["n"].tolist() == [3]
    assert "1 of them count as missing" in table.attrs["note"]
