"""Accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.metrics._counts import ratio, totals
from algrid.metrics.base import ConfusionMetric

__all__ = ["Accuracy"]


@dataclass(frozen=True)
class Accuracy(ConfusionMetric):
    """Share of correct predictions.

    0 for an empty matrix.
    """

    name = "accuracy"
    source = "scikit-learn accuracy_score"

    def of_confusion(self, confusion: NDArray[np.int64]) -> NDArray[np.float64]:
        """(...) values of (..., k, k) counts."""
        true, _, correct = totals(confusion)
        return ratio(correct.sum(axis=-1), true.sum(axis=-1))
