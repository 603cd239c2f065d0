"""Class-weighted recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.metrics._counts import recall, weighted
from algrid.metrics.base import ConfusionMetric

__all__ = ["RecallWeighted"]


@dataclass(frozen=True)
class RecallWeighted(ConfusionMetric):
    """Recall (correct / true) of each class, mean weighted by class size.

    The weights are the numbers of true rows, so that classes without one do not count. Equal to the
    accuracy by definition.
    """

    name = "recall_weighted"
    source = "scikit-learn recall_score(average='weighted', zero_division=0)"

    def of_confusion(self, confusion: NDArray[np.int64]) -> NDArray[np.float64]:
        """(...) values of (..., k, k) counts."""
        values, true, _ = recall(confusion)
        return weighted(values, true)
