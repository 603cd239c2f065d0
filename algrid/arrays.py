"""Small vectorised helpers for ragged arrays (flat values with offsets) and for ranks with ties."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "offsets_of",
    "places_in",
    "ragged_arange",
    "rank_shares",
    "runs_of",
    "segment_min",
    "segment_sum",
    "tied_ranks",
]


def offsets_of(lengths: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """(n + 1,) offsets of n segments of these lengths: segment i is ``offsets[i]:offsets[i + 1]``."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def runs_of(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Offsets of the stretches of equal values of a sorted array."""
    return offsets_of(np.unique(codes, return_counts=True)[1])


def places_in(ascending: NDArray[Any], values: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where values are in an ascending array, and whether they are in it at all (the place is any if not)."""
    if not len(ascending):
        return np.zeros(len(values), np.intp), np.zeros(len(values), np.bool_)
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return places, ascending[places] == values


def ragged_arange(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """``arange(start, start + length)`` of every segment, joined."""
    offsets = offsets_of(lengths)
    return np.arange(offsets[-1], dtype=np.int64) + np.repeat(starts - offsets[:-1], lengths)


def segment_sum(values: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n, ...) sums over the first axis of each segment; 0 for an empty one."""
    sums = np.zeros((len(offsets) - 1, *values.shape[1:]))
    _reduce_into(sums, np.add, values, offsets)
    return sums


def segment_min(values: NDArray[np.int64], offsets: NDArray[np.int64], empty: int) -> NDArray[np.int64]:
    """(n,) minimum of each segment; `empty` for an empty one."""
    least = np.full(len(offsets) - 1, empty, dtype=np.int64)
    _reduce_into(least, np.minimum, values, offsets)
    return least


def _reduce_into(out: NDArray[Any], ufunc: np.ufunc, values: NDArray[Any], offsets: NDArray[np.int64]) -> None:
    # reduceat takes the next element for an empty segment, so only the others are handed to it; as nothing lies
    # between them, each still ends where the following one starts (the last: where the offsets end)
    filled = offsets[1:] > offsets[:-1]
    if filled.any():
        out[filled] = ufunc.reduceat(values[: offsets[-1]], offsets[:-1][filled], axis=0)


def tied_ranks(differs: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Average ranks, from 1, of sorted values along the last axis.

    Parameters
    ----------
    differs : (..., n) bool array
        Whether the value at a position differs from the one before it; position 0 is taken as True.

    Returns
    -------
    (..., n) array: members of a tie share the mean of the ranks that they cover.
    """
    n = differs.shape[-1]
    position = np.arange(n)
    first = np.maximum.accumulate(np.where(differs, position, 0), axis=-1)
    ends = np.ones_like(differs)
    ends[..., :-1] = differs[..., 1:]
    last = np.minimum.accumulate(np.where(ends, position, n - 1)[..., ::-1], axis=-1)[..., ::-1]
    return 1.0 + 0.5 * (first + last)


def rank_shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, k) ranks in each column, from 0 to 1: coordinates in which no extreme value decides every distance.

    Equal values share their mean rank; what is unknown (NaN) lies in the middle. A column that is the same
    everywhere is 0.5.

    Parameters
    ----------
    values : (n, k) array
    """
    ranks = np.full(values.shape, 0.5)
    for column in range(values.shape[1]):
        known = ~np.isnan(values[:, column])
        distinct, place = np.unique(values[known, column], return_inverse=True)
        if len(distinct) > 1:
            counts = np.bincount(place)
            mean_rank = np.cumsum(counts) - (counts + 1) / 2
            ranks[known, column] = mean_rank[place] / (known.sum() - 1)
    return ranks
