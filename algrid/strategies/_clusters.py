"""Seeded k-means, and one row of each cluster."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Features
from algrid.strategies.base import top_k
from algrid.threads import one_thread

__all__ = ["center_distances", "kmeans", "one_per_cluster"]


def kmeans(X: Features, n_clusters: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Cluster codes of the rows, and their distances to the centre of their own cluster.

    Where rows are duplicates there may be fewer clusters than asked for. One start (k-means++), one thread:
    the number of threads would change the last bits of the centres.

    Parameters
    ----------
    X : (n, n_features)
    n_clusters : int
        Cut to n.
    seed : int

    Returns
    -------
    (n,) int array, (n,) float array
    """
    labels, distances = center_distances(X, n_clusters, seed)
    return labels, distances[np.arange(len(labels)), labels]


def center_distances(X: Features, n_clusters: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """As `kmeans`, with the distances to all centres: (n,) int array, (n, n_clusters) float array."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    model = KMeans(min(n_clusters, X.shape[0]), n_init=1, random_state=seed)
    with warnings.catch_warnings(), one_thread("sklearn"):
        warnings.simplefilter("ignore", ConvergenceWarning)  # duplicates: fewer distinct clusters than asked for
        distances = model.fit_transform(X)
    return model.labels_.astype(np.intp), np.asarray(distances, dtype=np.float64)


def one_per_cluster(
    labels: NDArray[np.intp], distances: NDArray[np.float64], ties: NDArray[np.intp], k: int
) -> NDArray[np.intp]:
    """(k,) positions: of each cluster the row nearest to its centre, then, while k is not reached, the next nearest.

    Equal distances go by tie rank.
    """
    order = top_k(-distances, ties, len(labels))
    firsts = np.zeros(len(labels))
    firsts[order[np.unique(labels[order], return_index=True)[1]]] = 1.0  # the first of each cluster in that order
    ranks = np.empty(len(labels), dtype=np.intp)
    ranks[order] = np.arange(len(labels))
    return top_k(firsts, ranks, k)
