"""The query learner, fitted again on other labelled sets."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from algrid.errors import StrategyError
from algrid.learners.base import Fitted
from algrid.strategies.base import QueryState

__all__ = ["PoolRefit", "accuracy", "draw_candidates", "known_labels", "random_batch", "refit"]


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


class PoolRefit:
    """A clone with the cell's seed on another labelled set, with its predictions on the pool (`PoolPredictions`).

    Parameters
    ----------
    state : QueryState
    labeled, y : (n,) int arrays
        Pool indices in the order in which they are fitted, and their class codes.
    """

    def __init__(self, state: QueryState, labeled: NDArray[np.intp], y: NDArray[np.intp]) -> None:
        self._state, self._labeled, self._y = state, labeled, y

    @cached_property
    def fitted(self) -> Fitted:
        """The fitted clone, made on first use."""
        state = self._state
        return state.learner.fit(state.X[self._labeled], self._y, state.n_classes, state.learner_seed)

    @cached_property
    def _predicted(self) -> NDArray[np.intp]:
        return self.fitted.predict(self._state.X)

    @cached_property
    def _proba(self) -> NDArray[np.float64]:
        return self.fitted.predict_proba(self._state.X)

    def predict(self) -> NDArray[np.intp]:
        """(n_pool,) class codes."""
        return self._predicted

    def predict_proba(self) -> NDArray[np.float64]:
        """(n_pool, n_classes) probabilities."""
        return self._proba

    def decision_function(self) -> NDArray[np.float64]:
        """(n_pool,) for two seen classes, (n_pool, n_seen) for more."""
        return self.fitted.decision_function(self._state.X)

    def embed(self) -> NDArray[np.float64]:
        """(n_pool, n) the clone's own embedding of the rows."""
        return self.fitted.embed(self._state.X)


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
