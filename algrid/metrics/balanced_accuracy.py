"""Balanced accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.metrics._counts import macro, recall
from algrid.metrics.base import ConfusionMetric

__all__ = ["BalancedAccuracy"]


@dataclass(frozen=True)
class BalancedAccuracy(ConfusionMetric):
    """Recall of each class, plain mean over the classes that have true rows.

    Classes without a true row are left out, also where they are predicted (that is how it differs from
    `recall_macro`), as scikit-learn does.
    """

    name = "balanced_accuracy"
    source = "scikit-learn balanced_accuracy_score"

    def of_confusion(self, confusion: NDArray[np.int64]) -> NDArray[np.float64]:
        """(...) values of (..., k, k) counts."""
        values, true, _ = recall(confusion)
        return macro(values, true > 0)
