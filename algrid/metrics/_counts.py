"""What the metrics of confusion matrices share: sums per class, ratios with 0/0 = 0, and the two averages."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["f1", "macro", "precision", "ratio", "recall", "totals", "weighted"]

Floats = NDArray[np.float64]


def totals(confusion: NDArray[np.integer[Any]]) -> tuple[Floats, Floats, Floats]:
    """Rows of each class, predictions of each class, and correct predictions of each class.

    Parameters
    ----------
    confusion : (..., k, k) int array
        Counts; axis -2 is the true class, -1 the predicted one.

    Returns
    -------
    three (..., k) float arrays (exact below 2**53).
    """
    counts = np.asarray(confusion, dtype=np.float64)
    # einsum beats sum() several times where k is small and the stack is long
    return (
        np.einsum("...ij->...i", counts),
        np.einsum("...ij->...j", counts),
        np.einsum("...ii->...i", counts),
    )


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Elementwise quotient, 0 where the denominator is 0 (scikit-learn's ``zero_division=0``)."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    return np.divide(numerator, denominator, out=np.zeros(shape), where=np.asarray(denominator) != 0)


def precision(confusion: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Precision of each class, with `totals`' true and predicted counts: three (..., k) arrays."""
    true, predicted, correct = totals(confusion)
    return ratio(correct, predicted), true, predicted


def recall(confusion: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Recall of each class, with `totals`' true and predicted counts: three (..., k) arrays."""
    true, predicted, correct = totals(confusion)
    return ratio(correct, true), true, predicted


def f1(confusion: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """F1 of each class, with `totals`' true and predicted counts: three (..., k) arrays."""
    true, predicted, correct = totals(confusion)
    return ratio(2.0 * correct, true + predicted), true, predicted


def macro(values: Floats, counted: NDArray[np.bool_]) -> Floats:
    """(...) plain mean over the classes that count; 0 where none does."""
    return ratio(np.einsum("...i,...i->...", values, counted), counted.sum(axis=-1))


def weighted(values: Floats, weights: Floats) -> Floats:
    """(...) mean over classes, weighted by their true counts; 0 where all are 0."""
    return ratio(np.einsum("...i,...i->...", values, weights), weights.sum(axis=-1))
