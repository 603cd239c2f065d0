"""A scikit-learn classifier by its import path."""

from __future__ import annotations

import datetime
import pickle
from typing import Any

import numpy as np
import pytest

from algrid.errors import PluginError
from algrid.learners import LEARNERS
from algrid.learners.external import External

EXTRA_TREES = "sklearn.ensemble:ExtraTreesClassifier"


class Majority:
    """A classifier of a user's own, outside scikit-learn's classes."""

    def __init__(self, n_jobs: int = 8, **options: Any) -> None:
        self.n_jobs, self.options = n_jobs, options

    def fit(self, X: Any, y: Any) -> Majority:
        self.most_ = np.bincount(y).argmax()
        return self

    def predict(self, X: Any) -> Any:
        return np.full(len(X), self.most_)


class Broken:
    def __init__(self, size: int) -> None:
        self.size = size

    def fit(self, X: Any, y: Any) -> Broken:
        return self

    predict = fit


MAJORITY = f"{__name__}:Majority"


def test_it_is_the_classifier() -> None:
    from sklearn.ensemble import ExtraTreesClassifier

    learner = LEARNERS.build(EXTRA_TREES, {"n_estimators": 5})
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 3)), np.arange(30) % 3
    expected = ExtraTreesClassifier(n_estimators=5, random_state=4).fit(X, y)
    fitted = learner.fit(X, y, 4, seed=4)
    assert np.array_equal(fitted.predict(X), expected.predict(X))
    assert np.array_equal(fitted.predict_proba(X)[:, :3], expected.predict_proba(X))
    assert (fitted.predict_proba(X)[:, 3] == 0).all()


def test_name_label_and_identity() -> None:
    learner = LEARNERS.build(EXTRA_TREES, {"n_estimators": 5, "max_depth": 2})
    assert learner.name == EXTRA_TREES
    assert learner.label == f"{EXTRA_TREES}(max_depth=2, n_estimators=5)"
    assert learner.identity() == {
        "name": EXTRA_TREES,
        "version": 1,
        "parameters": {"max_depth": 2, "n_estimators": 5},
    }
    assert LEARNERS.build(EXTRA_TREES).label == EXTRA_TREES
    assert learner == LEARNERS.build(EXTRA_TREES, {"max_depth": 2, "n_estimators": 5})
    assert learner != LEARNERS.build(EXTRA_TREES)


def test_it_is_not_registered() -> None:
    LEARNERS.build(EXTRA_TREES)
    assert EXTRA_TREES not in LEARNERS.names()
    assert "External" not in {cls.__name__ for cls in LEARNERS.classes()}


@pytest.mark.parametrize(
    ("path", "parameters", "provides"),
    [
        (EXTRA_TREES, {}, {"predict_proba"}),
        ("sklearn.linear_model:RidgeClassifier", {}, {"decision_function"}),
        ("sklearn.svm:SVC", {}, {"decision_function"}),
        ("sklearn.linear_model:SGDClassifier", {}, {"decision_function"}),
        ("sklearn.linear_model:SGDClassifier", {"loss": "log_loss"}, {"decision_function", "predict_proba"}),
        (MAJORITY, {}, set()),
    ],
)
def test_it_provides_what_the_classifier_has(path: str, parameters: dict[str, Any], provides: set[str]) -> None:
    assert LEARNERS.build(path, parameters).provides == provides


def test_seed_and_threads_are_given_where_they_are_known() -> None:
    assert LEARNERS.build(EXTRA_TREES).build(9).random_state == 9
    assert LEARNERS.build(EXTRA_TREES, {"random_state": 1}).build(9).random_state == 1
    assert LEARNERS.build(MAJORITY).build(9).n_jobs == 1
    assert LEARNERS.build("sklearn.naive_bayes:BernoulliNB").build(9).get_params()["alpha"] == 1.0


def test_a_user_s_class_with_free_keywords() -> None:
    learner = LEARNERS.build(MAJORITY, {"anything": 1})
    assert learner.build(0).options == {"anything": 1}
    fitted = learner.fit(np.zeros((3, 1)), np.array([2, 2, 0]), 3, seed=0)
    assert fitted.predict(np.zeros((2, 1))).tolist() == [2, 2]


def test_one_class_only_never_reaches_the_classifier() -> None:
    fitted = LEARNERS.build("sklearn.linear_model:RidgeClassifier").fit(np.zeros((2, 1)), np.array([1, 1]), 3, seed=0)
    assert fitted.predict(np.zeros((2, 1))).tolist() == [1, 1]


def test_it_survives_pickling() -> None:
    learner = LEARNERS.build(EXTRA_TREES, {"n_estimators": 5})
    again = pickle.loads(pickle.dumps(learner))
    assert isinstance(again, External)
    assert again == learner
    assert (again.name, again.provides) == (learner.name, learner.provides)


@pytest.mark.parametrize(
    ("path", "parameters", "message"),
    [
        (EXTRA_TREES, {"n_estimator": 5}, r"no parameter 'n_estimator'.*Did you mean 'n_estimators'"),
        ("sklearn.cluster:nothing", {}, "can't be imported"),
        ("no_such_module:Class", {}, "can't be imported"),
        ("sklearn.preprocessing:StandardScaler", {}, "no classifier"),
        ("sklearn.metrics:accuracy_score", {}, "no classifier"),
        ("sklearn.linear_model:LinearRegression", {}, "no classifier: scikit-learn calls it a regressor"),
        ("sklearn.cluster:KMeans", {}, "no classifier: scikit-learn calls it a clusterer"),
        (EXTRA_TREES, {"ccp_alpha": float("inf")}, "can't be made with .*: Out of range float values"),
        (EXTRA_TREES, {"max_depth": datetime.date(2020, 1, 1)}, "can't be made with .*: Object of type date"),
        (f"{__name__}:Broken", {}, "can't be made"),
    ],
)
def test_mistakes_are_plugin_errors(path: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        LEARNERS.build(path, parameters)
