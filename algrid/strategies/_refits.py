"""The query learner, fitted again on the labelled set and some rows more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algrid.errors import StrategyError
from algrid.learners.base import Fitted
from algrid.strategies.base import QueryState

__all__ = ["accuracy", "draw_candidates", "known_labels", "random_batch", "refit"]


def refit(state: QueryState, rows: NDArray[np.intp], labels: NDArray[np.intp]) -> Fitted:
    """A clone with the cell's seed, fitted on the labelled set and, behind it, these rows with these labels.

    Parameters
    ----------
    state : QueryState
    rows : (n,) int array
        Pool indices.
    labels : (n,) int array
        Their class codes, supposed or true.
    """
    chosen = np.concatenate([state.labeled, rows])
    y = np.concatenate([state.y_labeled, labels])
    return state.learner.fit(state.X[chosen], y, state.n_classes, state.learner_seed)


def draw_candidates(state: QueryState, rng: np.random.Generator, size: int) -> NDArray[np.intp]:
    """(at most size) pool indices of random candidates, ascending; never fewer than a batch."""
    size = max(size, state.batch_size)
    if size >= len(state.unlabeled):
        return state.unlabeled
    return np.sort(rng.choice(state.unlabeled, size, replace=False))


def known_labels(state: QueryState, strategy: str) -> NDArray[np.intp]:
    """(n_pool,) true labels of the state.

    Raises
    ------
    StrategyError
        If the state has none.
    """
    if state.true_labels is None:
        raise StrategyError(f"{strategy} needs true labels, and this state has none.")
    return state.true_labels


def random_batch(candidates: NDArray[np.intp], size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """(size,) of `candidates`, ascending."""
    return np.sort(rng.choice(candidates, size, replace=False))


def accuracy(state: QueryState, fitted: Fitted, truth: NDArray[np.intp]) -> float:
    """Share of the whole pool that is predicted right."""
    return float(np.mean(fitted.predict(state.X) == truth))
