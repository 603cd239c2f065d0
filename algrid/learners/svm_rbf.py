"""A support vector machine with a Gaussian kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.learners._svc import SupportVectorLearner, products, svc

__all__ = ["SvmRbf"]


@dataclass(frozen=True)
class SvmRbf(SupportVectorLearner):
    """Support vector machine with the kernel ``exp(-gamma |a - b|^2)``.

    The defaults are the reference study's. Probabilities: see `SupportVectorLearner`; where ``gamma`` depends on
    the data, the folds share that of the whole labelled set.

    Parameters
    ----------
    C : float
        Weight of the errors.
    class_weight : {"balanced"}, optional
        Weight classes against their frequency.
    gamma : float or {"scale", "auto"}
        ``scale`` is 1 / (n_features * variance of all of X), ``auto`` 1 / n_features.
    """

    name: ClassVar[str] = "svm_rbf"
    source: ClassVar[str] = "sklearn.svm.SVC; probabilities: Platt 1999, Lin, Lin & Weng 2007"
    cost: ClassVar[tuple[float, float, float]] = (6e-4, 3e-7, 5e-6)

    gamma: Literal["scale", "auto"] | Annotated[float, Field(gt=0)] = "scale"

    def build(self, seed: int) -> Any:
        """`sklearn.svm.SVC`, which draws nothing at random here."""
        return svc()(C=self.C, kernel="rbf", gamma=self.gamma, class_weight=self.class_weight, random_state=seed)

    def kernel(self, model: Any, A: Features, B: Features) -> NDArray[np.float64]:
        """(n_a, n_b) Gaussian kernel."""
        if not sp.issparse(A):  # the distances stay, and cancel less where features have a large offset
            center = B.mean(axis=0)
            A, B = A - center, B - center
        values = products(A, B)
        values *= -2.0
        values += _squared_norms(A)[:, None]
        values += _squared_norms(B)
        np.maximum(values, 0.0, out=values)
        values *= -model._gamma  # what libsvm was given
        return np.exp(values, out=values)


def _squared_norms(X: Features) -> NDArray[np.float64]:
    if sp.issparse(X):
        return np.asarray(X.multiply(X).sum(axis=1), dtype=np.float64).ravel()
    return np.asarray(np.einsum("ij,ij->i", X, X), dtype=np.float64)
