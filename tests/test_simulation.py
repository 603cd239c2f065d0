"""One learning curve in one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC

import algrid as ag
from algrid.learners import LEARNERS
from algrid.strategies import STRATEGIES

X, Y = load_iris(return_X_y=True)


def test_a_curve() -> None:
    curve = ag.simulate(X, Y, strategy="margin", learner="gaussian_nb", batch_size=5, budget=20)
    assert curve["n_bought"].tolist() == [0, 5, 10, 15, 20]
    assert curve["n_labeled"].tolist() == [3, 8, 13, 18, 23]
    assert curve["accuracy"].between(0, 1).all()
    assert curve["accuracy"].iloc[-1] > 0.7
    assert [len(rows) for rows in curve["queried"]] == [0, 5, 5, 5, 5]
    rows = np.concatenate(curve["queried"].tolist())
    assert len(set(rows.tolist())) == 20
    assert rows.max() < 150


def test_the_same_call_gives_the_same_curve_and_another_seed_another() -> None:
    arguments: dict[str, Any] = {"strategy": {"qbc": {"committee_size": 2}}, "learner": "decision_tree", "budget": 10}
    first, again, other = (ag.simulate(X, Y, seed=seed, **arguments) for seed in (0, 0, 1))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize(
    "learner",
    [
        {"random_forest": {"n_estimators": 4}},
        LEARNERS.build("random_forest", {"n_estimators": 4}),
        RandomForestClassifier(n_estimators=4),
    ],
)
def test_ways_to_name_a_learner_give_one_curve(learner: Any) -> None:
    curve = ag.simulate(X, Y, learner=learner, budget=10)
    expected = ag.simulate(X, Y, learner={"random_forest": {"n_estimators": 4}}, budget=10)
    assert curve["accuracy"].tolist() == expected["accuracy"].tolist()


def test_frames_string_labels_and_the_whole_pool() -> None:
    frame = pd.DataFrame(X, columns=list("abcd")).assign(kind=np.array(["u", "v", "w"])[Y])
    curve = ag.simulate(frame, "kind", STRATEGIES.build("random"), "gaussian_nb", batch_size=40, budget=None)
    assert curve["n_labeled"].iloc[-1] == 90
    by_column = ag.simulate(
        frame.drop(columns="kind"), frame["kind"], "random", "gaussian_nb", batch_size=40, budget=None
    )
    assert curve["accuracy"].tolist() == by_column["accuracy"].tolist()


def test_probability_metrics() -> None:
    curve = ag.simulate(X, Y, learner="gaussian_nb", budget=10, metrics=["log_loss", "accuracy"])
    assert list(curve.columns) == ["cycle", "n_labeled", "n_bought", "log_loss", "accuracy", "queried"]
    assert (curve["log_loss"] > 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strategy": "margn"}, "Did you mean 'margin'"),
        ({"strategy": 3}, "3 is no strategy"),
        ({"learner": "forest"}, "unknown learner 'forest'"),
        ({"learner": SVC}, "is no learner"),
        ({"learner": {"random_forest": {"trees": 3}}}, "has no parameter 'trees'"),
        ({"metrics": "acuracy"}, "Did you mean 'accuracy'"),
        ({"batch_size": 0}, "must be at least 1"),
        ({"budget": -1}, "must be at least 1"),
        ({"test_size": 1.5}, "test_size"),
        ({"preprocessing": "sphere"}, "sphere"),
        ({"strategy": "distance_to_boundary", "learner": "gaussian_nb"}, "needs decision_function"),
        ({"y": np.zeros(150)}, "has 1 class"),
        ({"y": np.zeros(3)}, "150 rows"),
        ({"X": np.full((150, 2), np.inf)}, "infinite"),
        ({"X": np.empty((0, 2)), "y": []}, "has no rows"),
    ],
)
def test_mistakes(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ag.AlgridError, match=message):
        ag.simulate(**{"X": X, "y": Y, **change})
