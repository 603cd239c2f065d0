"""Columns that number the rows instead of describing them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

__all__ = ["id_columns"]

#: Of fewer rows nothing is said: a short column is easily in order.
_MIN_ROWS = 20


def id_columns(X: NDArray[np.floating], categorical: Collection[int]) -> NDArray[np.bool_]:
    """(n_columns,) whether a column looks like an id.

    That is a column of whole numbers which only rise, or only fall, from row to row; or a categorical
    one in which no value is there twice. Of fewer than 20 rows nothing is said.

    Parameters
    ----------
    X : (n_rows, n_columns) array
        Rows in the order of the dataset; categorical columns hold codes, missing is NaN.
    categorical : collection of int
        Positions of the categorical columns.
    """
    n_rows, n_columns = X.shape
    if n_rows < _MIN_ROWS:
        return np.zeros(n_columns, dtype=np.bool_)
    # most columns are out after a glance at the first rows
    steps = np.diff(X[:_MIN_ROWS], axis=0)
    found: NDArray[np.bool_] = np.all(steps > 0, axis=0) | np.all(steps < 0, axis=0)
    found[list(categorical)] = True
    for position in np.flatnonzero(found):
        column = X[:, position]
        if position in categorical:
            found[position] = not np.isnan(column).any() and len(np.unique(column)) == n_rows
        else:
            steps = np.diff(column)
            found[position] = bool((column == np.floor(column)).all() and ((steps > 0).all() or (steps < 0).all()))
    return found
