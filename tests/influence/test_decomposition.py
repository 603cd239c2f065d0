"""Variance decomposition: by hand, exact sums, components that are right on average, blocks, and what follows."""

from __future__ import annotations

import itertools
from math import ceil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.errors import AlgridError
from algrid.influence import decomposition, replicates_needed

NAN = np.nan


def frame_of(values, *names, **columns):
    """An array as scores; axes are the dataset and these names."""
    index = pd.MultiIndex.from_product([range(n) for n in values.shape], names=["dataset", *names])
    frame = pd.DataFrame({"value": values.ravel()}, index=index).reset_index()
    frame["dataset"] = "d" + frame["dataset"].astype(str)
    frame.attrs["higher_is_better"] = True
    return frame.assign(**columns)


def column(table, name):
    return dict(zip(table["effect"], table[name], strict=True))


MEANS = np.array([[0.6, 0.8], [0.4, 0.4]])
HALVES = np.array([[0.1, 0.2], [0.0, 0.1]])
SMALL = frame_of(np.stack([MEANS - HALVES, MEANS + HALVES], axis=2), "split", "learner")


def test_by_hand():
    table = decomposition(SMALL)
    # datasets' means .7 .4; within .6 .8 and .4 .4. Half differences' means .15 .05; within .1 .2 and 0 .1
    assert column(table, "variance") == pytest.approx(
        {"dataset": 0.0225, "split": 0.005, "learner": 0.01, "dataset x learner": 0.0025, "learner x split": 0.0025}
    )
    expected = {
        "dataset": 0.045 - 0.005,
        "split": 0.01,
        "learner": 0.01 - 0.005 / 2,
        "dataset x learner": 0.005 - 0.0025,
        "learner x split": 0.005,
    }
    assert column(table, "component") == pytest.approx(expected)
    assert column(table, "share") == pytest.approx({k: v / 0.065 for k, v in expected.items()})
    centred = column(table, "share_centred")
    assert np.isnan(centred.pop("dataset"))
    assert centred == pytest.approx({k: v / 0.025 for k, v in expected.items() if k != "dataset"})
    assert table["order"].tolist() == [1, 1, 1, 2, 2]
    assert table["share_low"].isna().all()
    assert "2 datasets are too few" in table.attrs["note"]
    assert table.attrs["replicates"] == {"split": 2}
    totals = table.attrs["totals"]
    assert totals["learner"]["share"] == pytest.approx((0.0075 + 0.0025 + 0.005) / 0.065)
    assert totals["learner"]["share_centred"] == pytest.approx(0.015 / 0.025)
    assert totals["dataset"]["share"] == pytest.approx(0.0425 / 0.065)
    assert totals["split"]["share"] == pytest.approx(0.015 / 0.065)


def test_ranks_by_hand():
    # d0: .5 .7 .6 1 -> ranks 1 3 2 4; d1: .4 .4 .3 .5 -> 2.5 2.5 1 4, both as (rank - .5) / 4
    table = decomposition(SMALL)
    ranks = (np.array([[[1, 3], [2, 4]], [[2.5, 2.5], [1, 4]]]) - 0.5) / 4
    halves = (ranks[..., 1] - ranks[..., 0]) / 2
    means = halves.mean(axis=1)
    main = means.mean() ** 2 - means.var(ddof=1) / 2
    shares = column(table, "share_rank")
    assert shares["learner"] == pytest.approx(main / ranks.var())
    assert np.isnan(shares["dataset x learner"])
    assert np.isnan(shares["dataset"])
    assert column(table, "share_worst_rank")["learner"] == pytest.approx(shares["learner"])


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_plain_variances_add_up_exactly(seed, order):
    values = np.random.default_rng(seed).normal(size=(3, 2, 2, 2, 3, 2))
    names = ("split", "start_set", "batch_size", "learner", "oracle")
    table = decomposition(frame_of(values, *names), order=order, resamples=0)
    assert table["variance"].sum() == pytest.approx(values.var())
    assert table["share"].sum() == pytest.approx(1)
    assert (table["variance"] > -1e-12).all()
    # by the formula: the mean over all else, less the grand mean
    main = values.mean(axis=(0, 1, 2, 3, 5)) - values.mean()
    assert column(table, "variance")["learner"] == pytest.approx(np.mean(main**2))
    if order > 1:
        both = values.mean(axis=(0, 1, 2, 5))
        both = both - both.mean(axis=0) - both.mean(axis=1, keepdims=True) + both.mean()
        assert column(table, "variance")["learner x batch_size"] == pytest.approx(np.mean(both**2))


