"""Sign flips: by hand, across hyperparameters and across datasets."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from algrid.errors import AlgridError
from algrid.influence import sign_flips


def grid(gain, n_datasets=8, n_splits=4, noise=0.01, seed=0):
    """Scores in which strategy b is better than a by `gain` of the learner; c is always a little better than a."""
    rng = np.random.default_rng(seed)
    rows = []
    for d, s, (learner, own) in itertools.product(range(n_datasets), range(n_splits), gain.items()):
        base = 0.5 + 0.05 * d
        for strategy, more in (("a", 0.0), ("b", own), ("c", 0.3)):
            value = base + more + rng.normal(0, noise)
            rows.append({"dataset": f"d{d}", "split": s, "learner": learner, "strategy": strategy, "value": value})
    frame = pd.DataFrame(rows)
    frame.attrs["higher_is_better"] = True
    return frame


def test_by_hand():
    table = sign_flips(grid({"knn": 0.1, "svm": -0.2, "tree": 0.05}, noise=0.0), "strategy", "learner", resamples=50)
    assert table[["level_a", "level_b"]].to_numpy().tolist() == [["a", "b"]]
    only = table.iloc[0]
    assert (only["helps_at"], only["harms_at"]) == ("knn", "svm")
    assert only["helps"] == pytest.approx(0.1)
    assert only["harms"] == pytest.approx(-0.2)
    assert (only["n_helps"], only["n_harms"]) == (2, 1)
    assert only["clear"]
    assert table.attrs["n_pairs"] == 3


def test_lower_is_better_turns_help_into_harm():
    frame = grid({"knn": 0.1, "svm": -0.2})
    only = sign_flips(frame, "strategy", "learner", resamples=50, higher_is_better=False).iloc[0]
    assert (only["helps_at"], only["harms_at"]) == ("svm", "knn")


def test_noise_is_not_clear():
    table = sign_flips(grid({"knn": 0.001, "svm": -0.001}, noise=0.1), "strategy", "learner", resamples=300)
    assert not table["clear"].any()
    assert ((table["helps_low"] <= table["helps"]) & (table["helps"] <= table["helps_high"])).all()
    sure = sign_flips(grid({"knn": 0.05, "svm": -0.05}, noise=0.02), "strategy", "learner", resamples=300)
    assert sure["clear"].tolist() == [True]


def test_across_datasets():
    frame = grid({"knn": 0.0}, noise=0.01)
    worse = (frame["dataset"] == "d3") & (frame["strategy"] == "b")
    frame["value"] += np.where(frame["strategy"] == "b", 0.1, 0.0) - np.where(worse, 0.3, 0.0)
    frame.attrs["higher_is_better"] = True
    only = sign_flips(frame, "strategy", "dataset", resamples=300).iloc[0]
    assert only["harms_at"] == "d3"
    assert only["harms"] == pytest.approx(-0.2, abs=0.02)
    assert (only["n_helps"], only["n_harms"]) == (7, 1)
    assert only["clear"]
    few = sign_flips(frame[frame["split"] < 2], "strategy", "dataset", resamples=300, higher_is_better=True)
    assert few["helps_low"].isna().all()
    assert "fewer than 3 replicates" in few.attrs["note"]


def test_a_level_without_both_is_left_out():
    frame = grid({"knn": 0.1, "svm": -0.2})
    gone = frame[~((frame["learner"] == "svm") & (frame["strategy"] == "b"))]
    assert len(sign_flips(gone, "strategy", "learner", resamples=0, higher_is_better=True)) == 0


@pytest.mark.parametrize(
    ("by", "across", "said"),
    [("strategy", "strategy", "same hyperparameter"), ("strategy", "split", "can't be compared"),
     ("strategy", "oracle", "no column")],
)  # fmt: skip
def test_mistakes(by, across, said):
    with pytest.raises(AlgridError, match=said):
        sign_flips(grid({"knn": 0.1}), by, across)
    with pytest.raises(AlgridError, match="not known whether higher"):
        sign_flips(grid({"knn": 0.1}).assign().set_axis(range(12 * 8)).pipe(_forgetful), "strategy", "learner")


def _forgetful(frame):
    frame.attrs.clear()
    return frame
