"""The published study's layout, on files that are written here."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

import algrid as ag
from algrid.errors import AlgridError, StoreError
from algrid.figures import learning_curves
from algrid.influence.pairwise import win_tie_loss
from algrid.leaderboard import leaderboard
from algrid.mean_curves import mean_curves
from algrid.ogal import COLUMNS

NAMES = {"dataset": {3: "iris", 5: "wine"}, "strategy": {1: "random", 9: "margin"}, "learner": {2: "svm_rbf"}}


def write(folder, name, runs):
    """Runs of (unique id, dataset, strategy, batch size, values), points in a mixed order."""
    rows = [
        (dataset, strategy, 0, batch_size, 2, 0, ix, f"{unique}_{ix}", value)
        for unique, dataset, strategy, batch_size, values in runs
        for ix, value in enumerate(values)
    ]
    frame = pd.DataFrame(rows[::-1], columns=list(COLUMNS))
    pq.write_table(pa.Table.from_pandas(frame), folder / f"{name}.parquet")


#: without cycle 0: mean .34; from the second on .4
RANDOM = [0.9, 0.1, 0.1, 0.5, 0.5, 0.5]
RUNS = [
    (70, 3, 1, 5, RANDOM),
    (71, 3, 9, 5, [0.9, 0.2, 0.3, 0.6, 0.8, 1.0]),
    (80, 5, 1, 5, RANDOM),
    (81, 5, 9, 5, [0.0] * 100),
]


@pytest.fixture
def study(tmp_path):
    write(tmp_path, "accuracy", RUNS)
    write(tmp_path, "weighted_f1-score", RUNS[:2])
    return ag.open_ogal(tmp_path, NAMES)


def test_curves_have_our_columns(study):
    assert study.metrics == ["accuracy", "weighted_f1-score"]
    found = study.curves()
    assert len(found) == 118
    run = found[found["run_id"] == "71"]
    assert run["cycle"].tolist() == [0, 1, 2, 3, 4, 5]
    assert run["n_bought"].tolist() == [0, 5, 10, 15, 20, 25]
    assert run["value"].tolist() == [0.9, 0.2, 0.3, 0.6, 0.8, 1.0]
    first = run.iloc[0]
    assert (first["dataset"], first["strategy"], first["learner"]) == ("iris", "margin", "svm_rbf")
    assert (first["split"], first["start_set"], first["batch_size"], first["seed"]) == (0, 0, 5, 0)
    assert first["preprocessing"] == "robust_minmax"
    assert run["n_labeled"].isna().all()
    assert found.attrs == {"metric": "accuracy", "part": "test", "higher_is_better": True}


def test_numbers_without_names(tmp_path):
    write(tmp_path, "accuracy", RUNS)
    found = ag.open_ogal(tmp_path).curves()
    assert found["strategy"].cat.categories.tolist() == ["1", "9"]


def test_scores_by_hand(study):
    found = study.scores(aggregate="final", budgets=[12, 400])
    at = {(row.run_id, row.budget): row for row in found.itertuples()}
    assert at["71", 12].value == pytest.approx(0.3 + 0.4 * 0.3)
    # 71 ended after 5 queries: its pool is taken to be empty
    assert (at["71", 400].value, at["71", 400].pool_empty, at["71", 12].pool_empty) == (1.0, True, False)
    assert (at["81", 400].value, at["81", 400].complete, at["81", 400].pool_empty) == (0.0, True, False)
    assert found.attrs["assumed_pool_empty"] == 0.75
    # nothing is known beyond the 99 queries of a whole run
    assert study.scores(aggregate="final", budgets=[500])["value"].isna().tolist() == [False, False, False, True]


def test_ramp_up_by_the_random_strategy(study):
    ramp, plateau = (study.scores("accuracy", name)["value"] for name in ("ramp_up", "plateau"))
    assert ramp.tolist() == pytest.approx([0.1, 0.2, 0.1, 0.0])
    assert plateau.tolist() == pytest.approx([0.4, 2.7 / 4, 0.4, 0.0])
    with pytest.raises(AlgridError, match=r"unknown strategy 'rand'. Did you mean 'random'"):
        study.scores("accuracy", "ramp_up", reference="rand")
    with pytest.raises(AlgridError, match="needs the skylines"):
        study.scores("accuracy", "labels_to_skyline")


def test_a_dataset_at_a_time_is_the_same(study, monkeypatch):
    budgets = [12, None]
    whole = {name: study.scores(aggregate=name, budgets=budgets) for name in ("final", "plateau")}
    curves = mean_curves(study.curves(), budget=20, resamples=0).numbers
    monkeypatch.setattr("algrid.ogal._POINTS", 1)
    read = []
    one = type(study)._read
    monkeypatch.setattr(type(study), "_read", lambda self, m, names: read.append(names) or one(self, m, names))
    for name, expected in whole.items():
        found = study.scores(aggregate=name, budgets=budgets)
        assert_frame_equal(found, expected)
        assert found.attrs == expected.attrs
    assert read[:2] == [["iris"], ["wine"]]
    assert study.datasets() == ["iris", "wine"]
    parts = study.curves_by_dataset()
    assert_frame_equal(mean_curves(parts, budget=20, resamples=0).numbers, curves)
    assert learning_curves(parts, resamples=0, budget=20).name == "learning_curves_accuracy"
    with pytest.raises(AlgridError, match=r"unknown dataset 'irs'. Did you mean 'iris'"):
        study.curves(datasets=["irs"])


def test_every_analysis_reads_it(study):
    scored = study.scores(aggregate="mean")
    board = leaderboard(scored)
    assert board["strategy"].tolist() == ["margin", "random"]
    assert board["rank"].tolist() == [1.5, 1.5]
    assert win_tie_loss(scored)["wins"].tolist() == [1, 1]
    numbers = mean_curves(study.curves(), budget=20).numbers
    assert sorted(numbers["dataset"].unique()) == ["iris", "wine"]
    assert np.isfinite(numbers["mean"]).all()


def test_mistakes_are_told(study, tmp_path):
    with pytest.raises(AlgridError, match=r"unknown metric 'acuracy'. Did you mean 'accuracy'"):
        study.curves("acuracy")
    with pytest.raises(AlgridError, match="unknown kind of name 'data'"):
        ag.open_ogal(tmp_path, {"data": {}})
    with pytest.raises(StoreError, match="no time series in"):
        ag.open_ogal(tmp_path / "nowhere")
    pq.write_table(pa.table({"ix": [1]}), tmp_path / "other.parquet")
    with pytest.raises(StoreError, match="lacks EXP_DATASET"):
        study.curves("other")
    write(tmp_path, "twice", [RUNS[0], RUNS[0]])
    with pytest.raises(StoreError, match=r"twice.parquet has cycle 0 of run 70 more than once"):
        study.curves("twice")
