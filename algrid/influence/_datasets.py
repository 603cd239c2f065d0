"""Statistics of datasets, summed over all of them once or over those that resamples draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from algrid.arrays import segment_sum
from algrid.influence._resampling import Copies, copies_of, ends, once, why_no_interval

__all__ = ["estimated", "summed"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def summed(parts: Floats, offsets: Ints, drawn: Iterable[Copies], of_dataset: Callable[[Floats], Floats]) -> Floats:
    """Sums over drawn datasets of a statistic of each.

    Parameters
    ----------
    parts : (n_replicates, ...) array
        Sums over the settings of each replicate.
    offsets : (n_datasets + 1,) int array
        The replicates of dataset d are ``offsets[d]:offsets[d + 1]``.
    drawn : iterable of Copies
    of_dataset : callable
        Makes (n_copies, ...) statistics of (n_copies, ...) sums over drawn replicates.

    Returns
    -------
    (resamples, ...) array
    """
    total: Floats | None = None
    for copies in drawn:
        own = parts[offsets[copies.dataset] : offsets[copies.dataset + 1]]
        sums = (copies.weights @ own.reshape(len(own), -1)).reshape(-1, *own.shape[1:])
        added = segment_sum(of_dataset(sums), copies.offsets)
        total = added if total is None else total + added
    return of_dataset(np.zeros((1, *parts.shape[1:]))) * np.nan if total is None else total


def estimated(
    parts: Floats,
    offsets: Ints,
    of_dataset: Callable[[Floats], Floats],
    of_sums: Callable[[Floats], Floats],
    *,
    resamples: int,
    seed: int,
) -> tuple[Floats, Floats, Floats, str]:
    """A statistic with the ends of its 95 % interval, and why there is none.

    Parameters
    ----------
    parts, offsets, of_dataset
        As of `summed`.
    of_sums : callable
        Makes (n, ...) values of (n, ...) sums over datasets.
    resamples, seed : int

    Returns
    -------
    point, low, high : (...) arrays
        The ends are NaN where `note` says why.
    note : str
    """
    sizes = np.diff(offsets)
    point = of_sums(summed(parts, offsets, once(sizes), of_dataset))[0]
    note = why_no_interval(len(sizes), resamples)
    if note:
        return point, np.full_like(point, np.nan), np.full_like(point, np.nan), note
    low, high = ends(of_sums(summed(parts, offsets, copies_of(sizes, resamples, seed), of_dataset)))
    return point, low, high, note
