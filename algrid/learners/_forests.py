"""Random forests exactly as scikit-learn grows them, without what it spends around each tree.

Of the seconds that `RandomForestClassifier` needs for a hundred trees on fifty rows, three quarters go into
cloning, checking and dispatching. Here its own tree builder is called with the arguments that it would get:
the forest that comes out is a fitted `RandomForestClassifier` with the same trees, bit for bit. The builder is
no public interface: `is_exact` compares both ways once a process, and where they differ nobody comes here.
"""

from __future__ import annotations

from copy import copy
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["grow", "is_exact", "probabilities"]

_MAX_INT = np.iinfo(np.int32).max


def grow(forest: Any, X: NDArray[np.float32], y: NDArray[np.intp]) -> Any:
    """Fit a forest, as ``forest.fit(X, y)`` would do it.

    Parameters
    ----------
    forest : RandomForestClassifier
        Without class weights, of one thread.
    X : (n, n_features) C-contiguous float32 array
        Finite.
    y : (n,) int array
        At least two classes.

    Returns
    -------
    RandomForestClassifier
        `forest`.
    """
    from sklearn.tree import DecisionTreeClassifier
    from sklearn.utils import check_random_state

    forest.classes_, codes = np.unique(y, return_inverse=True)
    forest.n_classes_ = np.intp(len(forest.classes_))
    forest.n_outputs_, forest.n_features_in_ = 1, X.shape[1]
    shell = DecisionTreeClassifier(**{name: getattr(forest, name) for name in forest.estimator_params})
    shell.classes_, shell.n_classes_ = np.arange(float(forest.n_classes_)), forest.n_classes_
    shell.n_outputs_, shell.n_features_in_ = 1, X.shape[1]
    shell.max_features_ = _tried(forest.max_features, X.shape[1])
    targets = np.ascontiguousarray(codes[:, None], dtype=np.float64)
    seeds = check_random_state(forest.random_state)
    forest.estimator_ = DecisionTreeClassifier()
    forest.estimators_ = []
    for _ in range(forest.n_estimators):
        tree = copy(shell)
        tree.random_state = seeds.randint(_MAX_INT)
        tree.tree_ = _grow_tree(tree, X, targets, bootstrap=forest.bootstrap)
        forest.estimators_.append(tree)
    return forest


def probabilities(forest: Any, X: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n, n_seen) `forest.predict_proba(X)` of float32 features: the mean of the trees' class fractions."""
    first, *others = (tree.tree_ for tree in forest.estimators_)
    total: NDArray[np.float64] = first.predict(X)
    for tree in others:
        total += tree.predict(X)
    total /= len(forest.estimators_)
    return total


@cache
def is_exact() -> bool:
    """Whether, with the installed scikit-learn, `grow` and `probabilities` do what it does, seen on a small forest."""
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(0)
    y = np.arange(40) % 3
    X = (rng.normal(size=(40, 5)) + y[:, None]).astype(np.float32)
    forests = [RandomForestClassifier(4, random_state=1) for _ in range(2)]
    try:
        theirs, ours = forests[0].fit(X, y), grow(forests[1], X, y)
        return all(
            np.array_equal(getattr(a.tree_, part), getattr(b.tree_, part))
            for a, b in zip(theirs.estimators_, ours.estimators_, strict=True)
            for part in ("children_left", "feature", "threshold", "impurity", "value")
        ) and np.array_equal(theirs.predict_proba(X), probabilities(ours, X))
    except Exception:  # whatever another version does not have, or wants otherwise
        return False


def _grow_tree(tree: Any, X: NDArray[np.float32], targets: NDArray[np.float64], *, bootstrap: bool) -> Any:
    from sklearn.tree import _classes, _splitter, _tree
    from sklearn.utils import check_random_state

    n = len(X)
    weights = None
    if bootstrap:  # a resample is a weight for each row: how often it was drawn
        drawn = check_random_state(tree.random_state).randint(0, n, n)
        weights = np.bincount(drawn, minlength=n).astype(np.float64)
    n_classes = np.array([tree.n_classes_], dtype=np.intp)
    criterion = _classes.CRITERIA_CLF[tree.criterion](1, n_classes)
    leaf, split = tree.min_samples_leaf, max(tree.min_samples_split, 2 * tree.min_samples_leaf)
    splitter = _splitter.BestSplitter(
        criterion, tree.max_features_, leaf, 0.0, check_random_state(tree.random_state), None
    )
    depth = _MAX_INT if tree.max_depth is None else tree.max_depth
    grown = _tree.Tree(X.shape[1], n_classes, 1)
    _tree.DepthFirstTreeBuilder(splitter, split, leaf, 0.0, depth, 0.0).build(grown, X, targets, weights)
    return grown


def _tried(max_features: str | float | None, n_features: int) -> int:
    """Features that are looked at in a split."""
    if max_features is None:
        return n_features
    if isinstance(max_features, int):
        return max_features
    shares = {"sqrt": np.sqrt(n_features), "log2": np.log2(n_features)}
    number = shares[max_features] if isinstance(max_features, str) else max_features * n_features
    return max(1, int(number))
