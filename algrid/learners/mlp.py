"""A multi-layer perceptron."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.learners.base import Fitted, Learner

__all__ = ["Mlp"]


_EPOCHS = 300  # after which a fit with the defaults has ended, about


@dataclass(frozen=True)
class Mlp(Learner):
    """Multi-layer perceptron.

    The defaults are the reference study's. A fit that ends at `max_iter` is used as it is, without a warning: a
    grid would repeat it a million times. Its embedding is the last hidden layer; with one class in the labelled set
    there is no network, and the features are the embedding.

    Parameters
    ----------
    hidden_layer_sizes : list of int
        Units of each hidden layer.
    activation : {"relu", "tanh", "logistic", "identity"}
        Of the hidden units.
    solver : {"adam", "sgd", "lbfgs"}
        The optimiser.
    alpha : float
        Weight of the L2 penalty.
    batch_size : int, optional
        Rows in a gradient step (shrunk to the labelled set); by default at most 200. Not for ``lbfgs``.
    learning_rate : {"constant", "invscaling", "adaptive"}
        Schedule of ``sgd``; the others ignore it.
    learning_rate_init : float
        First step size of ``adam`` and ``sgd``.
    max_iter : int
        Most epochs.
    tol : float
        Training ends when the loss has not improved by it for `n_iter_no_change` epochs.
    n_iter_no_change : int
        Epochs.
    """

    name: ClassVar[str] = "mlp"
    source: ClassVar[str] = "sklearn.neural_network.MLPClassifier"
    provides: ClassVar[frozenset[str]] = frozenset({"predict_proba", "embed"})
    predicts_argmax: ClassVar[bool] = True
    cost: ClassVar[tuple[float, float, float]] = (1e-1, 5e-5, 5e-7)

    hidden_layer_sizes: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (100,)
    activation: Literal["relu", "tanh", "logistic", "identity"] = "relu"
    solver: Literal["adam", "sgd", "lbfgs"] = "adam"
    alpha: Annotated[float, Field(ge=0)] = 1e-4
    batch_size: Annotated[int, Field(ge=1)] | None = None
    learning_rate: Literal["constant", "invscaling", "adaptive"] = "adaptive"
    learning_rate_init: Annotated[float, Field(gt=0)] = 1e-3
    max_iter: Annotated[int, Field(ge=1)] = 1000
    tol: Annotated[float, Field(gt=0)] = 1e-4
    n_iter_no_change: Annotated[int, Field(ge=1)] = 10

    def cost_factors(self) -> tuple[float, float]:
        """By the epochs, which are at most some hundreds by themselves, and by the units."""
        return min(1.0, self.max_iter / _EPOCHS), sum(self.hidden_layer_sizes) / 100

    def build(self, seed: int) -> Any:
        """`sklearn.neural_network.MLPClassifier`."""
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier(**{**self.parameters(), "batch_size": self.batch_size or "auto"}, random_state=seed)

    def train(self, X: Features, y: NDArray[np.intp], seed: int) -> Any:
        """A fitted classifier."""
        from sklearn.exceptions import ConvergenceWarning

        model = self.build(seed)
        if self.batch_size is not None:
            model.set_params(batch_size=min(self.batch_size, len(y)))  # scikit-learn does the same, but warns
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # see the class docstring
            return model.fit(X, y)

    def embedding(self, fitted: Fitted, X: Features) -> NDArray[np.float64]:
        """(n, units of the last hidden layer) its activations."""
        if fitted.model is None:
            return np.asarray(X.toarray() if sp.issparse(X) else X)
        hidden = X
        for weights, intercepts in zip(fitted.model.coefs_[:-1], fitted.model.intercepts_[:-1], strict=True):
            hidden = _ACTIVATIONS[self.activation](hidden @ weights + intercepts)
        return np.asarray(hidden)


_ACTIVATIONS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "relu": lambda z: np.maximum(z, 0.0),
    "tanh": np.tanh,
    "logistic": lambda z: 0.5 * (1.0 + np.tanh(0.5 * z)),
    "identity": lambda z: z,
}
