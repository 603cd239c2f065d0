"""Matthews correlation coefficient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.metrics._counts import ratio, totals
from algrid.metrics.base import ConfusionMetric

__all__ = ["Mcc"]


@dataclass(frozen=True)
class Mcc(ConfusionMetric):
    """Matthews correlation coefficient, for any number of classes (Gorodkin, 2004).

    With n rows, c of them correct, and t, p the true and predicted counts of each class:
    (n c - sum t p) / sqrt((n^2 - sum p^2) (n^2 - sum t^2)). 0 where that is 0/0: all rows are of one class,
    or all predictions are.
    """

    name = "mcc"
    source = "scikit-learn matthews_corrcoef"
    bounds = (-1.0, 1.0)

    def of_confusion(self, confusion: NDArray[np.int64]) -> NDArray[np.float64]:
        """(...) values of (..., k, k) counts."""
        true, predicted, correct = totals(confusion)
        n = true.sum(axis=-1)
        square = n * n
        covariance = n * correct.sum(axis=-1) - np.einsum("...i,...i->...", true, predicted)
        spread = (square - np.einsum("...i,...i->...", predicted, predicted)) * (
            square - np.einsum("...i,...i->...", true, true)
        )
        # rounding of the root must not carry a value over the bound
        return np.clip(ratio(covariance, np.sqrt(spread)), -1.0, 1.0)
