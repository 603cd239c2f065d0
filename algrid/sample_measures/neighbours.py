"""Distances to other rows of the pool: how dense it is around a row, and whose class lies there."""

from __future__ import annotations

from functools import partial
from math import isqrt

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.datasets.base import Features
from algrid.threads import one_thread

__all__ = ["n_neighbours", "neighbour_measures"]

Floats = NDArray[np.float64]

_NAMES = (
    "neighbour_distance",
    "label_purity",
    "own_class_near",
    "own_class_distance",
    "other_class_near",
    "other_class_distance",
)


def n_neighbours(n_pool: int) -> int:
    """The study's number of neighbours in a pool of this size: floor(sqrt(n) / 2), at least 1."""
    return max(1, isqrt(n_pool) // 2)


def neighbour_measures(X: Features, y: NDArray[np.intp], k: int | None = None) -> dict[str, Floats]:
    """Mean Euclidean distances to the nearest rows and to all rows, and the purity of the neighbourhood.

    A row is no neighbour of itself. Where there are fewer than `k` rows, all of them count. Of rows at the same
    distance the choice is arbitrary, but the same every time.

    Complexity: O(n_pool^2 * n_features) time, in blocks of bounded memory.

    Parameters
    ----------
    X : (n_pool, n_features)
    y : (n_pool,) int array
        Class codes.
    k : int, optional
        Neighbours; by default `n_neighbours`.

    Returns
    -------
    dict of (n_pool,) arrays
        ``neighbour_distance``: mean over the `k` nearest rows, small where the pool is dense; ``label_purity``: share
        of them that has the row's own class; ``own_class_near`` and ``other_class_near``: mean over the `k` nearest
        rows of the own class and of other classes; ``own_class_distance`` and ``other_class_distance``: mean over all
        of them. NaN for a row that is the only one of its class.
    """
    from sklearn.metrics import pairwise_distances_chunked

    # distances are the same, and cancel less where features have a large offset
    centred = X if sp.issparse(X) else X - X.mean(axis=0)
    wanted = n_neighbours(len(y)) if k is None else k
    with one_thread("sklearn"):
        blocks = list(
            pairwise_distances_chunked(centred, reduce_func=partial(_of_block, y=y, k=wanted), working_memory=64)
        )
    return dict(zip(_NAMES, np.concatenate(blocks).T, strict=True))


def _of_block(distances: Floats, start: int, *, y: NDArray[np.intp], k: int) -> Floats:
    """(n_block, 6) measures of the rows ``start, start + 1, ...``, from their distances to all rows."""
    rows = np.arange(len(distances))
    distances[rows, start + rows] = np.inf
    k = min(k, len(y) - 1)
    nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
    same = y == y[start + rows][:, None]
    near = np.take_along_axis(distances, nearest, axis=1)
    own, other = (_means(np.where(mask, distances, np.inf), k) for mask in (same, ~same))
    return np.column_stack([near.mean(axis=1), np.take_along_axis(same, nearest, axis=1).mean(axis=1), *own, *other])


def _means(distances: Floats, k: int) -> tuple[Floats, Floats]:
    """Means over the `k` least and over all of the finite distances of each row; NaN where there is none."""
    return _finite_mean(np.partition(distances, k - 1, axis=1)[:, :k]), _finite_mean(distances)


def _finite_mean(values: Floats) -> Floats:
    finite = np.isfinite(values)
    count = finite.sum(axis=1)
    total = np.where(finite, values, 0.0).sum(axis=1)
    means: Floats = np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
    return means
