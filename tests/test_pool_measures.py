"""Sample measures of stored results: every pool, the same every time, and from a fair sample of runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from small_store import make_store

import algrid.pool_measures
from algrid.api import open as open_results
from algrid.influence.queried_rows import shape_means
from algrid.pool import make_pool
from algrid.pool_measures import MEASURES, sampled_runs
from algrid.sample_measures import of_data
from algrid.session import Session


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    grid = {
        "name": "profiles",
        "datasets": ["iris", "wine"],
        "splits": {"count": 2},
        "strategies": ["random", "greedy_oracle"],
        "learners": ["gaussian_nb"],
        "batch_sizes": [4],
        "budgets": [12],
    }
    return open_results(make_store(tmp_path_factory.mktemp("store") / "profiles", grid))


@pytest.fixture(scope="module")
def measures(results):
    return results.sample_measures(replays=1)


def test_every_row_of_every_pool_is_measured(results, measures):
    assert list(measures.columns[5:]) == list(MEASURES)
    sizes = measures.groupby(["dataset", "split"]).size()
    stored = results.runs.drop_duplicates(["dataset", "split"]).set_index(["dataset", "split"])["n_pool"]
    assert sizes.to_dict() == stored.to_dict()
    assert len(sizes) == 4
    assert measures.drop(columns=["uncertainty", "misclassified", "switching", "accuracy_gain"]).notna().all().all()
    assert 0 < measures["oracle_picks"].mean() < 0.5


def test_a_pools_measures_are_those_of_its_data(results, measures):
    cell = next(c for c in Session(results.grid).plan.cells if c.dataset.name == "wine" and c.split_index == 1)
    pool = make_pool(cell, cell.dataset.load())
    own = measures[(measures["dataset"] == "wine") & (measures["split"] == 1)]
    for name, values in of_data(pool.X, pool.y, pool.n_classes, 0).items():
        assert own[name].tolist() == values.tolist()


def test_they_are_measured_once(results, measures, monkeypatch):
    def never(*_, **__):
        raise AssertionError("measured again")

    with monkeypatch.context() as patch:
        patch.setattr(algrid.pool_measures, "pool_measures", never)
        assert_frame_equal(results.sample_measures(replays=1), measures)
        with pytest.raises(AssertionError, match="measured again"):
            results.sample_measures(replays=2)
    (kept,) = (results.path / "derived").glob("sample-measures-*/*.parquet")
    kept.write_bytes(b"damaged")
    assert_frame_equal(results.sample_measures(replays=1), measures)


def test_profiles_say_what_strategies_pick(results, measures):
    table = results.sample_profiles(measures=measures)
    assert table.attrs["budget"] == 12
    assert set(table["strategy"]) == {"random", "greedy_oracle"}
    picks = table[(table["measure"] == "oracle_picks") & (table["phase"] == "all")].set_index("strategy")["superiority"]
    assert picks["greedy_oracle"] > 0.8 > picks["random"]


def test_runs_are_drawn_evenly_whatever_their_order():
    frame = pd.DataFrame(
        [(s, learner, f"{s}{learner}{i}", 5) for s in "abc" for learner in "xy" for i in range(9)],
        columns=["strategy", "learner", "run_id", "reach"],
    )
    frame.loc[frame["strategy"] == "c", "reach"] = 0
    drawn = frame.iloc[sampled_runs(frame, 8, np.random.default_rng(0))]
    assert drawn.groupby(["strategy", "learner"]).size().to_dict() == dict.fromkeys(
        [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")], 2
    )
    mixed = frame.sample(frac=1, random_state=1)
    again = mixed.iloc[sampled_runs(mixed, 8, np.random.default_rng(0))]
    assert again["run_id"].tolist() == drawn["run_id"].tolist()


def test_batches_of_stored_runs_are_those_of_their_histories(results):
    shapes = results.query_shapes()
    assert len(shapes) == len(results.runs)
    row = shapes.iloc[5]
    points = list(results.replay(row["run_id"]))
    pool = points[0].pool
    unit = pool.X / np.linalg.norm(pool.X, axis=1, keepdims=True)
    apart = [1 - unit[a] @ unit[b] for p in points[1:] for i, a in enumerate(p.batch) for b in p.batch[i + 1 :]]
    assert row["within"] == pytest.approx(np.mean(apart))  # all batches have the same size
    picked = np.concatenate([p.batch for p in points])
    shares = np.bincount(pool.y[picked], minlength=3) / len(picked) - np.bincount(pool.y, minlength=3) / pool.n_pool
    assert row["class_gap"] == pytest.approx(np.abs(shares).sum())
    assert row["class_gap_maximum"] == pytest.approx(np.abs(shares).max())
    some = results.query_shapes(4, most=1)
    assert some.groupby(["dataset", "split", "start_set"], observed=True).size().tolist() == [1] * 4


def test_means_of_shapes_have_a_row_a_level(results):
    shapes = results.query_shapes()
    means = shape_means(shapes, resamples=10).set_index("strategy")
    expected = (
        shapes.groupby(["strategy", "dataset"], observed=True)["within"].mean().groupby("strategy", observed=True)
    )
    assert means["within"].to_dict() == pytest.approx(expected.mean().to_dict())
    assert means["within_low"].isna().all()
