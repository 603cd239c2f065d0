"""Preparation: from the raw columns of a dataset to the features that a learner sees.

Everything is fitted on the pool only (DESIGN.md, decision 11): test rows are transformed with what the
pool says, and can't change a bit of the pool's features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.datasets.base import Dataset, Features
from algrid.errors import DatasetError, GridError, unknown_name

__all__ = ["SCALINGS", "prepare", "unsupported"]

Dense = NDArray[np.float64]

#: Scalings of numeric columns. ``standard``: mean 0 and deviation 1. ``minmax``: 0 to 1.
#: ``robust_minmax``: scikit-learn's RobustScaler, then its MinMaxScaler, as the reference study has it (as
#: both are affine, it differs from ``minmax`` in rounding only). ``none``: as they are.
SCALINGS: tuple[str, ...] = ("none", "standard", "minmax", "robust_minmax")


def unsupported(dataset: Dataset, scaling: str) -> str | None:
    """Why this dataset can't be prepared so, or None where it can: a skip of the plan.

    Raises
    ------
    GridError
        For an unknown scaling.
    """
    if scaling not in SCALINGS:
        raise GridError(unknown_name("preprocessing", scaling, SCALINGS))
    if sp.issparse(dataset.X) and dataset.categorical:
        return "categorical columns of sparse features can't be one-hot encoded; give them dense, or encoded"
    if sp.issparse(dataset.X) and np.isnan(dataset.X.data).any():
        return "missing values of sparse features can't be imputed; leave them out (zero) or give dense features"
    return None


def prepare(
    dataset: Dataset, pool_rows: NDArray[np.intp], test_rows: NDArray[np.intp], scaling: str
) -> tuple[Features, Features]:
    """Features of the pool and of the test part.

    Dense features, in the order of the result's columns (a column without any value in the pool is left
    out):

    1. numeric columns: a missing value becomes the pool's median, then the column is scaled. A
       column that is constant in the pool becomes 0 there by every scaling but ``none``. Test values may
       lie outside of the pool's range; they are not clipped.
    2. an indicator (0 or 1) for every numeric column that lacks a value in the pool.
    3. categorical columns one-hot (0 or 1, not scaled): a column for each category of the pool, missing
       being one of them. A category that only the test part has is all zeros.

    Sparse features stay sparse, so nothing is centred: ``standard`` divides by the deviation, and both
    ``minmax`` and ``robust_minmax`` by the largest absolute value, which is the same as minmax for a
    column whose lowest value is 0.

    Parameters
    ----------
    dataset : Dataset
    pool_rows, test_rows : int arrays
        Rows of the dataset, at least one each.
    scaling : str
        One of `SCALINGS`.

    Returns
    -------
    X_pool, X_test : (n_pool, n_features), (n_test, n_features)
        C-contiguous float64 arrays, or CSR matrices; rows in the order of `pool_rows` and `test_rows`.

    Raises
    ------
    GridError
        For an unknown scaling.
    DatasetError
        If `unsupported` has a reason, if no feature is left, or if scaling overflows.
    """
    reason = unsupported(dataset, scaling)
    if reason:
        raise DatasetError(f"dataset {dataset.name!r} can't be prepared with {scaling!r}: {reason}.")
    try:
        with np.errstate(over="raise"):
            if sp.issparse(dataset.X):
                return _sparse(dataset.X[pool_rows], dataset.X[test_rows], scaling)
            return _dense(dataset, dataset.X[pool_rows], dataset.X[test_rows], scaling)
    except FloatingPointError as error:
        raise DatasetError(
            f"dataset {dataset.name!r} has values too large for {scaling!r} ({error}): rescale or drop those columns."
        ) from error


def _dense(dataset: Dataset, pool: Dense, test: Dense, scaling: str) -> tuple[Features, Features]:
    is_categorical = np.isin(np.arange(dataset.n_features), dataset.categorical)
    known = ~np.isnan(pool).all(axis=0)
    blocks = [
        *_numeric(pool[:, known & ~is_categorical], test[:, known & ~is_categorical], scaling),
        _one_hot(pool[:, known & is_categorical], test[:, known & is_categorical]),
    ]
    X_pool, X_test = (np.ascontiguousarray(np.hstack(side)) for side in zip(*blocks, strict=True))
    if X_pool.shape[1] == 0:
        raise DatasetError(f"dataset {dataset.name!r} has no feature with a value in the pool.")
    return X_pool, X_test


def _numeric(pool: Dense, test: Dense, scaling: str) -> list[tuple[Dense, Dense]]:
    """The scaled columns, and the indicators of those that the pool lacks values of."""
    if pool.shape[1] == 0:
        return []
    incomplete = np.isnan(pool).any(axis=0)
    indicators = (np.isnan(pool[:, incomplete]).astype(np.float64), np.isnan(test[:, incomplete]).astype(np.float64))
    if np.isnan(pool).any() or np.isnan(test).any():
        from sklearn.impute import SimpleImputer

        pool, test = _fit_on_pool(SimpleImputer(strategy="median"), pool, test)
    for scaler in _dense_scalers(scaling):
        pool, test = _fit_on_pool(scaler, pool, test)
    return [(pool, test), indicators]


def _one_hot(pool: Dense, test: Dense) -> tuple[Dense, Dense]:
    if pool.shape[1] == 0:
        return pool, test
    from sklearn.preprocessing import OneHotEncoder

    return _fit_on_pool(OneHotEncoder(handle_unknown="ignore", sparse_output=False), pool, test)


def _sparse(pool: sp.csr_matrix, test: sp.csr_matrix, scaling: str) -> tuple[Features, Features]:
    from sklearn.preprocessing import MaxAbsScaler, StandardScaler

    scalers: dict[str, Callable[[], Any]] = {
        "standard": lambda: StandardScaler(with_mean=False),
        "minmax": MaxAbsScaler,
        "robust_minmax": MaxAbsScaler,
    }
    if scaling in scalers:
        pool, test = _fit_on_pool(scalers[scaling](), pool, test)
    return sp.csr_matrix(pool), sp.csr_matrix(test)


def _dense_scalers(scaling: str) -> list[Any]:
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

    steps = {
        "none": [],
        "standard": [StandardScaler],
        "minmax": [MinMaxScaler],
        "robust_minmax": [RobustScaler, MinMaxScaler],
    }
    return [scaler() for scaler in steps[scaling]]


def _fit_on_pool(transformer: Any, pool: Any, test: Any) -> tuple[Any, Any]:
    return transformer.fit(pool).transform(pool), transformer.transform(test)
