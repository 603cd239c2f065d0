"""Cohen's kappa."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.metrics._counts import ratio, totals
from algrid.metrics.base import ConfusionMetric

__all__ = ["CohenKappa"]


@dataclass(frozen=True)
class CohenKappa(ConfusionMetric):
    """Agreement of true and predicted labels beyond chance (Cohen, 1960), unweighted.

    With n rows, c of them correct, and t, p the true and predicted counts of each class:
    (n c - sum t p) / (n^2 - sum t p). 0 where that is 0/0: all rows are of one class and predicted as it
    (scikit-learn gives NaN there).
    """

    name = "cohen_kappa"
    source = "scikit-learn cohen_kappa_score"
    bounds = (-1.0, 1.0)

    def of_confusion(self, confusion: NDArray[np.int64]) -> NDArray[np.float64]:
        """(...) values of (..., k, k) counts."""
        true, predicted, correct = totals(confusion)
        n = true.sum(axis=-1)
        chance = np.einsum("...i,...i->...", true, predicted)
        return ratio(n * correct.sum(axis=-1) - chance, n * n - chance)
