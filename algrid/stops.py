"""Where stopping rules would have stopped the runs of a cell: their learners fitted again, where that is needed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from algrid.cell import Cell
from algrid.history import Confusion, History
from algrid.models import Meter, Model
from algrid.pool import Pool, make_pool
from algrid.stopping.base import Point, StoppingRule
from algrid.strategies._measures import entropies
from algrid.threads import one_thread

__all__ = ["stops"]


def stops(
    cell: Cell, histories: Sequence[History], rules: Sequence[StoppingRule], budget: int | None = None
) -> NDArray[np.int64]:
    """The point at which each rule would have stopped each run of a cell.

    A rule is asked at every point. Labelled sets that several runs or rules need are fitted once; those at which the
    stored confusion matrices rule a stop out are not fitted at all.

    Parameters
    ----------
    cell : Cell
    histories : sequence of History
        The runs.
    rules : sequence of StoppingRule
        Rules that suit the cell's classes and learner (`StoppingRule.unsupported`).
    budget : int, optional
        Labels bought up to which rules are asked; by default to the end of each run.

    Returns
    -------
    (n_histories, n_rules) int array
        Positions of points; -1 where the rule does not stop the run.
    """
    with _quiet():
        refits = _Refits(cell, make_pool(cell, cell.dataset.load()), any(rule.needs_proba for rule in rules))
        found = [[_Run(refits, history, budget).first_stop(rule) for rule in rules] for history in histories]
    return np.array(found, dtype=np.int64).reshape(len(histories), len(rules))


class _Refits:
    """The cell's learner on labelled sets, each fitted once."""

    def __init__(self, cell: Cell, pool: Pool, with_proba: bool) -> None:
        self.pool, self._learner, self._seed = pool, cell.learner, cell.streams.learner_seed()
        self._with_proba = with_proba
        self._known: dict[bytes, Point] = {}

    def at(self, is_labeled: NDArray[np.bool_]) -> Point:
        """What the learner says of the pool after it was fitted on these rows."""
        key = is_labeled.tobytes()
        if key not in self._known:
            self._known[key] = self._fit(is_labeled)
        return self._known[key]

    def _fit(self, is_labeled: NDArray[np.bool_]) -> Point:
        pool = self.pool
        labeled = pool.fit_order[is_labeled[pool.fit_order]]
        model, meter = Model(self._learner, pool, labeled, self._seed), Meter(set())
        predicted = model.predict("pool", meter)
        entropy = np.full(pool.n_pool, np.nan)
        if self._with_proba:
            entropy = entropies(model.predict_proba("pool", meter))
        return Point(predicted, entropy, ~is_labeled, pool.n_classes)


class _Run:
    """One run, as a rule looks at it: bounds from its stored matrices, numbers from fits."""

    def __init__(self, refits: _Refits, history: History, budget: int | None) -> None:
        self._refits = refits
        points = history.points
        within = [p for p in points if budget is None or p.n_labeled - points[0].n_labeled <= budget]
        self._batches = [p.batch for p in within]
        self._confusions = [p.pool for p in within]

    def first_stop(self, rule: StoppingRule) -> int:
        def bound(at: int) -> float | None:
            return rule.bound(self._matrix(at - 1) if at else None, self._matrix(at))

        def measure(at: int) -> float:
            return rule.measure(self._point(at - 1) if at else None, self._point(at))

        found = rule.first_stop(len(self._batches), bound, measure)
        return -1 if found is None else found

    def _matrix(self, at: int) -> NDArray[np.int64]:
        return _dense(self._confusions[at], self._refits.pool.n_classes)

    def _point(self, at: int) -> Point:
        is_labeled = np.zeros(self._refits.pool.n_pool, dtype=np.bool_)
        is_labeled[self._refits.pool.start] = True
        for batch in self._batches[: at + 1]:
            is_labeled[batch] = True
        return self._refits.at(is_labeled)


def _dense(confusion: Confusion, k: int) -> NDArray[np.int64]:
    matrix = np.zeros(k * k, dtype=np.int64)
    matrix[slice(None) if confusion.at is None else confusion.at] = confusion.counts
    return matrix.reshape(k, k)


@contextmanager
def _quiet() -> Iterator[None]:
    """The conditions of a worker: one thread, and no word of what early cycles are like."""
    with one_thread("sklearn"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
