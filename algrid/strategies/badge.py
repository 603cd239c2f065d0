"""BADGE: batch active learning by diverse gradient embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.datasets.base import Features
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["Badge", "GradientEmbedding"]


@dataclass(frozen=True)
class Badge(Spatial):
    """Rows whose gradients are long and differ: k-means++ seeding of gradient embeddings.

    Formula: ``g(x) = (P(. | x) - e_c) (outer) x``, c being the predicted class: the gradient of the log loss of a
    softmax layer on the input features, as if c were true (of a learner that is no linear model: of such a layer
    with its probabilities). The row with the longest g comes first; then rows are drawn one after another with
    probability proportional to the squared distance of their g to the nearest of those chosen.

    Complexity: O(n_candidates * (n_features + n_classes) * batch_size) time and O(n_candidates * (n_features +
    n_classes)) memory: an outer product's scalar products are products of scalar products, so that the
    embedding of n_features * n_classes numbers a row is never made.

    Source: Ash, Zhang, Krishnamurthy, Langford & Agarwal, "Deep batch active learning by diverse, uncertain
    gradient lower bounds", ICLR 2020, with the input features as the last layer's (and, as there, without
    the gradient of the intercept).

    Needs: ``predict_proba``. Sparse features are used as they are.

    Parameters
    ----------
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "badge"
    source: ClassVar[str] = "Ash, Zhang, Krishnamurthy, Langford & Agarwal, ICLR 2020"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of choice."""
        state = self.seen(state)
        space = GradientEmbedding.of(state.X[state.unlabeled], state.model.predict_proba()[state.unlabeled])
        rng, ties = state.rng(), state.ties[state.unlabeled]
        free = np.ones(len(ties), dtype=np.bool_)
        nearest = np.full(len(ties), np.inf)
        batch = np.empty(state.batch_size, dtype=np.intp)
        for position in range(state.batch_size):
            if position == 0:
                chosen = _first(space.lengths == space.lengths.max(), ties)
            elif (total := nearest.sum()) > 0:
                # a row that was drawn is at distance 0, which the search on the right side never stops at
                chosen = np.intp(np.searchsorted(np.cumsum(nearest / total), rng.random(), side="right"))
                chosen = min(chosen, np.flatnonzero(nearest)[-1])  # the last sum may be rounded below 1
            else:
                chosen = _first(free, ties)  # all that is left are duplicates of what is chosen
            batch[position], free[chosen] = chosen, False
            np.minimum(nearest, space.squared(chosen), out=nearest)
            nearest[chosen] = 0.0
        return state.unlabeled[batch]


@dataclass(frozen=True)
class GradientEmbedding:
    """Rows' gradient embeddings, in factors.

    Parameters
    ----------
    X : (n, n_features)
    residuals : (n, n_classes) array
        Probabilities, less 1 for the predicted class.
    lengths : (n,) array
        Squared norms of the embeddings.
    """

    X: Features
    residuals: NDArray[np.float64]
    lengths: NDArray[np.float64]

    @classmethod
    def of(cls, X: Features, proba: NDArray[np.float64]) -> GradientEmbedding:
        """From features and (n, n_classes) probabilities."""
        residuals = proba.copy()
        residuals[np.arange(len(proba)), proba.argmax(axis=1)] -= 1.0
        norms = np.asarray(X.multiply(X).sum(axis=1)).ravel() if sp.issparse(X) else np.einsum("ij,ij->i", X, X)
        return cls(X, residuals, norms * np.einsum("ij,ij->i", residuals, residuals))

    def squared(self, row: np.intp) -> NDArray[np.float64]:
        """(n,) squared distances of all embeddings to that of one row; rounding noise is cut to 0."""
        one = self.X[[row]]
        products = self.X @ one.T
        features = products.toarray().ravel() if sp.issparse(products) else products[:, 0]
        scale = self.lengths + self.lengths[row]
        squares: NDArray[np.float64] = scale - 2.0 * features * (self.residuals @ self.residuals[row])
        # duplicates have to be at distance 0 exactly, or they would be drawn
        squares[squares <= 16 * np.finfo(np.float64).eps * scale] = 0.0
        return squares


def _first(mask: NDArray[np.bool_], ties: NDArray[np.intp]) -> np.intp:
    """Of the positions in the mask the one of the lowest tie rank."""
    positions = np.flatnonzero(mask)
    return np.intp(positions[ties[positions].argmin()])
