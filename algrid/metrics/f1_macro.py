"""Macro-averaged F1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.metrics._counts import f1, macro
from algrid.metrics.base import ConfusionMetric

__all__ = ["F1Macro"]


@dataclass(frozen=True)
class F1Macro(ConfusionMetric):
    """F1 (harmonic mean of precision and recall) of each class, plain mean over classes.

    The mean is over the classes that occur in the true or in the predicted labels; a class of the
    dataset that occurs in neither is left out, as scikit-learn does. A class without a correct
    prediction has F1 0.
    """

    name = "f1_macro"
    source = "scikit-learn f1_score(average='macro', zero_division=0)"

    def of_confusion(self, confusion: NDArray[np.int64]) -> NDArray[np.float64]:
        """(...) values of (..., k, k) counts."""
        values, true, predicted = f1(confusion)
        return macro(values, (true > 0) | (predicted > 0))
