"""Brier score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.metrics.base import ProbabilityMetric

__all__ = ["Brier"]


@dataclass(frozen=True)
class Brier(ProbabilityMetric):
    """Squared distance of the probabilities from the one-hot true class, summed over classes.

    This is Brier's own scale (1950), from 0 to 2 for any number of classes: mean over rows of
    sum_c (p_c - [y = c])^2. It is scikit-learn's ``brier_score_loss(..., scale_by_half=False)``; for two
    classes scikit-learn's default, and the usual binary score, are half of it. NaN for an empty test part.
    """

    name = "brier"
    source = "Brier, Monthly Weather Review 78 (1950); scikit-learn brier_score_loss(scale_by_half=False)"
    bounds = (0.0, 2.0)
    higher_is_better = False

    def of_probabilities(self, y: NDArray[np.intp], proba: NDArray[np.float64]) -> float:
        """The value for (n,) true class codes and (n, n_classes) probabilities."""
        if not len(y):
            return float("nan")
        distance = np.array(proba, dtype=np.float64)
        distance[np.arange(len(y)), y] -= 1.0
        return float(np.einsum("ij,ij->", distance, distance) / len(y))
