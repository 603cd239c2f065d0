"""Area under the ROC curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.arrays import tied_ranks
from algrid.metrics.base import ProbabilityMetric

__all__ = ["RocAuc"]


@dataclass(frozen=True)
class RocAuc(ProbabilityMetric):
    """Chance that a positive row scores higher than a negative one, ties counted as half.

    Two classes: code 1 is the positive class. More: one class against the rest, plain mean over the classes
    that have both positive and negative rows in the test part (scikit-learn refuses a test part that lacks a
    class; with all classes present the value is its ``multi_class="ovr", average="macro"``). NaN where no
    class has both.
    """

    name = "roc_auc"
    source = "Hanley and McNeil, Radiology 143 (1982); scikit-learn roc_auc_score(multi_class='ovr')"

    def of_probabilities(self, y: NDArray[np.intp], proba: NDArray[np.float64]) -> float:
        """The value for (n,) true class codes and (n, n_classes) probabilities."""
        n, n_classes = proba.shape
        positive = np.arange(n_classes) == np.asarray(y)[:, None]
        n_positive = positive.sum(axis=0)
        usable = np.flatnonzero((n_positive > 0) & (n_positive < n))
        if n_classes == 2:
            usable = usable[usable == 1]
        if not len(usable):
            return float("nan")
        ranks = _ranks(np.asarray(proba, dtype=np.float64).T[usable])
        hits = n_positive[usable].astype(np.float64)
        above = np.einsum("ij,ij->i", ranks, positive.T[usable]) - hits * (hits + 1.0) / 2.0
        return float(np.mean(above / (hits * (n - hits))))


def _ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average ranks along the last axis, from 1."""
    order = np.argsort(scores, axis=-1, kind="stable")
    ordered = np.take_along_axis(scores, order, axis=-1)
    differs = np.ones(scores.shape, dtype=np.bool_)
    differs[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    ranks = np.empty(scores.shape)
    np.put_along_axis(ranks, order, tied_ranks(differs), axis=-1)
    return ranks