def test_components_are_right_on_average():
    rng = np.random.default_rng(0)
    effect = np.array([-0.3, 0.1, 0.2])
    truth = {
        "dataset": 1.0,
        "split": 0.25,
        "start_set": 0.16,
        "learner": float(np.mean(effect**2)),
        "dataset x learner": 0.09 * 2 / 3,
        "learner x split": 0.04 * 2 / 3,
        "learner x start_set": 0.01 * 2 / 3,
    }
    found = []
    for _ in range(150):
        shape = (8, 3, 2)
        values = rng.normal(0, 1, (8, 1, 1, 1)) + rng.normal(0, 0.5, (8, 3, 1, 1)) + rng.normal(0, 0.4, (*shape, 1))
        values = values + effect + rng.normal(0, 0.3, (8, 1, 1, 3)) + rng.normal(0, 0.2, (8, 3, 1, 3))
        values = values + rng.normal(0, 0.1, (*shape, 3))
        # what levels have in common belongs to the main effects of datasets and replicates: 1/3 of it
        found.append(decomposition(frame_of(values, "split", "start_set", "learner"), resamples=0))
    mean = pd.concat(found).groupby("effect")["component"].agg(["mean", "std"])
    common = {"dataset": 0.03, "split": 0.04 / 3, "start_set": 0.01 / 3}
    for name, value in truth.items():
        error = mean.loc[name, "std"] / np.sqrt(150)
        assert mean.loc[name, "mean"] == pytest.approx(value + common.get(name, 0.0), abs=4 * error), name


def test_intervals_hold_what_they_should():
    rng = np.random.default_rng(1)
    effect = np.array([-0.3, 0.1, 0.2])
    inside = 0
    for i in range(60):
        values = rng.normal(0, 1, (20, 1, 1)) + effect + rng.normal(0, 0.3, (20, 1, 3)) + rng.normal(0, 0.5, (20, 4, 3))
        table = decomposition(frame_of(values, "split", "learner"), resamples=200, seed=i).set_index("effect")
        own = table.loc["learner"]
        inside += own["component_low"] <= np.mean(effect**2) <= own["component_high"]
        assert own["share_low"] <= own["share"] <= own["share_high"]
        total = table.attrs["totals"]["learner"]
        assert total["share_low"] <= total["share"] <= total["share_high"]
    assert 50 <= inside <= 60


def test_parameters_are_nested_in_their_strategy():
    # margin 1; qbc(2) 2, qbc(4) 4: families' means 1, 3 (weights 1, 2); within qbc -1, 1
    values = np.array([[1.0, 2.0, 4.0]]) + np.zeros((2, 1))
    frame = frame_of(values, "strategy")
    frame["strategy_family"] = frame["strategy"].map({0: "margin", 1: "qbc", 2: "qbc"})
    frame["strategy"] = frame["strategy"].map({0: "margin", 1: "qbc(2)", 2: "qbc(4)"})
    table = decomposition(frame)
    variance = column(table, "variance")
    mean = 7 / 3
    assert variance["strategy_family"] == pytest.approx(((1 - mean) ** 2 + 2 * (3 - mean) ** 2) / 3)
    assert variance["strategy within family"] == pytest.approx(2 / 3)
    assert table.attrs["parts"] == {"strategy": ["strategy_family", "strategy within family"]}
    assert "not corrected for noise" in table.attrs["note"]


def test_interactions_of_nested_factors_add_up():
    values = np.random.default_rng(0).normal(size=(3, 2, 4, 2))
    frame = frame_of(values, "split", "strategy", "learner")
    whole = column(decomposition(frame, resamples=0), "component")
    frame["strategy_family"] = frame["strategy"] // 2
    parts = column(decomposition(frame, resamples=0), "component")
    for name in ("strategy", "dataset x strategy", "learner x strategy", "strategy x split"):
        split = [name.replace("strategy", p) for p in ("strategy_family", "strategy within family")]
        assert parts[split[0]] + parts[split[1]] == pytest.approx(whole[name])


def test_the_complete_block_follows_its_rule():
    values = np.random.default_rng(0).normal(size=(7, 3, 4))
    values[2, 1, 3] = NAN
    values[5, :, 3] = NAN
    # learner 3 lacks 4 of 21, split 1 lacks 2 of 28, dataset 5 3 of 12: dataset 5 goes; then dataset 2 (1 of 12)
    table = decomposition(frame_of(values, "split", "learner"), resamples=0)
    assert table.attrs["dropped"] == {"dataset": ["d2", "d5"]}
    assert table.attrs["n_missing"] == 4
    assert table.attrs["missing"]["learner"][3] == pytest.approx(4 / 21)
    assert table.attrs["missing"]["dataset"]["d5"] == pytest.approx(0.25)
    kept = decomposition(frame_of(values[[0, 1, 3, 4, 6]], "split", "learner"), resamples=0)
    np.testing.assert_allclose(table["component"], kept["component"])
    assert "4 scores are missing" in table.attrs["note"]


def test_the_worst_rank_bound_moves_with_what_is_missing():
    values = np.random.default_rng(0).normal(size=(6, 3, 3))
    values[0, :, 2] = NAN
    values[1, :, 2] = NAN
    frame = frame_of(values, "split", "learner")
    shares = decomposition(frame, resamples=0).set_index("effect").loc["learner"]
    filled = decomposition(frame.fillna({"value": -9.0}), resamples=0).set_index("effect").loc["learner"]
    assert shares["share_worst_rank"] == pytest.approx(filled["share_rank"])
    assert shares["share_worst_rank"] != pytest.approx(shares["share_rank"])
    frame.attrs.clear()
    unknown = decomposition(frame, resamples=0)
    assert unknown["share_worst_rank"].isna().all()
    assert "no worst-rank bound" in unknown.attrs["note"]


