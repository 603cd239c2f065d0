"""Information density: uncertainty weighted by representativeness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.strategies._measures import entropies
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["DensityWeighted"]


@dataclass(frozen=True)
class DensityWeighted(Spatial):
    """Uncertain rows that resemble many other candidates.

    Formula: ``u(x) = H(P(. | x)) * (1/n sum_u s(x, u))^beta`` over the n candidates u, H being the entropy and
    ``s(x, u) = (1 + cos(x, u)) / 2``. The paper takes the cosine itself, of features that are never
    negative; shifted to 0 ... 1 it is defined for any. A row of zeros has cosine 0 with all others.

    Complexity: O(n_pool * (n_features + n_classes)) time: the mean cosine is the product with one mean
    direction, so that no n x n similarities are needed. O(n_pool) memory. The norms are computed once per
    cell.

    Source: Settles & Craven, "An analysis of active learning strategies for sequence labeling tasks",
    EMNLP 2008.

    Needs: ``predict_proba``. Sparse features are used as they are.

    Parameters
    ----------
    beta : float
        Weight of the density; 0 is `entropy`.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "density_weighted"
    source: ClassVar[str] = "Settles & Craven, EMNLP 2008"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    beta: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) weighted entropies."""
        return entropies(state.model.predict_proba()[state.unlabeled]) * densities(state) ** self.beta


def densities(state: QueryState) -> NDArray[np.float64]:
    """(n_candidates,) mean similarities to all candidates, in 0 ... 1."""
    inverse = state.shared("inverse norms", lambda: _inverse_norms(state.X))
    weights = np.zeros(len(inverse))
    weights[state.unlabeled] = inverse[state.unlabeled] / len(state.unlabeled)
    cosines = (state.X @ (state.X.T @ weights) * inverse)[state.unlabeled]
    return np.clip((1.0 + cosines) / 2.0, 0.0, 1.0)


def _inverse_norms(X: Features) -> NDArray[np.float64]:
    squares = np.asarray(X.multiply(X).sum(axis=1)).ravel() if sp.issparse(X) else np.einsum("ij,ij->i", X, X)
    norms = np.sqrt(squares)
    return np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
