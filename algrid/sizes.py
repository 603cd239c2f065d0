"""What stored runs will take on disk, about: measured on stores, good to a factor of two."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from algrid.history import DENSE_CLASSES

__all__ = ["run_bytes"]

#: Bytes of a run whatever it does (its labels and ids), and of a point: six times, and whether its fit was shared.
_RUN, _POINT = 20.0, 26.0
#: Bytes of a count of a confusion matrix, and of one that is stored with its place. Counts that stay the same from
#: point to point take little: 0.3 were measured on small tables of two and three classes, 0.7 on synthetic curves.
_COUNT, _PLACED = 0.5, 4.0


def run_bytes(points: ArrayLike, bought: ArrayLike, n_pool: ArrayLike, n_classes: ArrayLike) -> NDArray[Any]:
    """Bytes of runs in a merged store; arrays are broadcast against each other.

    Parameters
    ----------
    points, bought : int arrays
        Points of the run, and labels that it buys.
    n_pool, n_classes : int arrays
        Rows of the pool, and classes.
    """
    n_points, labels, rows, k = (np.asarray(part, np.float64) for part in (points, bought, n_pool, n_classes))
    # a matrix on the test part and one on the pool; a sparse one has at most a count for each row
    matrices = np.where(k <= DENSE_CLASSES, 2 * k * k * _COUNT, np.minimum(2 * k * k, 1.7 * rows) * _PLACED)
    order = np.log2(np.maximum(rows, 2)) / 8  # random positions in the pool can't be compressed
    return np.asarray(_RUN + n_points * (_POINT + matrices) + labels * order)
