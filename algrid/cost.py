"""What a run will cost, from the learners' priors: for slices of about a minute, the order, and the ETA.

A prior is a rough guess (within a factor of a few); it decides when something is computed, never what.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from algrid.cell import Variant
from algrid.learners.base import Learner

__all__ = ["run_seconds"]

_QUERY = 3e-4  # seconds that any query costs beside its fits and predictions


def run_seconds(
    learner: Learner,
    variants: Sequence[Variant],
    targets: NDArray[np.int64],
    *,
    n_start: int,
    n_pool: int,
    n_test: int,
    n_features: int,
) -> NDArray[np.float64]:
    """Predicted CPU seconds of each run, were it alone.

    Parameters
    ----------
    learner : Learner
        The learner that is scored.
    variants : sequence of Variant
    targets : (n_variants,) int array
        Labels to buy.
    n_start, n_pool, n_test, n_features : int
        Sizes of the cell's data.
    """
    sizes = np.array([v.batch_size for v in variants])
    queries = np.ceil(targets / sizes)
    mean_labeled = n_start + targets / 2
    score = _fit(learner, mean_labeled, n_features) + (n_pool + n_test) * _row(learner)
    queried = [v.query_learner or learner for v in variants]
    # models that a query fits: the query learner, where it is another one, and those of the strategy itself
    looked = np.array([bool(v.strategy.needs) for v in variants])
    fitted = np.array([v.query_learner is not None for v in variants]) & looked
    own = np.array([v.strategy.fits_per_query(v.batch_size) for v in variants])
    fit = np.array([_fit(q, n, n_features) for q, n in zip(queried, mean_labeled, strict=True)])
    look = np.array([_row(q) * n_pool for q in queried])
    query = _QUERY + (fitted + own) * fit + (looked + own) * look
    return np.asarray((queries + 1) * score + queries * query, dtype=np.float64)


def _fit(learner: Learner, n_labeled: NDArray[np.float64] | float, n_features: int) -> NDArray[np.float64] | float:
    return (learner.cost[0] + learner.cost[1] * n_labeled * n_features) * learner.cost_factor()


def _row(learner: Learner) -> float:
    return learner.cost[2] * learner.cost_factor()
