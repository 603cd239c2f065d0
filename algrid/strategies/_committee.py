"""A bagged committee: clones of the query learner on bootstrap resamples of the labelled set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from algrid.learners.base import Fitted
from algrid.strategies.base import QueryState

__all__ = ["bagged"]


def bagged(state: QueryState, size: int) -> Iterator[Fitted]:
    """`size` members, fitted one after another.

    Resamples and each member's seed come from the strategy's own stream. A resample may hold one class
    only: that member then votes for it.
    """
    rng = state.rng()
    n_labeled = len(state.labeled)
    for _ in range(size):
        # ascending, as the labelled set itself is fitted
        chosen = np.sort(rng.integers(n_labeled, size=n_labeled))
        seed = int(rng.integers(2**31 - 1))
        yield state.learner.fit(state.X[state.labeled[chosen]], state.y_labeled[chosen], state.n_classes, seed)
