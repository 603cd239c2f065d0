"""Density-weighted uncertainty sampling (DWUS), as libact has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._clusters import center_distances
from algrid.strategies._libact import SOURCE, LibactRanking
from algrid.strategies.base import QueryState

__all__ = ["DensityWeightedUncertaintyLibactCompatible"]

#: Steps of expectation maximisation.
_STEPS = 100


@dataclass(frozen=True)
class DensityWeightedUncertaintyLibactCompatible(LibactRanking):
    """Rows in dense clusters whose label a logistic model of the clusters does not know.

    Formula: ``u(x) = min(q(x), 1 - q(x)) p(x)`` with ``q(x) = sum_k P(k | x) s(w^T m_k + b)``, s the logistic
    function and m_k the centres of k-means on the pool. ``P(k | x)`` is proportional to ``pi_k exp(-|x - m_k|^2 /
    (2 sigma))``, pi by 100 steps of expectation maximisation; ``p(x) = sum_k pi_k N(x; m_k, sqrt(sigma) I)``; w
    and b minimise ``|w|^2 / 2 - sum_i log sum_k P(k | x_i) s(y_i (w^T m_k + b))`` over the labelled rows i, y
    being -1 and 1.

    Complexity: O(n_pool * n_clusters * n_features) time for an iteration of k-means, and 100 times O(n_pool *
    n_clusters), once per cell; then some hundred times O(n_clusters * (n_labeled + n_features)) a query; O(n_pool
    * (n_clusters + n_features)) memory.

    Source: Donmez, Carbonell & Bennett, ECML 2007; Nguyen & Smeulders, ICML 2004; libact: Yang et al., arXiv
    1710.00379.

    Needs: ``binary`` labels; nothing of the learner. Sparse features are used as they are.

    Deviation from `dwus`: probabilities come from its own model of the clusters, not from the query learner; the
    density has the variance sqrt(sigma) where the weights have sigma, and neither is fitted to the data. Where a
    row is so far from all centres that its weights underflow (many features) nothing is a number, and the
    earliest candidate is chosen, as libact does. Exact ties go to the earlier pool index; the batch is the best
    of one state. Centres are the means of the clusters; w and b are found with exact derivatives, libact's are
    numerical.

    Parameters
    ----------
    n_clusters : int
        Clusters.
    sigma : float
        Width of the weights.
    """

    name: ClassVar[str] = "dwus@libact_compatible"
    source: ClassVar[str] = SOURCE
    needs: ClassVar[frozenset[str]] = frozenset({"binary"})
    metric_space: ClassVar[bool] = True

    n_clusters: Annotated[int, Field(ge=1)] = 5
    sigma: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) densities times errors; all NaN where weights underflow."""
        weights, density, centers = state.shared(
            ("dwus of libact", self.n_clusters, self.sigma), lambda: self._mix(state)
        )
        if np.isnan(density).any():
            return np.full(len(state.unlabeled), np.nan)
        of_cluster = _logistic(weights[state.labeled], centers, np.where(state.y_labeled == 1, 1.0, -1.0))
        positive = weights[state.unlabeled] @ of_cluster
        return np.minimum(positive, 1.0 - positive) * density[state.unlabeled]

    def _mix(self, state: QueryState) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """(n_pool, n_clusters) weights, (n_pool,) densities, (n_clusters, n_features) centres."""
        labels, distances = center_distances(state.X, self.n_clusters, state.learner_seed)
        n_pool, n_features = state.X.shape
        members = np.zeros((n_pool, distances.shape[1]))
        members[np.arange(n_pool), labels] = 1.0
        kept = members.any(axis=0)  # duplicates leave clusters empty
        members, squares = members[:, kept], np.square(distances[:, kept])
        centers = np.asarray((state.X.T @ members).T) / members.sum(axis=0)[:, None]
        near, shares = np.exp(-squares / (2.0 * self.sigma)), np.full(kept.sum(), 1.0 / kept.sum())
        with np.errstate(invalid="ignore"):
            for _ in range(_STEPS):
                weights = near * shares
                weights /= weights.sum(axis=1, keepdims=True)
                shares = weights.mean(axis=0)
        variance = np.sqrt(self.sigma)
        density = np.exp(-0.5 * (n_features * np.log(2.0 * np.pi * variance) + squares / variance)) @ shares
        return weights, density, centers


def _logistic(
    weights: NDArray[np.float64], centers: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n_clusters,) probabilities of the positive class."""
    from scipy.optimize import minimize
    from scipy.special import expit

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        chances = expit(y[:, None] * (centers @ parameters[:-1] + parameters[-1]))
        likelihood = np.maximum((weights * chances).sum(axis=1), np.finfo(np.float64).tiny)
        slopes = (weights * chances * (1.0 - chances) * (y / likelihood)[:, None]).sum(axis=0)
        gradient = np.append(parameters[:-1] - slopes @ centers, -slopes.sum())
        return 0.5 * float(parameters[:-1] @ parameters[:-1]) - float(np.log(likelihood).sum()), gradient

    found = minimize(loss, np.zeros(centers.shape[1] + 1), jac=True, method="CG").x
    probabilities: NDArray[np.float64] = expit(centers @ found[:-1] + found[-1])
    return probabilities
