"""Density-weighted uncertainty sampling (DWUS)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.strategies._clusters import center_distances
from algrid.strategies._measures import logs
from algrid.strategies.base import QueryState, Strategy

__all__ = ["DensityWeightedUncertainty", "log_densities"]


@dataclass(frozen=True)
class DensityWeightedUncertainty(Strategy):
    """Rows where the expected error, weighted by the density of a mixture over clusters, is highest.

    Formula: ``u(x) = (1 - max_c P(c | x)) p(x)``, in logarithms. The first factor is the expected 0/1 error, of two
    classes proportional to the expected squared error of the paper's ``E[(y - y^)^2 | x] p(x)``; ``p(x) = sum_k
    pi_k N(x; m_k, s^2 I)`` with the centres m_k of k-means on the pool, pi_k the share of each cluster, and s^2 the
    mean squared distance of a row to its centre, by feature (the classification-likelihood estimate).

    Complexity: O(n_pool * n_features * n_clusters) time for an iteration of k-means and as much for the density,
    once per cell, then O(n_candidates * n_classes); O(n_pool * (n_features + n_clusters)) memory.

    Source: Donmez, Carbonell & Bennett, "Dual strategy active learning", ECML 2007, which takes its density from
    Nguyen & Smeulders, "Active learning using pre-clustering", ICML 2004. The probabilities are the query
    learner's instead of those of a logistic model on the clusters, so that more than two classes work.

    Needs: ``predict_proba``. Sparse features are used as they are.

    Parameters
    ----------
    n_clusters : int
        Components of the mixture.
    """

    name: ClassVar[str] = "dwus"
    source: ClassVar[str] = "Donmez, Carbonell & Bennett, ECML 2007; Nguyen & Smeulders, ICML 2004"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})
    metric_space: ClassVar[bool] = True

    n_clusters: Annotated[int, Field(ge=1)] = 5

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) logarithms; minus infinity where the learner is certain."""
        density = state.shared(
            ("dwus", self.n_clusters), lambda: log_densities(state.X, self.n_clusters, state.learner_seed)
        )
        errors = 1.0 - state.model.predict_proba()[state.unlabeled].max(axis=1)
        return np.where(errors > 0, logs(errors) + density[state.unlabeled], -np.inf)


def log_densities(X: Features, n_clusters: int, seed: int) -> NDArray[np.float64]:
    """(n,) logarithm of the mixture's density.

    Parameters
    ----------
    X : (n, n_features)
    n_clusters : int
    seed : int
        Of k-means: one a cell, since the density is the pool's.
    """
    labels, distances = center_distances(X, n_clusters, seed)
    sizes = np.bincount(labels, minlength=distances.shape[1])
    kept = sizes > 0  # duplicates leave clusters empty
    squares = np.square(distances[:, kept])
    n_features = X.shape[1]
    variance = float(squares.min(axis=1).mean()) / n_features
    if variance <= 1e-12 * float(squares.mean()) / n_features:
        variance = 1.0  # every row is a centre: any width will do
    exponents = np.log(sizes[kept] / len(labels)) - squares / (2.0 * variance)
    highest = exponents.max(axis=1)
    mixed: NDArray[np.float64] = highest + np.log(np.exp(exponents - highest[:, None]).sum(axis=1))
    mixed -= 0.5 * n_features * math.log(2.0 * math.pi * variance)
    return mixed
