"""A support vector machine with a linear kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Features
from algrid.learners._svc import SupportVectorLearner, products, svc

__all__ = ["SvmLinear"]


@dataclass(frozen=True)
class SvmLinear(SupportVectorLearner):
    """Linear support vector machine (one against one; libsvm's solver).

    Probabilities: see `SupportVectorLearner`.

    Parameters
    ----------
    C : float
        Weight of the errors.
    class_weight : {"balanced"}, optional
        Weight classes against their frequency.
    """

    name: ClassVar[str] = "svm_linear"
    source: ClassVar[str] = "sklearn.svm.SVC; probabilities: Platt 1999, Lin, Lin & Weng 2007"
    cost: ClassVar[tuple[float, float, float]] = (6e-4, 6e-7, 2e-6)

    def build(self, seed: int) -> Any:
        """`sklearn.svm.SVC`, which draws nothing at random here."""
        return svc()(C=self.C, kernel="linear", class_weight=self.class_weight, random_state=seed)

    def kernel(self, model: Any, A: Features, B: Features) -> NDArray[np.float64]:  # noqa: ARG002
        """(n_a, n_b) scalar products."""
        return products(A, B)
