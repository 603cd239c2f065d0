"""The active-learning loop: all runs of a cell, advanced together by number of labels.

Runs of a cell meet where they have the same labelled set (always at the start, often at the end, and
wherever strategies agree). At each number of labels the distinct sets are fitted once, and each run is
scored, asked for its next batch and moved on. What comes out of it is exactly what each run gives alone.
"""

from __future__ import annotations

import pdb
import sys
import traceback
import warnings
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from algrid.cell import Cell, Variant
from algrid.errors import StrategyError
from algrid.history import History, Point, confusion
from algrid.learners.base import Learner
from algrid.metrics.base import ProbabilityMetric
from algrid.models import Meter, Model, ModelView
from algrid.pool import Pool
from algrid.strategies.base import QueryState

__all__ = ["Debugger", "Journal", "run_cell", "skyline"]


_NOBODY = np.empty(0, np.intp)


class Journal(Protocol):
    """Who is told what the loop is doing: the parent process that may have to kill it."""

    def phase(self, phase: str, runs: Sequence[int]) -> None:
        """``fit``, ``predict`` or ``query`` begins, for these runs (positions in the list of variants)."""

    def point(self, run: int, point: Point) -> None:
        """A run reached a point."""

    def ended(self, run: int, history: History) -> None:
        """A run ended."""


class _Silent:
    def phase(self, phase: str, runs: Sequence[int]) -> None: ...

    def point(self, run: int, point: Point) -> None: ...

    def ended(self, run: int, history: History) -> None: ...


class Debugger(_Silent):
    """A journal that opens the debugger where a run fails, in the frame that raised."""

    def ended(self, run: int, history: History) -> None:  # noqa: ARG002
        """Look at the exception that is being handled, if there is one."""
        error = sys.exception()
        if error is not None:
            pdb.post_mortem(error.__traceback__)


@dataclass
class Step:
    """A run on its way: where it is and where it goes.

    Parameters
    ----------
    run : int
        Its position in the list of variants.
    history : History
    target : int
        Labels to buy; the run ends at the first point that has as many.
    is_labeled : (n_pool,) bool array
    batch : (n,) int array
        What the last query asked for.
    n_labeled : int
        Number of labels.
    variant : Variant, optional
        How it queries; None for a skyline, which has nothing to query.
    query_cost : (float, float)
        Wall and CPU seconds of the last query.
    """

    run: int
    history: History
    target: int
    is_labeled: NDArray[np.bool_]
    batch: NDArray[np.intp]
    n_labeled: int
    variant: Variant | None = None
    query_cost: tuple[float, float] = (0.0, 0.0)


def run_cell(
    cell: Cell,
    pool: Pool,
    variants: Sequence[Variant],
    targets: Sequence[int],
    *,
    histories: Sequence[History] | None = None,
    metrics: Sequence[ProbabilityMetric] = (),
    journal: Journal | None = None,
) -> list[History]:
    """Run variants of a cell, new or from where their histories end, each to its target.

    Parameters
    ----------
    cell : Cell
    pool : Pool
        Its data.
    variants : sequence of Variant
        The runs.
    targets : sequence of int
        For each run, how many labels to buy (batches are never cut to it, only by an empty pool).
    histories : sequence of History, optional
        What is known of each run already; they are continued in place.
    metrics : sequence of ProbabilityMetric
        Recorded at every point on the test part.
    journal : Journal, optional
        Told of every phase, point and end.

    Returns
    -------
    list of History
        One a run, ended. A strategy or learner that raises, or breaks its contract, ends its runs
        with the reason ``error``; it never raises here.
    """
    loop = _Loop(cell, pool, metrics, journal or _Silent())
    histories = list(histories) if histories is not None else [History() for _ in variants]
    waiting: dict[int, list[Step]] = {}
    for run, (variant, target, history) in enumerate(zip(variants, targets, histories, strict=True)):
        step = loop.begin(run, variant, target, history)
        waiting.setdefault(step.n_labeled, []).append(step)
    with _quiet():
        while waiting:
            for step in loop.advance(waiting.pop(min(waiting))):
                waiting.setdefault(step.n_labeled, []).append(step)
    return histories


