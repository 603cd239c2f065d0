"""Macro-averaged recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.metrics._counts import macro, recall
from algrid.metrics.base import ConfusionMetric

__all__ = ["RecallMacro"]


@dataclass(frozen=True)
class RecallMacro(ConfusionMetric):
    """Recall (correct / true) of each class, plain mean over classes.

    The mean is over the classes that occur in the true or in the predicted labels; a class of the
    dataset that occurs in neither is left out, as scikit-learn does. A class that is predicted but
    has no true row has recall 0.
    """

    name = "recall_macro"
    source = "scikit-learn recall_score(average='macro', zero_division=0)"

    def of_confusion(self, confusion: NDArray[np.int64]) -> NDArray[np.float64]:
        """(...) values of (..., k, k) counts."""
        values, true, predicted = recall(confusion)
        return macro(values, (true > 0) | (predicted > 0))
