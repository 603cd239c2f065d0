"""Parameters of the learners: the reference study's defaults, what reaches scikit-learn, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from algrid.errors import PluginError
from algrid.learners import LEARNERS


def blobs(n: int, n_classes: int = 2) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % n_classes
    return rng.normal(size=(n, 2)) + y[:, None], y


def test_defaults_are_the_reference_study_s() -> None:
    forest = LEARNERS.build("random_forest").build(0)
    assert forest.n_estimators == 100
    svc = LEARNERS.build("svm_rbf").build(0)
    assert (svc.kernel, svc.C, svc.gamma) == ("rbf", 1.0, "scale")
    mlp = LEARNERS.build("mlp").build(0).get_params()
    paper = MLPClassifier((100,), activation="relu", solver="adam", learning_rate="adaptive", max_iter=1000)
    expected = {**paper.get_params(), "hidden_layer_sizes": [100], "random_state": 0}
    assert mlp == expected


@pytest.mark.parametrize(
    "name",
    [
        cls.name
        for cls in LEARNERS.classes()
        if cls.takes == "features" and cls.name not in {"mlp", "svm_rbf", "random_forest"}
    ],
)
def test_other_defaults_are_scikit_learn_s(name: str) -> None:
    model = LEARNERS.build(name).build(7)
    default = type(model)().get_params()
    ours = model.get_params()
    differing = {key for key, value in ours.items() if value != default[key]}
    # the Euclidean distance is Minkowski's with p = 2; boosting has its reason in the docstring
    assert differing <= {"random_state", "n_jobs", "kernel", "metric", "early_stopping"}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("random_forest", {"n_estimators": 3, "max_features": 0.5, "class_weight": "balanced_subsample"}),
        ("random_forest", {"max_features": None, "max_depth": 2, "bootstrap": False}),
        ("decision_tree", {"criterion": "entropy", "min_samples_leaf": 2, "ccp_alpha": 0.1}),
        ("svm_rbf", {"gamma": 0.5, "C": 10.0}),
        ("svm_linear", {"class_weight": "balanced"}),
        ("mlp", {"hidden_layer_sizes": [4, 3], "solver": "sgd", "max_iter": 3}),
        ("logistic_regression", {"C": 0.1, "fit_intercept": False}),
        ("gaussian_nb", {"var_smoothing": 0.1}),
        ("knn", {"n_neighbors": 3, "weights": "distance", "metric": "manhattan"}),
        ("hist_gradient_boosting", {"max_iter": 3, "max_leaf_nodes": None, "min_samples_leaf": 1}),
    ],
    ids=str,
)
def test_parameters_reach_scikit_learn(name: str, parameters: dict[str, Any]) -> None:
    learner = LEARNERS.build(name, parameters)
    given = learner.build(3).get_params()
    assert {key: given[key] for key in parameters} == parameters
    X, y = blobs(20)
    assert np.isfinite(learner.fit(X, y, 2, 3).predict_proba(X)).all()


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("random_forest", {"n_estimators": 0}),
        ("random_forest", {"max_features": 1.5}),
        ("random_forest", {"n_estimators": "100"}),
        ("decision_tree", {"min_samples_split": 1}),
        ("svm_rbf", {"C": 0}),
        ("svm_rbf", {"gamma": "big"}),
        ("mlp", {"hidden_layer_sizes": []}),
        ("mlp", {"hidden_layer_sizes": [0]}),
        ("logistic_regression", {"C": -1.0}),
        ("gaussian_nb", {"var_smoothing": 0.0}),
        ("knn", {"n_neighbors": 2.5}),
        ("hist_gradient_boosting", {"max_leaf_nodes": 1}),
        ("svm_rbf", {"probability": True}),
    ],
    ids=str,
)
def test_wrong_parameters_are_refused(name: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(PluginError, match=next(iter(parameters))):
        LEARNERS.build(name, parameters)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("mlp", {"max_iter": 1}),
        ("mlp", {"batch_size": 50}),
        ("mlp", {"solver": "lbfgs", "max_iter": 1}),
        ("logistic_regression", {"max_iter": 1}),
    ],
    ids=str,
)
def test_fits_that_end_early_are_silent(name: str, parameters: dict[str, Any]) -> None:
    X, y = blobs(12)
    X[:, 0] *= 1e3
    proba = LEARNERS.build(name, parameters).fit(X, y, 2, 0).predict_proba(X)  # a warning is an error in the tests
    assert np.isfinite(proba).all()


def test_knn_asks_for_no_more_neighbours_than_there_are() -> None:
    X, y = np.array([[0.0], [1.0], [5.0]]), np.array([0, 1, 1])
    proba = LEARNERS.build("knn", {"n_neighbors": 7}).fit(X, y, 2, 0).predict_proba(X)
    np.testing.assert_allclose(proba, [[1 / 3, 2 / 3]] * 3)


def test_knn_predicts_the_lowest_class_of_equally_many_votes() -> None:
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([4, 2, 2, 4])
    assert LEARNERS.build("knn", {"n_neighbors": 4}).fit(X, y, 5, 0).predict(X).tolist() == [2] * 4


def test_knn_says_argmax_for_equal_weights_only() -> None:
    assert LEARNERS.build("knn").predicts_argmax
    assert not LEARNERS.build("knn", {"weights": "distance"}).predicts_argmax


def test_naive_bayes_of_equal_rows_predicts_the_classes_shares() -> None:
    X, y = np.full((4, 2), 0.1), np.array([0, 1, 1, 1])
    proba = LEARNERS.build("gaussian_nb").fit(X, y, 2, 0).predict_proba(np.array([[0.1, 0.1], [5.0, -3.0]]))
    np.testing.assert_allclose(proba, [[0.25, 0.75]] * 2)


def test_naive_bayes_by_hand() -> None:
    # means 0 and 3, variances 1 (the smoothing is far below): log odds (x^2 - (x - 3)^2) / 2 = 3x - 4.5
    X, y = np.array([[-1.0], [1.0], [2.0], [4.0]]), np.array([0, 0, 1, 1])
    proba = LEARNERS.build("gaussian_nb").fit(X, y, 2, 0).predict_proba(np.array([[1.5], [1.0]]))
    np.testing.assert_allclose(proba[:, 1], [0.5, 1 / (1 + np.exp(1.5))], atol=1e-6)
