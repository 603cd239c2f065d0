"""What a row of a pool is like: density, hardness, outlierness and more, as the reference study looks at queried rows.

Functions of arrays, one kind a file. The label is never one of the features; where it says what is measured (purity,
distances to the own class, confidence) it is used as the label, and only so. Two kinds of measures come from the data
of a pool, in `of_data`, and from learners along stored runs, in `of_replays`; what only stored results can tell
(who picked a row, and what its batches gained) is in `algrid.influence.picked_rows`.

References
----------
Survey of Active Learning Hyperparameters: Insights from a Large-Scale Experimental Grid, arXiv 2506.03817.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Features
from algrid.sample_measures.hardness import boundary_distance, confidence
from algrid.sample_measures.neighbours import n_neighbours, neighbour_measures
from algrid.sample_measures.replayed import of_replays
from algrid.sample_measures.structure import cluster_distance, outlierness

__all__ = ["n_neighbours", "of_data", "of_replays"]


def of_data(X: Features, y: NDArray[np.intp], n_classes: int, seed: int = 0) -> dict[str, NDArray[np.float64]]:
    """Every measure that the pool itself tells.

    Parameters
    ----------
    X : (n_pool, n_features)
        Prepared features.
    y : (n_pool,) int array
        Clean class codes.
    n_classes : int
    seed : int
        Of what draws at random: the forests, the clusters and the folds.

    Returns
    -------
    dict of (n_pool,) arrays
        Those of `neighbour_measures`; ``cluster_distance``, ``outlierness``, ``boundary_distance``, ``confidence``.
    """
    return {
        **neighbour_measures(X, y),
        "cluster_distance": cluster_distance(X, n_neighbours(len(y)), seed),
        "outlierness": outlierness(X, seed),
        "boundary_distance": boundary_distance(X, y, n_classes, seed),
        "confidence": confidence(X, y, n_classes, seed),
    }