class _Loop:
    def __init__(self, cell: Cell, pool: Pool, metrics: Sequence[ProbabilityMetric], journal: Journal) -> None:
        self.cell, self.pool, self.metrics, self.journal = cell, pool, metrics, journal
        self.streams = cell.streams
        self.seed = self.streams.learner_seed()
        self.y_pool_scaled = pool.y * pool.n_classes
        self.y_test_scaled = pool.y_test * pool.n_classes

    def begin(self, run: int, variant: Variant, target: int, history: History) -> Step:
        is_labeled = np.zeros(self.pool.n_pool, dtype=np.bool_)
        is_labeled[self.pool.start] = True
        is_labeled[history.queried] = True
        return Step(run, history, target, is_labeled, _NOBODY, int(np.count_nonzero(is_labeled)), variant)

    def advance(self, steps: list[Step]) -> list[Step]:
        """Fit, score and query all runs that have the same number of labels; returns those that go on."""
        groups: dict[bytes, list[Step]] = {}
        for step in steps:
            groups.setdefault(step.is_labeled.tobytes(), []).append(step)
        together = self.cell.learner.batch
        sets = list(groups.values())
        return [s for i in range(0, len(sets), together) for s in self._advance_sets(sets[i : i + together])]

    def _advance_sets(self, sets: list[list[Step]]) -> list[Step]:
        learner, pool = self.cell.learner, self.pool
        labeled = [pool.fit_order[group[0].is_labeled[pool.fit_order]] for group in sets]
        self.journal.phase("fit", [step.run for group in sets for step in group])
        try:
            fits = learner.fit_many(pool.X, labeled, [pool.labels[i] for i in labeled], pool.n_classes, self.seed)
        except Exception as error:
            for step in (step for group in sets for step in group):
                self._fail(step, error, f"learner {learner.label} failed to fit {step.n_labeled} labels")
            return []
        going_on = []
        for group, indices, fitted in zip(sets, labeled, fits, strict=True):
            model = Model(learner, pool, indices, self.seed)
            model.put(fitted)
            going_on += self._advance_group(group, indices, model)
        return going_on

    def _advance_group(self, group: list[Step], labeled: NDArray[np.intp], model: Model) -> list[Step]:
        query_models: dict[Learner | None, Model] = {None: model}
        runs = [step.run for step in group]
        going_on = []
        for step in group:
            self.journal.phase("predict", runs)
            paid: set[Hashable] = set()
            if not (self._score(step, model, paid, shared=len(group) > 1) and self._goes_on(step)):
                continue
            other = step.variant.query_learner if step.variant else None
            if other is not None and other not in query_models:
                query_models[other] = Model(other, self.pool, labeled, self.seed)
            if self._query(step, labeled, query_models[other], paid):
                going_on.append(step)
        return going_on

    def _score(self, step: Step, model: Model, paid: set[Hashable], *, shared: bool) -> bool:
        points = step.history.points
        if points and points[-1].n_labeled == step.n_labeled:
            return True  # a continued run: this point is known
        pool, k = self.pool, self.pool.n_classes
        try:
            fit_meter, meter = Meter(paid), Meter(paid)
            model.fitted(fit_meter)
            test, whole = model.predict("test", meter), model.predict("pool", meter)
            predict = meter.price
            proba = model.predict_proba("test", meter) if self.metrics else None
            point = Point(
                batch=step.batch,
                n_labeled=step.n_labeled,
                test=confusion(self.y_test_scaled, test, k),
                pool=confusion(self.y_pool_scaled, whole, k),
                probability={}
                if proba is None
                else {m.name: m.of_probabilities(pool.y_test, proba) for m in self.metrics},
                query=step.query_cost,
                fit=fit_meter.price,
                predict=predict,
                fit_shared=shared,
            )
        except Exception as error:
            self._fail(step, error, f"learner {model.learner.label} failed to predict with {step.n_labeled} labels")
            return False
        points.append(point)
        self.journal.point(step.run, point)
        return True

    def _goes_on(self, step: Step) -> bool:
        if step.n_labeled == self.pool.n_pool:
            step.history.stop("pool_empty")
        elif step.n_labeled - len(self.pool.start) >= step.target:
            step.history.stop("budget")
        else:
            return True
        self.journal.ended(step.run, step.history)
        return False

    def _query(self, step: Step, labeled: NDArray[np.intp], model: Model, paid: set[Hashable]) -> bool:
        assert step.variant is not None  # only skylines have none, and they end where they begin
        self.journal.phase("query", [step.run])
        strategy, pool = step.variant.strategy, self.pool
        meter = Meter(paid)
        unlabeled = np.flatnonzero(~step.is_labeled)
        n_labeled = step.n_labeled
        state = QueryState(
            X=pool.X,
            labeled=_frozen(labeled),
            y_labeled=_frozen(pool.labels[labeled]),
            unlabeled=_frozen(unlabeled),
            n_classes=pool.n_classes,
            batch_size=min(step.variant.batch_size, len(unlabeled)),
            learner=model.learner,
            learner_seed=self.seed,
            model=ModelView(model, meter),
            ties=pool.ties,
            random_order=pool.random_order,
            _rng=lambda: self.streams.strategy_rng(strategy.name, strategy.identity()["parameters"], n_labeled),
            _shared=pool.shared,
            true_labels=pool.y if "true_labels" in strategy.needs else None,
        )
        try:
            batch = strategy.query(state)
            step.query_cost = meter.read()
            step.is_labeled = _labeled_with(step.is_labeled, batch, state.batch_size, strategy.label)
        except Exception as error:
            self._fail(step, error, f"strategy {strategy.label} failed at {n_labeled} labels")
            return False
        step.batch = np.asarray(batch, dtype=np.intp)
        step.n_labeled += len(step.batch)
        return True

    def _fail(self, step: Step, error: Exception, what: str) -> None:
        cause = f"{what}: {type(error).__name__}: {error}"
        step.history.stop("error", cause, "".join(traceback.format_exception(error)))
        self.journal.ended(step.run, step.history)


