"""Class-weighted precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.metrics._counts import precision, weighted
from algrid.metrics.base import ConfusionMetric

__all__ = ["PrecisionWeighted"]


@dataclass(frozen=True)
class PrecisionWeighted(ConfusionMetric):
    """Precision (correct / predicted) of each class, mean weighted by class size.

    The weights are the numbers of true rows, so that classes without one do not count. A class that is
    never predicted has precision 0.
    """

    name = "precision_weighted"
    source = "scikit-learn precision_score(average='weighted', zero_division=0)"

    def of_confusion(self, confusion: NDArray[np.int64]) -> NDArray[np.float64]:
        """(...) values of (..., k, k) counts."""
        values, true, _ = precision(confusion)
        return weighted(values, true)
