"""Forests grown without scikit-learn's ways around them are scikit-learn's, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.ensemble import RandomForestClassifier

from algrid.learners import LEARNERS, _forests

PARTS = ("children_left", "children_right", "feature", "threshold", "impurity", "weighted_n_node_samples", "value")


def data(n_classes: int, n: int = 40, n_features: int = 7) -> tuple[Any, Any]:
    rng = np.random.default_rng(n_classes)
    y = rng.permutation(np.arange(n) % n_classes) * 2  # codes with gaps: classes that the labelled set lacks
    return rng.normal(size=(n, n_features)).round(1) + y[:, None] / 3, y


def assert_equal(parameters: dict[str, Any], X: Any, y: Any, seed: int = 5) -> RandomForestClassifier:
    """Trees and predictions of the learner and of scikit-learn; returns the learner's forest."""
    learner = LEARNERS.build("random_forest", parameters)
    fitted = learner.fit(X, y, int(y.max()) + 1, seed)
    expected = RandomForestClassifier(**learner.parameters(), random_state=seed).fit(X, y)
    for ours, theirs in zip(fitted.model.estimators_, expected.estimators_, strict=True):
        assert ours.random_state == theirs.random_state
        for part in PARTS:
            np.testing.assert_array_equal(getattr(ours.tree_, part), getattr(theirs.tree_, part), strict=True)
    rng = np.random.default_rng(1)
    pool = rng.normal(size=(60, X.shape[1]))
    if sp.issparse(X):
        pool = sp.csr_matrix(pool)
    np.testing.assert_array_equal(fitted.predict_proba(pool)[:, fitted.classes], expected.predict_proba(pool))
    np.testing.assert_array_equal(fitted.predict(pool), expected.predict(pool))
    np.testing.assert_array_equal(fitted.model.feature_importances_, expected.feature_importances_)
    model: RandomForestClassifier = fitted.model
    return model


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the labelled sets that `grow` was asked for."""
    sizes: list[int] = []
    original = _forests.grow

    def counted(forest: Any, X: Any, y: Any) -> Any:
        sizes.append(len(y))
        return original(forest, X, y)

    assert _forests.is_exact()
    monkeypatch.setattr(_forests, "grow", counted)
    return sizes


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"criterion": "entropy", "max_features": "log2"},
        {"criterion": "log_loss", "max_features": None},
        {"max_depth": 2, "max_features": 0.5},
        {"min_samples_leaf": 3, "max_features": 2},
        {"min_samples_split": 9, "bootstrap": False, "max_features": 1.0},
        {"max_features": 0.01},
    ],
)
def test_dense_forests(parameters: dict[str, Any], n_classes: int, grown: list[int]) -> None:
    X, y = data(n_classes)
    assert_equal({"n_estimators": 6, **parameters}, X, y)
    assert grown == [40]


def test_a_hundred_trees_of_two_rows(grown: list[int]) -> None:
    assert_equal({}, np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([0, 1]))
    assert grown == [2]


@pytest.mark.parametrize("class_weight", ["balanced", "balanced_subsample"])
def test_class_weights_are_left_to_scikit_learn(class_weight: str, grown: list[int]) -> None:
    assert_equal({"n_estimators": 4, "class_weight": class_weight}, *data(3))
    assert grown == []


def test_sparse_features_are_left_to_scikit_learn(grown: list[int]) -> None:
    X, y = data(3)
    assert_equal({"n_estimators": 4}, sp.csr_matrix(X), y)
    assert grown == []


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
def test_features_too_large_for_single_precision_are_refused_by_scikit_learn(grown: list[int]) -> None:
    X, y = data(2)
    X[0, 0] = 1e300
    with pytest.raises(ValueError, match="too large for dtype"):
        LEARNERS.build("random_forest").fit(X, y, 3, 0)
    assert grown == []


def test_with_another_scikit_learn_its_own_way_is_taken(monkeypatch: pytest.MonkeyPatch, grown: list[int]) -> None:
    monkeypatch.setattr(_forests, "is_exact", lambda: False)
    assert_equal({"n_estimators": 4}, *data(3))
    assert grown == []


@pytest.mark.parametrize("how", ["other trees", "other probabilities", "error"])
def test_a_difference_is_noticed(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(forest: Any, X: Any, y: Any) -> Any:
        if how == "error":
            raise TypeError("no such argument")
        return type(forest)(4, random_state=2 if how == "other trees" else 1).fit(X, y)

    monkeypatch.setattr(_forests, "grow", other)
    if how == "other probabilities":
        monkeypatch.setattr(_forests, "probabilities", lambda forest, X: forest.predict_proba(X) + 1e-16)
    assert not _forests.is_exact.__wrapped__()
