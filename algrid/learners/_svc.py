"""What the support vector learners have in common: scikit-learn's SVC, and probabilities only when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.learners._duals import fit_machine, machine_of
from algrid.learners.base import Fitted, Learner
from algrid.learners.calibration import Platt, Uncalibrated, fit_platt, stratified_folds

__all__ = ["SupportVectorLearner", "products", "svc"]

_MAX_FOLDS = 5


@dataclass(frozen=True)
class SupportVectorLearner(Learner):
    """Base of the support vector machines.

    `predict` and `decision_function` are those of `sklearn.svm.SVC`, whatever the probabilities say.

    `predict_proba` is Platt scaling of decision values (`learners.calibration`), fitted on its first use: the
    decision value of each labelled row comes from a machine of the same parameters and kernel that was fitted
    without its fold. Folds are stratified and deterministic, and there are as many as the rarest class has
    rows, at most five. Where it has one row only, the probability is the logistic function of the decision
    value, of more than two classes the softmax of them.

    Parameters
    ----------
    C : float
        Weight of the errors.
    class_weight : {"balanced"}, optional
        Weight classes against their frequency.
    """

    provides: ClassVar[frozenset[str]] = frozenset({"predict_proba", "decision_function"})

    C: Annotated[float, Field(gt=0)] = 1.0
    class_weight: Literal["balanced"] | None = None

    def kernel(self, model: Any, A: Features, B: Features) -> NDArray[np.float64]:
        """(n_a, n_b) kernel of a fitted `SVC` between the rows of `A` and of `B`."""
        raise NotImplementedError

    def train(self, X: Features, y: NDArray[np.intp], seed: int) -> Any:
        """A fitted `SVC`."""
        import sklearn

        # checking the parameters again would be a sixth of a small fit; libsvm refuses a C that is not positive
        with sklearn.config_context(skip_parameter_validation=True):
            return self.build(seed).fit(X, y)

    def probabilities(self, fitted: Fitted, X: Features) -> NDArray[np.float64]:
        """(n, n_seen) calibrated probabilities of the classes in `fitted.classes`."""
        if fitted.calibrated is None:
            fitted.calibrated = self._calibrate(fitted)
        machine = machine_of(fitted.model)
        decisions = machine.decision(self.kernel(fitted.model, X, fitted.X[machine.support]))
        proba: NDArray[np.float64] = fitted.calibrated.probabilities(decisions)
        return proba

    def _calibrate(self, fitted: Fitted) -> Platt | Uncalibrated:
        y = np.searchsorted(fitted.classes, fitted.y)
        counts = np.bincount(y)
        n_folds = min(_MAX_FOLDS, int(counts.min()))
        if n_folds < 2:
            return Uncalibrated()
        held_out = self._held_out(self.kernel(fitted.model, fitted.X, fitted.X), y, stratified_folds(y, n_folds))
        if held_out.ndim == 1:
            return fit_platt(held_out[:, None], y[:, None] == 1)
        return fit_platt(held_out, y[:, None] == np.arange(len(counts)))

    def _held_out(
        self, kernel: NDArray[np.float64], y: NDArray[np.intp], folds: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Decision value(s) of each row by the machine that was fitted without the row's fold."""
        n_classes = int(y.max()) + 1
        decisions = np.empty(len(y) if n_classes == 2 else (len(y), n_classes))
        weights = np.ones(n_classes)
        for fold in range(int(folds.max()) + 1):
            out, rest = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
            inner = kernel.take(rest, axis=0).take(rest, axis=1)
            if self.class_weight is not None:
                weights = len(rest) / (n_classes * np.bincount(y[rest]))
            machine = fit_machine(inner, y[rest], self.C, weights)
            decisions[out] = machine.decision(kernel.take(out, axis=0).take(rest[machine.support], axis=1))
        return decisions


@cache
def svc() -> Any:
    """`sklearn.svm.SVC`, quicker at predicting classes, and on sparse features that are read-only too.

    scikit-learn looks at all features again in every call, which takes a sixth as long as libsvm's answer for some
    hundred rows; they were looked at when they were prepared. Of sparse ones libsvm wants to be able to write to them.
    """
    from sklearn.svm import SVC

    class Svc(SVC):  # type: ignore[misc]
        def predict(self, X: Features) -> Any:
            if sp.issparse(X):
                return super().predict(_writeable(X))
            codes = self._dense_predict(np.ascontiguousarray(X, dtype=np.float64))
            return self.classes_.take(np.asarray(codes, dtype=np.intp))

        def decision_function(self, X: Features) -> Any:
            return super().decision_function(_writeable(X))

    return Svc


def _writeable(X: Features) -> Features:
    return X.copy() if sp.issparse(X) and not X.data.flags.writeable else X


def products(A: Features, B: Features) -> NDArray[np.float64]:
    """(n_a, n_b) scalar products of rows, dense or sparse."""
    result = A @ B.T
    return np.asarray(result.toarray() if sp.issparse(result) else result, dtype=np.float64)
