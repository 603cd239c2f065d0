"""Euclidean distances from the whole pool to a few of its rows, in blocks, dense or sparse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.datasets.base import Features
from algrid.strategies.base import QueryState

__all__ = ["Geometry", "geometry"]

#: Distances held at a time (32 MiB of float64).
_BLOCK = 2**22


@dataclass(frozen=True)
class Geometry:
    """A pool's features and the squared norms of its rows.

    Parameters
    ----------
    X : (n_pool, n_features)
        Features; dense ones are centred, which changes no distance and keeps the digits that
        ``|a|^2 + |b|^2 - 2ab`` would cancel where features have a large offset.
    norms : (n_pool,) array
        Squared norms of the rows of `X`.
    """

    X: Features
    norms: NDArray[np.float64]

    def squared(self, centers: NDArray[np.intp]) -> NDArray[np.float64]:
        """(n_pool, n_centers) squared distances to the rows at these pool indices; rounding noise is cut to 0."""
        products = self.X @ self.X[centers].T
        squares: NDArray[np.float64] = products.toarray() if sp.issparse(products) else products
        scale = self.norms[:, None] + self.norms[centers]
        squares *= -2.0
        squares += scale
        # duplicates must be at distance 0 exactly, or noise would decide between them instead of the tie ranks
        scale *= 8 * np.finfo(np.float64).eps
        squares[squares <= scale] = 0.0
        return squares

    def blocks(self, centers: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
        """Some of `centers` at a time, with their squared distances: (n_block,), (n_pool, n_block)."""
        step = max(1, _BLOCK // len(self.norms))
        for first in range(0, len(centers), step):
            block = centers[first : first + step]
            yield block, self.squared(block)

    def nearest_squared(self, centers: NDArray[np.intp]) -> NDArray[np.float64]:
        """(n_pool,) squared distance of each row to the nearest of these pool indices; infinite for none."""
        nearest = np.full(len(self.norms), np.inf)
        for _, squares in self.blocks(centers):
            np.minimum(nearest, squares.min(axis=1), out=nearest)
        return nearest

    def k_nearest(self, centers: NDArray[np.intp], k: int) -> NDArray[np.intp]:
        """(n_pool, min(k, n_centers)) pool indices of the `k` of `centers` nearest to each row, in no order."""
        k = min(k, len(centers))
        best: NDArray[np.intp] | None = None
        nearest = np.empty((len(self.norms), 0))
        for block, squares in self.blocks(centers):
            found, rows = squares, np.broadcast_to(block, squares.shape)
            if best is not None:  # not the first block, which is the only one of most pools
                found, rows = np.hstack([nearest, found]), np.hstack([best, rows])
            if found.shape[1] > k:
                keep = np.argpartition(found, k - 1, axis=1)[:, :k]
                found, rows = np.take_along_axis(found, keep, axis=1), np.take_along_axis(rows, keep, axis=1)
            nearest, best = found, rows
        if best is None:
            return np.empty((len(self.norms), 0), dtype=np.intp)
        return best


def geometry(state: QueryState) -> Geometry:
    """The pool's geometry, computed once per cell and shared by all strategies that ask for it."""
    return state.shared("euclidean geometry", lambda: _geometry(state.X))


def _geometry(X: Features) -> Geometry:
    if sp.issparse(X):
        return Geometry(X, np.asarray(X.multiply(X).sum(axis=1), dtype=np.float64).ravel())
    centred = X - X.mean(axis=0)
    return Geometry(centred, np.einsum("ij,ij->i", centred, centred))
