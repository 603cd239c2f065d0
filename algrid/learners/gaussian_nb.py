"""Gaussian naive Bayes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.learners.base import Fitted, Learner

__all__ = ["GaussianNaiveBayes"]


@dataclass(frozen=True)
class GaussianNaiveBayes(Learner):
    """Gaussian naive Bayes.

    Where all labelled rows are equal, there is no variance to go by: the probabilities are the shares of the
    classes then.

    Parameters
    ----------
    var_smoothing : float
        Share of the largest variance of a feature that is added to all variances.
    """

    name: ClassVar[str] = "gaussian_nb"
    source: ClassVar[str] = "sklearn.naive_bayes.GaussianNB"
    sparse: ClassVar[bool] = False
    cost: ClassVar[tuple[float, float, float]] = (6e-4, 1e-8, 3e-7)

    var_smoothing: Annotated[float, Field(gt=0)] = 1e-9

    def build(self, seed: int) -> Any:  # noqa: ARG002
        """`sklearn.naive_bayes.GaussianNB`, which draws nothing at random."""
        from sklearn.naive_bayes import GaussianNB

        return GaussianNB(var_smoothing=self.var_smoothing)

    def train(self, X: Features, y: NDArray[np.intp], seed: int) -> Any:
        """A fitted classifier."""
        model = self.build(seed).fit(X, y)
        values = np.asarray(X)
        if not np.ptp(values, axis=0).any():  # variances of 0, or of rounding noise
            model.theta_, model.var_ = np.tile(values[0], (len(model.classes_), 1)), np.ones_like(model.var_)
        return model

    def probabilities(self, fitted: Fitted, X: Features) -> NDArray[np.float64]:
        """(n, n_seen) posterior probabilities.

        Where a class has one row, log-likelihoods of -1e9 are usual: scikit-learn's own probabilities then sum to
        1 to seven digits only.
        """
        joint = fitted.model.predict_joint_log_proba(X)
        proba = np.exp(joint - joint.max(axis=1, keepdims=True))
        return np.asarray(proba / proba.sum(axis=1, keepdims=True), dtype=np.float64)
