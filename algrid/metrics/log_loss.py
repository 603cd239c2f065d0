"""Log loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.metrics.base import ProbabilityMetric

__all__ = ["LogLoss"]

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class LogLoss(ProbabilityMetric):
    """Mean negative natural logarithm of the probability of the true class.

    Probabilities are clipped to [eps, 1 - eps] with eps = 2.2e-16 (that of float64), as scikit-learn
    does: a true class with probability 0 costs 36.04. Rows are not renormalised. Classes that are absent
    in the test part change nothing. NaN for an empty test part.
    """

    name = "log_loss"
    source = "scikit-learn log_loss"
    bounds = (0.0, float(-np.log(_EPS)))
    higher_is_better = False

    def of_probabilities(self, y: NDArray[np.intp], proba: NDArray[np.float64]) -> float:
        """The value for (n,) true class codes and (n, n_classes) probabilities."""
        if not len(y):
            return float("nan")
        of_true = np.asarray(proba, dtype=np.float64)[np.arange(len(y)), y]
        return float(-np.log(np.clip(of_true, _EPS, 1.0 - _EPS)).mean())
