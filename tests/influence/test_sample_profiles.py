"""Profiles of queried rows: by hand, what random and greedy strategies must have, and what does not count."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import CELL, make_runs

from algrid.errors import AlgridError
from algrid.influence.picked_rows import accuracy_gain, oracle_picks
from algrid.influence.sample_profiles import placed, sample_profiles

KEY = {axis: CELL[axis] for axis in ("dataset", "split_kind", "split", "preprocessing")}


def measures(n=12, dataset="iris", **columns):
    return pd.DataFrame({**KEY, "dataset": dataset, "pool_index": np.arange(n), **columns})


def run(queried, strategy="margin", n_pool=12, start=(0, 1), **more):
    labeled = [len(start), len(start) + len(queried)]
    columns = {"queried": queried, "strategy": strategy, "batch_size": len(queried), "n_pool": n_pool}
    return {**columns, "start_indices": list(start), "n_labeled": labeled, "accuracy": [0.5, 0.5], **more}


def one(table, level, phase="all", measure="high"):
    rows = table[(table.iloc[:, 0] == level) & (table["phase"] == phase) & (table["measure"] == measure)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_by_hand():
    # candidates are 2 to 11, with the values 0 to 9: mean 4.5, variance 99/12
    table = sample_profiles(make_runs([run([11, 10, 2, 3])]), measures(high=np.arange(12.0) - 2), budget=4)
    deviation = np.sqrt(99 / 12)
    both, early, late = (one(table, "margin", phase) for phase in ("all", "early", "late"))
    assert early["difference"] == pytest.approx((8.5 - 4.5) / deviation)
    assert late["difference"] == pytest.approx((0.5 - 4.5) / deviation)
    assert both["difference"] == pytest.approx(0)
    # the highest beats 9 of 10 and ties with itself
    assert early["superiority"] == pytest.approx((0.95 + 0.85) / 2)
    assert (early["highest"], early["lowest"]) == (1.0, 0.0)
    assert (both["highest"], both["lowest"]) == (0.5, 0.5)
    change = one(table, "margin", "change")
    assert change["difference"] == pytest.approx(-8 / deviation)
    assert change["highest"] == pytest.approx(-1)
    assert table.attrs["n_runs"] == {"margin": 1}
    assert both["n_datasets"] == 1
    assert table["difference_low"].isna().all()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=30))
def test_the_mean_over_all_candidates_is_what_random_picks(values):
    stand = placed(np.array(values, dtype=float)[:, None])[:, 0]
    if len(set(values)) == 1:
        assert np.isnan(stand).all()
    else:
        assert stand.mean(axis=0) == pytest.approx([0, 0.5, 0.25, 0.25])
        assert stand[:, 0].std() == pytest.approx(1)
        for value, superiority in zip(values, stand[:, 1], strict=True):
            others = np.array(values)
            assert superiority == pytest.approx(np.mean((others < value) + 0.5 * (others == value)))


def test_rows_without_a_value_are_left_out():
    values = np.array([np.nan, 0.0, 1.0, np.nan])
    stand = placed(values[:, None])[:, 0]
    assert np.isnan(stand[[0, 3]]).all()
    assert stand[[1, 2], 0].tolist() == [-1.0, 1.0]


def many(seed=0, datasets=7):
    """Seven datasets in which `greedy` takes the highest rows, and `random` any."""
    rng = np.random.default_rng(seed)
    rows, frames = [], []
    for d, split in itertools.product(range(datasets), range(2)):
        values = rng.normal(size=40) * 10**d
        frames.append(measures(40, f"d{d}", high=values, flat=1.0).assign(split=split))
        candidates = np.arange(2, 40)
        for start in range(3):
            where = {"dataset": f"d{d}", "split": split, "start_set": start, "n_pool": 40}
            rows.append(run(candidates[np.argsort(-values[2:])][:6].tolist(), "greedy", **where))
            rows.append(run(rng.permutation(candidates)[:6].tolist(), "random", **where))
    return make_runs([rows[i] for i in rng.permutation(len(rows))]), pd.concat(frames, ignore_index=True)


def test_who_picks_high_rows_has_a_high_profile():
    runs, own = many()
    table = sample_profiles(runs, own, budget=6, resamples=200)
    greedy, random = one(table, "greedy"), one(table, "random")
    assert greedy["superiority"] == pytest.approx(np.mean(1 - (np.arange(6) + 0.5) / 38))
    assert greedy["highest"] == pytest.approx(1)
    assert greedy["difference_low"] > 1
    assert random["difference_low"] < 0 < random["difference_high"]
    assert random["superiority_low"] < 0.5 < random["superiority_high"]
    assert one(table, "greedy", "change")["difference_high"] < 0
    assert one(table, "greedy", measure="flat")["n_datasets"] == 0
    assert np.isnan(one(table, "greedy", measure="flat")["difference"])
    assert greedy["n_datasets"] == 7
    assert table.attrs["n_runs"] == {"greedy": 42, "random": 42}


def test_tests_over_datasets_are_corrected_for_all_levels_and_measures():
    runs, own = many()
    table = sample_profiles(runs, own, budget=6, resamples=0)
    greedy = one(table, "greedy")
    # seven datasets on one side: 2 / 2^7; two tests of the phase, as `flat` says nothing
    assert greedy["p"] == pytest.approx(2 / 128)
    assert greedy["p_holm"] == pytest.approx(4 / 128)
    assert greedy["differs"]
    assert not one(table, "random")["differs"]
    assert np.isnan(one(table, "greedy", measure="flat")["p_holm"])
    strict = sample_profiles(runs, own, budget=6, alpha=0.03, resamples=0)
    assert not strict["differs"].any()
    assert "too few to tell any of 2 levels and measures apart at level 0.03" in strict.attrs["note"]
    few = sample_profiles(*many(datasets=5), budget=6)
    assert few["p"].isna().all()
    assert "No test for 2 of 2 levels and measures" in few.attrs["note"]


def test_means_are_over_runs_and_then_over_datasets():
    own = pd.concat([measures(high=np.arange(12.0)), measures(dataset="wine", high=np.arange(12.0))])
    rows = [run([11]), run([2], start_set=1), run([2], start_set=2), run([11], dataset="wine")]
    table = sample_profiles(make_runs(rows), own, budget=1)
    assert one(table, "margin")["superiority"] == pytest.approx(((0.95 + 0.05 + 0.05) / 3 + 0.95) / 2)


def test_who_takes_all_or_too_little_does_not_count():
    rows = [run([11, 10]), run([11], start_set=1), run(list(range(2, 12)), start_set=2), run([11, 10], dataset="gone")]
    table = sample_profiles(make_runs(rows), measures(high=np.arange(12.0)), budget=2)
    assert table.attrs["n_runs"] == {"margin": 2}
    assert table.attrs["left_out"] == pytest.approx(0.5)
    everything = sample_profiles(make_runs(rows[2:3]), measures(high=np.arange(12.0)), budget=10)
    assert everything.attrs["left_out"] == 1
    assert everything["difference"].isna().all()


def test_every_run_has_its_own_start_set():
    own = measures(high=np.arange(12.0))
    rows = [run([9], start=(11, 10)), run([2], start=(0, 1), start_set=1)]
    table = sample_profiles(make_runs(rows), own, budget=1)
    assert one(table, "margin")["superiority"] == pytest.approx((0.95 + 0.05) / 2)


def test_other_axes_and_mistakes():
    own = measures(high=np.arange(12.0))
    runs = make_runs([run([11], batch_size=1), run([2], batch_size=5)])
    table = sample_profiles(runs, own, "batch_size")
    assert table.attrs["budget"] == 1
    assert one(table, 1)["superiority"] == pytest.approx(0.95)
    for by, budget, frame, said in (
        ("dataset", None, own, "no profiles of 'dataset'"),
        ("strategy", 0, own, "budget is"),
        ("strategy", 1, own.drop(columns="split"), "no column 'split'"),
        ("strategy", 1, measures(13, high=1.0), "of other data"),
    ):
        with pytest.raises(AlgridError, match=said):
            sample_profiles(runs, frame, by, budget)


def test_what_oracles_picked():
    runs = make_runs(
        [
            run([3, 4], "greedy_oracle", strategy_family="greedy_oracle"),
            run([4, 5], "beam_search_oracle", strategy_family="beam_search_oracle"),
            run([6, 7]),
        ]
    )
    picked = oracle_picks(runs, 8, {"greedy_oracle", "beam_search_oracle"})
    assert picked.tolist() == [0, 0, 0, 0.5, 1, 0.5, 0, 0]
    assert np.isnan(oracle_picks(runs, 8, {"other"})).all()


def test_what_batches_gained():
    rows = [
        {"queried": [3, 4, 5], "n_labeled": [2, 4, 5], "accuracy": [0.5, 0.7, 0.6], "batch_size": 2},
        {"queried": [5, 4], "n_labeled": [2, 3, 4], "accuracy": [0.1, 0.2, 0.5], "batch_size": 1},
        {"queried": [], "n_labeled": [], "accuracy": [], "batch_size": 1, "start_set": 1},
    ]
    gain = accuracy_gain(make_runs(rows), 7)
    assert np.isnan(gain[[0, 1, 2, 6]]).all()
    # 3 and 4 gained 0.2 together, 5 lost 0.1; then 5 gained 0.1 and 4 gained 0.3
    assert gain[3:6] == pytest.approx([0.2, (0.2 + 0.3) / 2, 0.0])
