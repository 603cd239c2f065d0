"""How hard a row is to classify for learners that know the labels of the pool."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Features
from algrid.learners import LEARNERS

__all__ = ["boundary_distance", "confidence", "folds_of"]

Floats = NDArray[np.float64]

#: The learners whose confidence is averaged: those of the reference study, the network with fewer epochs than there.
COMMITTEE: tuple[tuple[str, dict[str, int]], ...] = (("svm_rbf", {}), ("random_forest", {}), ("mlp", {"max_iter": 200}))
_FOLDS = 5


def boundary_distance(X: Features, y: NDArray[np.intp], n_classes: int, seed: int = 0) -> Floats:
    """(n_pool,) distance to the boundary of a support vector machine that is fitted on the whole pool.

    In units of its decision function: its absolute value for two classes, else the gap between the two highest ones;
    zero where the pool has one class.

    Parameters
    ----------
    X : (n_pool, n_features)
    y : (n_pool,) int array
        Class codes.
    n_classes, seed : int
    """
    values = LEARNERS.build("svm_rbf").fit(X, y, n_classes, seed).decision_function(X)
    if values.ndim == 1:
        return np.abs(values)
    highest = np.sort(values, axis=1)
    return np.asarray(highest[:, -1] - highest[:, -2], dtype=np.float64)


def confidence(X: Features, y: NDArray[np.intp], n_classes: int, seed: int = 0) -> Floats:
    """(n_pool,) probability of the row's own class, cross-validated: the mean over `COMMITTEE`.

    A fold's rows are predicted by learners that are fitted on the other folds. The only row of a class is
    predicted by learners that have never seen its class: 0.

    Parameters
    ----------
    X : (n_pool, n_features)
    y : (n_pool,) int array
        Class codes.
    n_classes, seed : int
    """
    fold = folds_of(y, seed)
    total = np.zeros(len(y))
    for name, parameters in COMMITTEE:
        learner = LEARNERS.build(name, parameters)
        for k in np.unique(fold):
            out = fold == k
            fitted = learner.fit(X[~out], y[~out], n_classes, seed)
            total[out] += fitted.predict_proba(X[out])[np.arange(out.sum()), y[out]]
    return total / len(COMMITTEE)


def folds_of(y: NDArray[np.intp], seed: int = 0) -> NDArray[np.intp]:
    """(n,) fold of each row, 0 to 4: the rows of each class are shuffled and dealt out in turn."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(y))
    order = shuffled[np.argsort(y[shuffled], kind="stable")]  # class by class, each in random order
    fold = np.empty(len(y), dtype=np.intp)
    fold[order] = np.arange(len(y)) % _FOLDS
    return fold
