"""Rows and columns as 64-bit keys: equal content gives equal keys, whatever the order of the other axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.identity import digest64, mix

__all__ = ["Keys", "column_keys", "document_keys", "row_keys", "tie_keys"]

#: (n,) uint64 array: sums of hashes of values, so that their order does not matter; zeros count as nothing, so that
#: dense and sparse forms of the same data agree.
Keys = NDArray[np.uint64]


def row_keys(X: Any, *, placed: bool = True) -> Keys:
    """(n_rows,) keys of the rows.

    Parameters
    ----------
    X : (n_rows, n_columns) array or CSR matrix
    placed : bool
        Whether it matters in which column a value is, to the last bit. Otherwise rows that are equal up to the
        order of the columns have the same key, and values are compared as float32, as files round them.
    """
    keys = np.zeros(X.shape[0], dtype=np.uint64)
    if isinstance(X, sp.csr_matrix):
        places = X.indices if placed else np.zeros_like(X.indices)
        np.add.at(keys, np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), _hashed(X.data, places, exact=placed))
        return keys
    with np.errstate(over="ignore"):
        for position in range(X.shape[1]):
            keys += _hashed(X[:, position], position if placed else 0, exact=placed)
    return keys


def document_keys(documents: Sequence[str]) -> Keys:
    """(n_rows,) keys of texts; the spaces around and between words don't count."""
    return np.array([digest64(text.split()) for text in documents], dtype=np.uint64)


def column_keys(X: Any) -> Keys:
    """(n_columns,) keys of the columns: equal for columns that hold the same values in any order."""
    if isinstance(X, sp.csr_matrix):
        keys = np.zeros(X.shape[1], dtype=np.uint64)
        np.add.at(keys, X.indices, _hashed(X.data, 0, exact=False))
        return keys
    with np.errstate(over="ignore"):
        sums = [_hashed(X[:, j], 0, exact=False).sum(dtype=np.uint64) for j in range(X.shape[1])]
    return np.array(sums, dtype=np.uint64)


def tie_keys(X: NDArray[np.floating[Any]]) -> Keys:
    """Keys of the columns in which values repeat: the same for any rising or falling function of a column.

    A key says how often the lowest value is there, the second lowest ..., from the end that gives the smaller one.
    """
    found = []
    for position in range(X.shape[1]):
        counts = np.unique(X[:, position], return_counts=True)[1].astype(np.uint64)
        if 1 < len(counts) < X.shape[0]:
            found.append(min(_chained(counts), _chained(counts[::-1])))
    return np.array(sorted(found), dtype=np.uint64)


def _chained(counts: Keys) -> int:
    places = np.arange(1, len(counts) + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        return int(mix(places, counts).sum(dtype=np.uint64))


def _hashed(values: NDArray[np.floating[Any]], places: Any, *, exact: bool) -> Keys:
    """Hashes of values at places; 0 for zeros, one hash for all that is missing."""
    values = values.astype(np.float64 if exact else np.float32)
    bits = values.view(np.uint64 if exact else np.uint32).astype(np.uint64)
    bits[np.isnan(values)] = 1
    hashed = mix(np.asarray(places, dtype=np.uint64), bits)
    hashed[values == 0] = 0
    return hashed
