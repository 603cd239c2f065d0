"""Measures of a probability vector that several strategies share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["entropies", "top_two_gap"]

_TINY = np.finfo(np.float64).tiny


def entropies(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) Shannon entropies in nats of the rows of `proba` (n, n_classes), with 0 log 0 = 0."""
    logs = np.maximum(proba, _TINY)  # log(tiny) is finite, so that 0 times it is 0
    np.log(logs, out=logs)
    negated: NDArray[np.float64] = np.einsum("ij,ij->i", proba, logs)
    return -negated


def top_two_gap(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) highest minus second highest of each row of `values` (n, at least 2)."""
    if values.shape[1] == 2:
        return np.abs(values[:, 0] - values[:, 1])
    top = np.partition(values, values.shape[1] - 2, axis=1)[:, -2:]
    return top[:, 1] - top[:, 0]
