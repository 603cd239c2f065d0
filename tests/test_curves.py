"""From stored runs to point values, learning curves and scores."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import make_runs, make_skylines

from algrid import points
from algrid.aggregates import LabelsToSkyline
from algrid.curves import columns_for, curves, point_values, score_columns, scores, skyline_values
from algrid.errors import AlgridError, PluginError, StoreError
from algrid.metrics import METRICS
from algrid.schema import AXES, RUNS


def test_analysis_imports_neither_scikit_learn_nor_dask():
    code = "import sys, algrid.curves, algrid.leaderboard; print({'sklearn', 'dask', 'algrid.loop'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def test_point_values_by_hand():
    runs = make_runs(
        [
            {"accuracy": [0.3, 0.5]},
            {"bought": [], "stop_reason": "error", "seed": 1},
            {"accuracy": [0.9, 0.8, 1.0], "seed": 2},
        ]
    )
    values, offsets = point_values(runs, "accuracy")
    assert values.tolist() == [0.3, 0.5, 0.9, 0.8, 1.0]
    assert offsets.tolist() == [0, 2, 2, 5]


def test_the_pool_has_its_own_counts():
    runs = make_runs([{"accuracy": [0.3, 0.5], "confusion_on_pool": [np.diag([3, 1]), [[1, 1], [1, 1]]]}])
    assert point_values(runs, "accuracy", "pool")[0].tolist() == [1.0, 0.5]


def random_rows(rng, n):
    rows = []
    for seed in range(n):
        k = int(rng.integers(1, 5))
        counts = rng.integers(0, 4, (int(rng.integers(0, 5)), k, k))
        rows.append({"seed": seed, "confusion": counts, "n_classes": k, "sparse": bool(rng.integers(2))})
    return rows


@given(seed=st.integers(0, 2**32), rows=st.integers(1, 5), entries=st.sampled_from([1, 20, 1 << 20]))
@settings(deadline=None, max_examples=30)
def test_any_mix_of_classes_storage_and_chunks_equals_a_loop(seed, rows, entries):
    given_ = random_rows(np.random.default_rng(seed), 12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(points, "_ROWS", rows)
        patch.setattr(points, "_ENTRIES", entries)
        values, offsets = point_values(make_runs(given_).slice(2), "f1_macro")
    metric = METRICS.build("f1_macro")
    expected = [metric.of_confusion(row["confusion"]) for row in given_[2:]]
    assert np.diff(offsets).tolist() == [len(v) for v in expected]
    assert values.tolist() == np.concatenate(expected).tolist()


def test_many_classes():
    counts = np.zeros((3, 300, 300), dtype=int)
    counts[0, 5, 5], counts[1, 5, 6], counts[2, 299, 299], counts[2, 0, 299] = 4, 4, 1, 3
    runs = make_runs([{"confusion": counts, "sparse": True}])
    assert point_values(runs, "accuracy")[0].tolist() == [1.0, 0.0, 0.25]


def test_probability_metrics_come_from_the_record():
    runs = make_runs(
        [
            {"accuracy": [0.3, 0.5], "probability": {"brier": [0.5, 0.4], "log_loss": [1.0, 0.9]}},
            {"bought": [], "stop_reason": "error", "seed": 1},
            {"accuracy": [0.3], "probability": {"log_loss": [0.7]}, "seed": 2},
        ]
    )
    values, offsets = point_values(runs, "log_loss")
    assert values.tolist() == [1.0, 0.9, 0.7]
    assert offsets.tolist() == [0, 2, 2, 3]
    assert point_values(runs.slice(2), "log_loss")[0].tolist() == [0.7]
    assert point_values(runs.slice(0, 1), "brier")[0].tolist() == [0.5, 0.4]
    with pytest.raises(AlgridError, match=r"'brier' was not recorded for 1 of 3 rows.*probability_metrics: \[brier\]"):
        point_values(runs, "brier")


def test_mistakes_and_damage_are_told():
    runs = make_runs([{"accuracy": [0.3, 0.5], "probability": {"brier": [0.5]}, "run_id": "00000000000000aa"}])
    with pytest.raises(PluginError, match="Did you mean 'accuracy'"):
        point_values(runs, "acuracy")
    with pytest.raises(AlgridError, match="Did you mean 'pool'"):
        point_values(runs, "accuracy", "poool")
    with pytest.raises(AlgridError, match="on the test part only"):
        point_values(runs, "brier", "pool")
    with pytest.raises(StoreError, match=r"confusion_pool of run_id 00000000000000aa"):
        point_values(runs, "accuracy", "pool")
    with pytest.raises(StoreError, match=r"probability_metrics of run_id 00000000000000aa"):
        point_values(runs, "brier")


def test_an_empty_table_has_no_points():
    empty = RUNS.schema.empty_table()
    values, offsets = point_values(empty, "mcc")
    assert values.tolist() == []
    assert offsets.tolist() == [0]
    assert len(curves(empty, "mcc")) == 0
    assert len(scores(empty, metric="mcc", budgets=[5, None])) == 0


def test_columns_for_is_all_that_is_read():
    row = {
        "accuracy": [0.3, 0.5],
        "probability": {"brier": [0.5, 0.1]},
        "confusion_on_pool": [np.eye(2, dtype=int)] * 2,
    }
    runs = make_runs([row])
    for metric, part in (("accuracy", "test"), ("accuracy", "pool"), ("brier", "test")):
        picked = runs.select(columns_for(metric, part))
        assert point_values(picked, metric, part)[0].tolist() == point_values(runs, metric, part)[0].tolist()
        narrow = runs.select(score_columns(metric, part))
        assert scores(narrow, metric=metric, part=part).equals(scores(runs, metric=metric, part=part))


def test_curves_are_long():
    runs = make_runs(
        [
            {"accuracy": [0.3, 0.5], "strategy": "margin", "n_start": 3},
            {"accuracy": [0.4, 0.6, 0.7], "strategy": "random", "n_start": 4, "bought": [0, 5, 7]},
        ]
    )
    frame = curves(runs, "accuracy")
    assert list(frame.columns[: 1 + len(AXES)]) == ["run_id", *AXES]
    assert isinstance(frame["strategy"].dtype, pd.CategoricalDtype)
    assert frame["strategy"].tolist() == ["margin"] * 2 + ["random"] * 3
    assert frame["run_id"].tolist() == np.repeat(runs["run_id"].to_pylist(), [2, 3]).tolist()
    assert frame["cycle"].tolist() == [0, 1, 0, 1, 2]
    assert frame["n_labeled"].tolist() == [3, 8, 4, 9, 11]
    assert frame["n_bought"].tolist() == [0, 5, 0, 5, 7]
    assert frame["value"].tolist() == [0.3, 0.5, 0.4, 0.6, 0.7]
    assert frame.attrs == {"metric": "accuracy", "part": "test", "higher_is_better": True}


def test_tables_of_several_shards_with_labels_of_their_own():
    shards = [make_runs([{"accuracy": [0.1], "strategy": s}]) for s in ("random", "margin", "random")]
    frame = curves(pa.concat_tables(shards), "accuracy")
    assert frame["strategy"].tolist() == ["random", "margin", "random"]


#: 0 .2, 5 .4, 10 .8: area to 10 is (1.5 + 3) / 10
ACCURACY = [0.2, 0.4, 0.8]


def test_scores_by_hand():
    runs = make_runs([{"accuracy": ACCURACY}])
    frame = scores(runs, metric="accuracy", budgets=[5, 7, None])
    assert frame["budget"].tolist() == [5, 7, pd.NA]
    assert frame["value"].tolist() == pytest.approx([0.3, (1.5 + 2 * 0.48) / 7, 0.45])
    assert frame["complete"].tolist() == [True] * 3
    assert frame["pool_empty"].tolist() == [False] * 3
    assert frame.attrs == {
        "metric": "accuracy",
        "aggregate": "aubc",
        "part": "test",
        "include_start": True,
        "higher_is_better": True,
    }
    assert scores(runs, metric="accuracy", aggregate="mean")["value"].tolist() == pytest.approx([0.6])
    assert scores(runs, metric="accuracy", aggregate="mean", include_start=True)["value"].tolist() == pytest.approx(
        [1.4 / 3]
    )


@pytest.mark.parametrize(
    ("stop_reason", "budget", "expected", "pool_empty"),
    [
        ("budget", None, 0.8, False),
        ("budget", 10, 0.8, False),
        ("budget", 11, None, False),
        ("timeout", None, None, False),
        ("timeout", 10, 0.8, False),
        ("timeout", 11, None, False),
        ("error", 8, 0.64, False),
        ("pool_empty", None, 0.8, True),
        ("pool_empty", 99, 0.8, True),
        ("pool_empty", 10, 0.8, True),
        ("pool_empty", 9, 0.72, False),
    ],
)
def test_a_run_that_falls_short_of_the_budget_has_no_score(stop_reason, budget, expected, pool_empty):
    runs = make_runs([{"accuracy": ACCURACY, "stop_reason": stop_reason}])
    frame = scores(runs, metric="accuracy", aggregate="final", budgets=budget)
    assert frame["complete"].tolist() == [expected is not None]
    assert frame["value"].tolist() == pytest.approx([np.nan if expected is None else expected], nan_ok=True)
    assert frame["pool_empty"].tolist() == [pool_empty]


def test_a_budget_that_is_the_whole_pool_uses_it_up():
    runs = make_runs([{"accuracy": ACCURACY, "n_pool": 13}])
    frame = scores(runs, metric="accuracy", aggregate="final", budgets=[9, 10, 20])
    assert frame["pool_empty"].tolist() == [False, True, True]
    assert frame["complete"].tolist() == [True, True, True]


def test_a_run_without_a_point_has_no_score():
    runs = make_runs([{"bought": [], "stop_reason": "crashed"}, {"accuracy": [0.5], "seed": 1}])
    frame = scores(runs, metric="accuracy", budgets=[0, None])
    assert frame["complete"].tolist() == [False, True, False, True]
    assert frame["value"].tolist() == pytest.approx([np.nan, 0.5, np.nan, 0.5], nan_ok=True)


def test_labels_to_skyline_joins_by_cell():
    shared = {"accuracy": ACCURACY}
    runs = make_runs([{**shared, "seed": 0}, {**shared, "seed": 1}, {**shared, "seed": 2}, {**shared, "seed": 3}])
    skylines = make_skylines(
        [
            {"seed": 2, "error": "its data could not be read", "n_classes": None},
            {"seed": 1, "accuracy": [0.6]},
            {"seed": 0, "accuracy": [1.0]},
        ]
    )
    assert skyline_values(skylines, "accuracy").tolist() == pytest.approx([np.nan, 0.6, 1.0], nan_ok=True)
    frame = scores(runs, skylines, metric="accuracy", aggregate=LabelsToSkyline(share=1.0))
    assert frame["value"].tolist() == pytest.approx([np.inf, 7.5, np.nan, np.nan], nan_ok=True)
    assert frame.attrs["higher_is_better"] is False
    assert frame.attrs["aggregate"] == "labels_to_skyline(share=1)"
    with pytest.raises(PluginError, match="needs the skylines"):
        scores(runs, metric="accuracy", aggregate="labels_to_skyline")
    with pytest.raises(AlgridError, match="test part only"):
        scores(runs, skylines, metric="accuracy", aggregate="labels_to_skyline", part="pool")


def test_a_loss_is_better_when_lower():
    runs = make_runs([{"accuracy": [0.5], "probability": {"log_loss": [0.7]}}])
    assert scores(runs, metric="log_loss").attrs["higher_is_better"] is False


@pytest.mark.parametrize("budgets", [-1, [5, 5], [], [2.5], ["all"], "all", True])
def test_impossible_budgets_are_told(budgets):
    with pytest.raises(AlgridError, match=r"budget"):
        scores(make_runs([{"accuracy": [0.5]}]), metric="accuracy", budgets=budgets)


def test_budgets_may_come_from_a_frame():
    runs = make_runs([{"accuracy": ACCURACY}])
    frame = scores(runs, metric="accuracy", budgets=[5, 10])
    assert scores(runs, metric="accuracy", budgets=list(frame["budget"].to_numpy(np.int64))).equals(frame)


def test_chunks_change_nothing(monkeypatch):
    rows = [{"accuracy": ACCURACY[: 1 + seed % 3], "seed": seed} for seed in range(7)]
    skylines = make_skylines([{"accuracy": [0.8], "seed": seed} for seed in range(7)])
    ask = {"metric": "accuracy", "aggregate": "labels_to_skyline", "budgets": [0, 7]}
    whole = scores(make_runs(rows), skylines, **ask)
    monkeypatch.setattr(points, "_ROWS", 2)
    pd.testing.assert_frame_equal(scores(make_runs(rows), skylines, **ask), whole)
