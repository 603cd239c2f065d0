"""What a metric is: a function of confusion matrices, or of probabilities while the run lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.registry import Plugin

__all__ = ["ConfusionMetric", "Metric", "ProbabilityMetric"]


@dataclass(frozen=True)
class Metric(Plugin):
    """Base of all metrics.

    Class variables
    ---------------
    bounds : (float, float)
        Lowest and highest possible value.
    higher_is_better : bool
    """

    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    higher_is_better: ClassVar[bool] = True


@dataclass(frozen=True)
class ConfusionMetric(Metric):
    """A metric of stored confusion matrices: computed at any time after the run."""

    def of_confusion(self, confusion: NDArray[np.int64]) -> NDArray[np.float64]:
        """(...) values of (..., n_classes, n_classes) counts; axis -2 is the true class, -1 the predicted."""
        raise NotImplementedError


@dataclass(frozen=True)
class ProbabilityMetric(Metric):
    """A metric of predicted probabilities: computed during the run where the grid's `record` asks for it."""

    def of_probabilities(self, y: NDArray[np.intp], proba: NDArray[np.float64]) -> float:
        """The value for (n,) true class codes and (n, n_classes) probabilities; NaN where undefined."""
        raise NotImplementedError
