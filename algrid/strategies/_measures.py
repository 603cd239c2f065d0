"""Measures of probability vectors that several strategies share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["entropies", "logs", "top_two_gap"]

_TINY = np.finfo(np.float64).tiny


def logs(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural logarithms of probabilities; that of 0 is about -708, finite, so that 0 times it is 0."""
    values = np.maximum(proba, _TINY)
    return np.log(values, out=values)


def entropies(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) Shannon entropies in nats of the rows of `proba` (n, n_classes), with 0 log 0 = 0."""
    negated: NDArray[np.float64] = np.einsum("ij,ij->i", proba, logs(proba))
    return -negated


def top_two_gap(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) highest minus second highest of each row of `values` (n, at least 2)."""
    if values.shape[1] == 2:
        return np.abs(values[:, 0] - values[:, 1])
    top = np.partition(values, values.shape[1] - 2, axis=1)[:, -2:]
    return top[:, 1] - top[:, 0]
