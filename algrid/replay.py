"""Replay: the labelled sets of a stored run, fitted again. Same sets, same seed, hence the same learners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from algrid.cell import Cell
from algrid.history import History
from algrid.learners.base import Fitted
from algrid.pool import Pool, make_pool

__all__ = ["Replayed", "replay"]


@dataclass(frozen=True, eq=False)
class Replayed:
    """A point of a run, with its learner.

    Parameters
    ----------
    cycle : int
    labeled : (n_labeled,) int array
        Pool indices, in the order in which the learner was fitted.
    batch : (batch_size,) int array
        Pool indices that were queried to get here; empty at cycle 0.
    fitted : Fitted
        The learner: `predict`, `predict_proba`, `decision_function`, and the classifier as `model`.
    pool : Pool
        The cell's data: ``X``, ``y``, ``X_test``, ``y_test`` and more.
    """

    cycle: int
    labeled: NDArray[np.intp]
    batch: NDArray[np.intp]
    fitted: Fitted
    pool: Pool

    @cached_property
    def predictions(self) -> NDArray[np.intp]:
        """(n_test,) predicted class codes on the test part."""
        return self.fitted.predict(self.pool.X_test)

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """(n_test, n_classes) predicted probabilities on the test part."""
        return self.fitted.predict_proba(self.pool.X_test)


def replay(cell: Cell, history: History) -> Iterator[Replayed]:
    """Fit the labelled set of every point of a run again.

    Parameters
    ----------
    cell : Cell
        The run's cell.
    history : History
        Its points.

    Yields
    ------
    Replayed
        One a point, in order; each is fitted when it is asked for.
    """
    pool = make_pool(cell, cell.dataset.load())
    seed = cell.streams.learner_seed()
    is_labeled = np.zeros(pool.n_pool, dtype=np.bool_)
    is_labeled[pool.start] = True
    for cycle, point in enumerate(history.points):
        is_labeled[point.batch] = True
        labeled = pool.fit_order[is_labeled[pool.fit_order]]
        fitted = cell.learner.fit(pool.X[labeled], pool.labels[labeled], pool.n_classes, seed)
        yield Replayed(cycle, labeled, point.batch, fitted, pool)
