"""The Gaussian kernel between rows of a pool."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.strategies._geometry import Geometry, geometry
from algrid.strategies.base import QueryState

__all__ = ["gaussian_kernel", "scale"]


def gaussian_kernel(
    space: Geometry, rows: NDArray[np.intp], columns: NDArray[np.intp], gamma: float
) -> NDArray[np.float64]:
    """(n_rows, n_columns) ``exp(-gamma |a - b|^2)`` between the rows at two lists of pool indices."""
    products = space.X[rows] @ space.X[columns].T
    values: NDArray[np.float64] = products.toarray() if sp.issparse(products) else products
    values *= -2.0
    values += space.norms[rows][:, None]
    values += space.norms[columns]
    np.maximum(values, 0.0, out=values)
    values *= -gamma
    return np.exp(values, out=values)


def scale(state: QueryState, gamma: float | Literal["scale"]) -> float:
    """`gamma` itself, or for ``scale`` 1 / (n_features * variance of all of the pool's features), as scikit-learn's."""
    if not isinstance(gamma, str):
        return gamma
    return state.shared("gaussian scale", lambda: _scale(state))


def _scale(state: QueryState) -> float:
    n_pool, n_features = state.X.shape
    norms = geometry(state).norms
    # of sparse features these are the norms of the rows themselves, of dense ones those of the centred rows
    mean = np.asarray(state.X.mean(axis=0)).ravel()
    squares = norms.sum() if sp.issparse(state.X) else norms.sum() + n_pool * mean @ mean
    variance = squares / (n_pool * n_features) - mean.mean() ** 2
    return 1.0 / (n_features * variance) if variance > 1e-12 * squares / (n_pool * n_features) else 1.0
