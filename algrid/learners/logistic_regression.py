"""Logistic regression."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.learners.base import Learner

__all__ = ["LogisticRegression"]


@dataclass(frozen=True)
class LogisticRegression(Learner):
    """Logistic regression with an L2 penalty, of more than two classes multinomial (solver: L-BFGS).

    A fit that ends at `max_iter` is used as it is, without a warning: a grid would repeat it a million times.

    Parameters
    ----------
    C : float
        Inverse of the penalty's weight.
    fit_intercept : bool
        Whether there is an intercept.
    class_weight : {"balanced"}, optional
        Weight classes against their frequency.
    tol : float
        The solver ends where the gradient is below it.
    max_iter : int
        Most iterations of the solver.
    """

    name: ClassVar[str] = "logistic_regression"
    source: ClassVar[str] = "sklearn.linear_model.LogisticRegression"
    provides: ClassVar[frozenset[str]] = frozenset({"predict_proba", "decision_function"})
    cost: ClassVar[tuple[float, float, float]] = (2e-3, 5e-8, 2e-7)

    C: Annotated[float, Field(gt=0)] = 1.0
    fit_intercept: bool = True
    class_weight: Literal["balanced"] | None = None
    tol: Annotated[float, Field(gt=0)] = 1e-4
    max_iter: Annotated[int, Field(ge=1)] = 100

    def build(self, seed: int) -> Any:
        """`sklearn.linear_model.LogisticRegression`, whose solver draws nothing at random."""
        from sklearn.linear_model import LogisticRegression as Classifier

        return Classifier(**self.parameters(), random_state=seed)

    def train(self, X: Features, y: NDArray[np.intp], seed: int) -> Any:
        """A fitted classifier."""
        import sklearn
        from sklearn.exceptions import ConvergenceWarning

        # the parameters were checked when the learner was built: again would be a twentieth of a small fit
        with warnings.catch_warnings(), sklearn.config_context(skip_parameter_validation=True):
            warnings.simplefilter("ignore", ConvergenceWarning)  # see the class docstring
            return self.build(seed).fit(X, y)