def _labeled_with(
    is_labeled: NDArray[np.bool_], batch: NDArray[np.intp], size: int, strategy: str
) -> NDArray[np.bool_]:
    """The labelled set with a batch, which has to be what a strategy owes: `size` distinct unlabelled pool indices."""
    if not isinstance(batch, np.ndarray) or batch.ndim != 1 or not np.issubdtype(batch.dtype, np.integer):
        shown = f"{batch.dtype} array of shape {batch.shape}" if isinstance(batch, np.ndarray) else repr(batch)[:80]
        raise StrategyError(f"{strategy} returned {shown}; a one-dimensional array of pool indices is needed.")
    if len(batch) != size:
        raise StrategyError(f"{strategy} returned {len(batch)} pool indices; it was asked for {size}.")
    if batch.min() < 0 or batch.max() >= len(is_labeled):
        wrong = batch[(batch < 0) | (batch >= len(is_labeled))][0]
        raise StrategyError(f"{strategy} returned the pool index {wrong}; the pool has {len(is_labeled)} rows.")
    if is_labeled[batch].any():
        raise StrategyError(
            f"{strategy} asked for pool index {batch[is_labeled[batch]][0]}, which is labelled already."
        )
    after = is_labeled.copy()
    after[batch] = True
    if np.count_nonzero(after) != np.count_nonzero(is_labeled) + size:
        raise StrategyError(
            f"{strategy} asked for the same pool index twice in a batch: {np.sort(batch).tolist()[:20]}."
        )
    return after


def skyline(cell: Cell, pool: Pool, metrics: Sequence[ProbabilityMetric] = ()) -> History:
    """What the cell's learner reaches on the whole pool with clean labels: a history of one point, or an error."""
    loop = _Loop(cell, replace(pool, labels=pool.y), metrics, _Silent())
    step = Step(0, History(), 0, np.ones(pool.n_pool, dtype=np.bool_), _NOBODY, pool.n_pool)
    with _quiet():
        loop.advance([step])
    return step.history


@contextmanager
def _quiet() -> Iterator[None]:
    """What libraries warn of (a class with one row, no convergence) is every early cycle's normal state.

    That features are finite was made sure of when they were prepared: scikit-learn need not look at every call.
    """
    import sklearn

    with warnings.catch_warnings(), sklearn.config_context(assume_finite=True):
        warnings.simplefilter("ignore")
        yield


def _frozen(array: NDArray[np.intp]) -> NDArray[np.intp]:
    array.setflags(write=False)
    return array
