"""Lightweight core-sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._geometry import geometry
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["LightweightCoreset"]


@dataclass(frozen=True)
class LightweightCoreset(Spatial):
    """A random batch in which rows far from the candidates' mean are likelier.

    Formula: rows are drawn one after another, without replacement, with probability proportional to
    ``q(x) = 1/2 * 1/n + 1/2 * d(x)^2 / sum_u d(u)^2``, d(x) being the Euclidean distance to the mean of the
    n candidates. The draw is one random key a row, ``log q(x) + Gumbel noise``, of which the highest are
    taken: the same distribution (Efraimidis & Spirakis, Information Processing Letters 97, 2006).

    Complexity: O(n_pool * n_features) time, O(n_pool) memory beside the shared geometry.

    Source: Bachem, Lucic & Krause, "Scalable k-means clustering via lightweight coresets", KDD 2018.

    Needs: nothing of the learner. Sparse features are used as they are.

    Parameters
    ----------
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "lightweight_coreset"
    source: ClassVar[str] = "Bachem, Lucic & Krause, KDD 2018"

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) random keys."""
        noise = np.asarray(state.rng().gumbel(size=state.X.shape[0]))[state.unlabeled]
        keys: NDArray[np.float64] = np.log(proposal(state)) + noise
        return keys


def proposal(state: QueryState) -> NDArray[np.float64]:
    """(n_candidates,) the probabilities q, which sum to 1."""
    space, n = geometry(state), len(state.unlabeled)
    weights = np.zeros(len(space.norms))
    weights[state.unlabeled] = 1 / n
    mean = space.X.T @ weights
    squares = np.asarray(space.norms - 2 * (space.X @ mean) + mean @ mean)[state.unlabeled]
    np.maximum(squares, 0.0, out=squares)
    total = squares.sum()
    return 0.5 / n + 0.5 * squares / total if total > 0 else np.full(n, 1 / n)
