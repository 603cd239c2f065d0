"""Class-weighted F1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.metrics._counts import f1, weighted
from algrid.metrics.base import ConfusionMetric

__all__ = ["F1Weighted"]


@dataclass(frozen=True)
class F1Weighted(ConfusionMetric):
    """F1 (harmonic mean of precision and recall) of each class, mean weighted by class size.

    The weights are the numbers of true rows, so that classes without one do not count. The paper's
    standard metric.
    """

    name = "f1_weighted"
    source = "scikit-learn f1_score(average='weighted', zero_division=0)"

    def of_confusion(self, confusion: NDArray[np.int64]) -> NDArray[np.float64]:
        """(...) values of (..., k, k) counts."""
        values, true, _ = f1(confusion)
        return weighted(values, true)
