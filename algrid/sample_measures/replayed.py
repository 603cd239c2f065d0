"""What learners along stored runs think of a row: how often wrong, how restless, how unsure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from algrid.replay import Replayed

__all__ = ["of_replays"]

Floats = NDArray[np.float64]


def of_replays(runs: Iterable[Iterable[Replayed]], n_pool: int) -> dict[str, Floats]:
    """Measures of the pool's rows over all points of some runs, as long as the rows were unlabelled.

    A learner is right about what it was fitted on for no reason that lies in the row; so points at which a row was
    labelled don't count for it.

    Parameters
    ----------
    runs : iterable of iterables of Replayed
        The points of each run in order; all of one pool.
    n_pool : int

    Returns
    -------
    dict of (n_pool,) arrays
        ``misclassified``: share of the points at which the row is predicted to be of another class than its own;
        ``switching``: share of the steps from a point to the next at which its predicted class changes;
        ``uncertainty``: mean of 1 less the highest class probability, over runs whose learner has probabilities.
        NaN for a row without any such point.
    """
    sums, counts = np.zeros((2, 3, n_pool))
    for run in runs:
        before: NDArray[np.intp] | None = None
        for point in run:
            free = np.ones(n_pool, dtype=np.bool_)
            free[point.labeled] = False
            predicted = point.fitted.predict(point.pool.X)
            _add(sums[0], counts[0], predicted != point.pool.y, free)
            if before is not None:
                _add(sums[1], counts[1], predicted != before, free)
            if "predict_proba" in point.fitted.learner.provides:
                _add(sums[2], counts[2], 1.0 - point.fitted.predict_proba(point.pool.X).max(axis=1), free)
            before = predicted
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return dict(zip(("misclassified", "switching", "uncertainty"), means, strict=True))


def _add(
    total: Floats, count: Floats, values: NDArray[np.floating] | NDArray[np.bool_], where: NDArray[np.bool_]
) -> None:
    total[where] += values[where]
    count[where] += 1.0