def test_what_is_not_named_is_averaged_over():
    values = np.random.default_rng(0).normal(size=(3, 2, 3, 2))
    table = decomposition(frame_of(values, "split", "learner", "batch_size"), ["learner"], resamples=0)
    alone = decomposition(frame_of(values.mean(axis=3), "split", "learner"), resamples=0)
    ranks = ["share_rank", "share_worst_rank"]  # these are of the values before they are averaged
    pd.testing.assert_frame_equal(table.drop(columns=ranks), alone.drop(columns=ranks))


def test_nothing_depends_on_the_order_of_rows_or_categories():
    values = np.random.default_rng(0).normal(size=(6, 2, 3))
    frame = frame_of(values, "split", "learner")
    frame["learner"] = frame["learner"].map({0: "a", 1: "b", 2: "c"})
    other = frame.sample(frac=1, random_state=0)
    other["learner"] = pd.Categorical(other["learner"], categories=["c", "unused", "a", "b"])
    pd.testing.assert_frame_equal(decomposition(frame, resamples=50), decomposition(other, resamples=50))


def test_properties_of_a_dataset_are_no_factors():
    values = np.random.default_rng(0).normal(size=(3, 2, 2))
    frame = frame_of(values, "split", "learner")
    frame["split_kind"] = frame["dataset"].map({"d0": "given", "d1": "seeded", "d2": "seeded"})
    assert list(decomposition(frame, resamples=0).attrs["factors"]) == ["learner"]


@pytest.mark.parametrize(
    ("factors", "order", "said"),
    [(["split"], 3, "always part"), (["strategy_family"], 3, "name that one"), (["oracle"], 3, "no column"),
     (None, 0, "order is")],
)  # fmt: skip
def test_what_can_not_be_decomposed(factors, order, said):
    with pytest.raises(AlgridError, match=said):
        decomposition(SMALL.assign(strategy_family="x"), factors, order)


def test_nothing_to_decompose_is_said():
    with pytest.raises(AlgridError, match="nothing to decompose"):
        decomposition(SMALL.assign(value=NAN))


def test_replicates_needed_by_hand():
    table = replicates_needed(decomposition(SMALL), width=0.1)
    # the difference of two levels: c = 2 * 2 / 1 = 4 times .005 over splits and 2 datasets
    per_split = 4 * 0.005 / 2
    needed = ceil(per_split / (0.1 / 3.919928) ** 2)
    assert table["split"].tolist() == [needed] == [16]
    assert table["n_replicates"].tolist() == [16]
    assert table["width"].iloc[0] == pytest.approx(3.919928 * np.sqrt(per_split / 16), rel=1e-6)
    assert table["width_datasets"].iloc[0] == pytest.approx(3.919928 * np.sqrt(4 * 0.0025 / 2), rel=1e-6)
    alone = replicates_needed(decomposition(SMALL), width=0.1, by="learner", datasets=1)
    assert alone["split"].tolist() == [31]


def test_inner_replicates_save_outer_ones_only_as_far_as_they_go():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.01, (6, 4, 1, 2)) + rng.normal(0, 0.2, (6, 4, 5, 2))
    found = decomposition(frame_of(values, "split", "start_set", "learner"), resamples=0)
    table = replicates_needed(found, width=0.05)
    ordered = table.sort_values("start_set")
    assert (ordered["split"].diff().dropna() <= 0).all()
    assert (table["width"] <= 0.05 + 1e-12).all()
    assert (table["n_replicates"] == table["split"] * table["start_set"]).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [({"width": 0.0}, "width"), ({"width": 0.1, "by": "lerner"}, "Did you mean 'learner'"),
     ({"width": 0.1, "datasets": 0}, "datasets are 1")],
)  # fmt: skip
def test_mistakes_of_a_study(options, said):
    with pytest.raises(AlgridError, match=said):
        replicates_needed(decomposition(SMALL), **options)
    with pytest.raises(AlgridError, match="order=2"):
        replicates_needed(decomposition(SMALL, order=1), width=0.1)


def test_one_replicate_tells_no_noise():
    values = np.random.default_rng(0).normal(size=(6, 3))
    table = decomposition(frame_of(values, "learner"), resamples=20)
    assert set(table["effect"]) == {"dataset", "learner", "dataset x learner"}
    with pytest.raises(AlgridError, match="one replicate"):
        replicates_needed(table, width=0.1)


def test_one_dataset_still_has_shares():
    table = decomposition(SMALL[SMALL["dataset"] == "d0"])
    # half differences .1 .2: mean .15, variance .005
    assert column(table, "component") == pytest.approx(
        {"split": 0.02, "learner": 0.0225 - 0.0025, "learner x split": 0.005}
    )
    assert list(itertools.chain(table["order"])) == [1, 1, 2]
