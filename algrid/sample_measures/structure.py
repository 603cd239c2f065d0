"""Where a row lies in the pool: far from the nearest cluster's centre, or apart from everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Features
from algrid.threads import one_thread

__all__ = ["cluster_distance", "outlierness"]


def cluster_distance(X: Features, n_clusters: int, seed: int = 0) -> NDArray[np.float64]:
    """(n_pool,) Euclidean distance to the nearest of the centres of mini-batch k-means.

    The reference study doesn't say how many clusters it takes; here there are as many as a row has neighbours.

    Parameters
    ----------
    X : (n_pool, n_features)
    n_clusters : int
        Cut to the number of rows.
    seed : int

    References
    ----------
    Sculley, D. (2010). Web-scale k-means clustering. WWW.
    """
    from sklearn.cluster import MiniBatchKMeans

    with one_thread("sklearn"):
        model = MiniBatchKMeans(min(n_clusters, X.shape[0]), n_init=3, random_state=seed).fit(X)
        distances = model.transform(X)
    return np.asarray(distances.min(axis=1), dtype=np.float64)


def outlierness(X: Features, seed: int = 0) -> NDArray[np.float64]:
    """(n_pool,) how easily an isolation forest sets the row apart: 0 to 1, the more the more outlying.

    Parameters
    ----------
    X : (n_pool, n_features)
    seed : int

    References
    ----------
    Liu, F. T., Ting, K. M. and Zhou, Z.-H. (2008). Isolation forest. ICDM.
    """
    from sklearn.ensemble import IsolationForest

    return np.asarray(-IsolationForest(random_state=seed, n_jobs=1).fit(X).score_samples(X), dtype=np.float64)
