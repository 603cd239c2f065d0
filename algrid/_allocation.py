"""Sharing a number of rows out among classes, by largest remainders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["apportion"]


def apportion(
    sizes: NDArray[np.intp], total: int, lower: NDArray[np.intp], upper: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Whole numbers in proportion to `sizes` that sum to `total`, each within its bounds.

    Every class gets the whole part of its quota; what is left goes to those furthest below their
    quota, and what a lower bound took too much comes from those furthest above it. Ties go to the
    earlier class. The arithmetic is exact.

    Parameters
    ----------
    sizes : (n_classes,) int array
        Rows of each class.
    total : int
        From ``lower.sum()`` to ``upper.sum()``; it is clipped to that range.
    lower, upper : (n_classes,) int arrays
        Bounds, lower <= upper.
    """
    whole = int(sizes.sum())
    total = int(np.clip(total, lower.sum(), upper.sum()))
    given = np.clip(sizes * total // whole, lower, upper)
    shortfall = sizes * total - given * whole  # (quota - given) * whole
    while given.sum() < total:
        best = int(np.argmax(np.where(given < upper, shortfall, np.iinfo(np.intp).min)))
        given[best] += 1
        shortfall[best] -= whole
    while given.sum() > total:
        best = int(np.argmin(np.where(given > lower, shortfall, np.iinfo(np.intp).max)))
        given[best] -= 1
        shortfall[best] += whole
    return given
