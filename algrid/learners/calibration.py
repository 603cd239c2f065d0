"""Probabilities from decision values: Platt's sigmoids, and what stands in for them where data is too scarce.

Platt scaling fits ``p = 1 / (1 + exp(a f + b))`` to decision values f of rows that the model has not
seen. The fit is Newton's method with a backtracking line search and Platt's smoothed targets (Lin, Lin &
Weng, "A note on Platt's probabilistic outputs for support vector machines", Machine Learning 68, 2007),
for all classes at once.

Of more than two classes each has a sigmoid of its own (one against the rest), and a row's values are
divided by their sum, as scikit-learn's `CalibratedClassifierCV` does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Platt", "Uncalibrated", "fit_platt", "stratified_folds"]

_MAX_ITERATIONS = 100
_GRADIENT_TOLERANCE = 1e-5
_RIDGE = 1e-10 * np.eye(2)  # keeps the Hessian regular where decision values are constant
_SMALLEST_STEP = 1e-10


@dataclass(frozen=True)
class Platt:
    """Fitted sigmoids: ``p = 1 / (1 + exp(slope * f + offset))``.

    On a few rows a slope can come out positive (the higher the decision value, the less likely the class):
    decision values of held-out rows may be anticorrelated with the classes there. That is Platt's method as
    it is known, and it is left so.

    Parameters
    ----------
    slope, offset : (m,) arrays
        One sigmoid for two classes (that of the second one), else one for each class.
    """

    slope: NDArray[np.float64]
    offset: NDArray[np.float64]

    def probabilities(self, decisions: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, n_classes) probabilities of (n,) decision values for two classes, or (n, n_classes) for more."""
        if decisions.ndim == 1:
            return _two_columns(_logistic(-(self.slope[0] * decisions + self.offset[0])))
        each = _logistic(-(self.slope * decisions + self.offset))
        total = each.sum(axis=1, keepdims=True)
        nowhere = total == 0  # every sigmoid underflowed: no class is preferred
        each[nowhere[:, 0]] = 1.0
        total[nowhere] = each.shape[1]
        each /= total
        return each


@dataclass(frozen=True)
class Uncalibrated:
    """The stand-in where the rarest class has one row: the logistic function of the decision value, or a softmax.

    It orders rows as the decision values do, and claims no calibration.
    """

    def probabilities(self, decisions: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, n_classes) probabilities of (n,) decision values for two classes, or (n, n_classes) for more."""
        if decisions.ndim == 1:
            return _two_columns(_logistic(decisions))
        each = np.exp(decisions - decisions.max(axis=1, keepdims=True))
        each /= each.sum(axis=1, keepdims=True)
        return np.asarray(each, dtype=np.float64)


def stratified_folds(y: NDArray[np.intp], n_folds: int) -> NDArray[np.intp]:
    """(n,) fold of each row, without randomness: the rows of a class are dealt out in turn.

    Sizes of folds differ by at most one, also within each class. Where every class has two rows, all
    classes are in the rest of every fold.
    """
    folds = np.empty(len(y), dtype=np.intp)
    folds[np.argsort(y, kind="stable")] = np.arange(len(y)) % n_folds
    return folds


def fit_platt(decisions: NDArray[np.float64], positive: NDArray[np.bool_]) -> Platt:
    """Fit m sigmoids at once.

    Parameters
    ----------
    decisions : (n, m) array
        Decision values of held-out rows, one column for each sigmoid.
    positive : (n, m) bool array
        Whether the row is of the class that the column is for.

    Returns
    -------
    Platt
        The minimum of the cross-entropy against the targets (n+ + 1) / (n+ + 2) and 1 / (n- + 2).
    """
    f, center, scale = _standardised(np.ascontiguousarray(decisions.T))
    n_positive = positive.sum(axis=0)
    n_negative = len(positive) - n_positive
    target = np.where(positive, (n_positive + 1.0) / (n_positive + 2.0), 1.0 / (n_negative + 2.0)).T
    start = np.log((n_negative + 1.0) / (n_positive + 1.0))
    slope, offset = _newton(f, np.ascontiguousarray(target), start)
    slope /= scale
    return Platt(slope, offset - slope * center)


def _standardised(f: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(m, n) values within -1 ... 1, and (m,) centres and scales; values that are constant but for noise become 0."""
    center = f.mean(axis=1)
    centred = f - center[:, None]
    scale = np.abs(centred).max(axis=1)
    constant = scale <= 1e-9 * (1 + np.abs(center))
    scale[constant] = 1.0
    centred[constant] = 0.0
    return centred / scale[:, None], center, scale


def _newton(
    f: NDArray[np.float64], target: NDArray[np.float64], start: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(m,) slopes and offsets for (m, n) values and targets."""
    design = np.stack([f, np.ones_like(f)], axis=1)
    theta = np.stack([np.zeros_like(start), start], axis=1)
    loss, p = _loss(design, target, theta)
    for _ in range(_MAX_ITERATIONS):
        gradient = design @ (target - p)[:, :, None]
        if np.abs(gradient).max() <= _GRADIENT_TOLERANCE:
            break
        hessian = (design * (p * (1.0 - p))[:, None, :]) @ design.transpose(0, 2, 1)
        step = np.asarray(np.linalg.solve(hessian + _RIDGE, -gradient), dtype=np.float64)
        descent = (gradient * step).sum(axis=(1, 2))
        theta, loss, p = _line_search(design, target, theta, step=step[:, :, 0], loss=loss, descent=descent)
    return theta[:, 0], theta[:, 1]


def _line_search(
    design: NDArray[np.float64],
    target: NDArray[np.float64],
    theta: NDArray[np.float64],
    *,
    step: NDArray[np.float64],
    loss: NDArray[np.float64],
    descent: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Halve the steps that do not decrease their loss enough; a step that became tiny is not taken."""
    size = np.ones(len(theta))
    limit = loss * (1 + 1e-13)  # the slack is rounding: a sigmoid that has converged must not hold up the others
    while True:
        moved = theta + size[:, None] * step
        new, p = _loss(design, target, moved)
        failed = new > limit + 1e-4 * size * descent
        if not failed.any():
            return moved, new, p
        size[failed] /= 2
        size[size < _SMALLEST_STEP] = 0.0


def _loss(
    design: NDArray[np.float64], target: NDArray[np.float64], theta: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(m,) cross-entropies and (m, n) probabilities."""
    z = (theta[:, None, :] @ design)[:, 0]
    loss: NDArray[np.float64] = (target * z + np.logaddexp(0.0, -z)).sum(axis=1)
    return loss, _logistic(-z)


def _logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import expit

    return np.asarray(expit(values), dtype=np.float64)


def _two_columns(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([1.0 - p, p], axis=1)
