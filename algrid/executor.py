"""Runs a plan on Dask: slices out, Arrow tables back, one writer."""

from __future__ import annotations

import atexit
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from distributed import Future, get_worker
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker
from numpy.typing import NDArray

from algrid.cluster import Cluster, Pool, SchedulerLost
from algrid.errors import AlgridError
from algrid.history import History
from algrid.ledger import Ledger
from algrid.plan import Plan
from algrid.provenance import differences, provenance
from algrid.schema import FAILED, RUNS
from algrid.slices import Outcome, Slice
from algrid.slicing import slices
from algrid.supervisor import Supervisor
from algrid.supply import Supply, lacks

__all__ = ["Cluster", "Listener", "Sink", "execute"]

_WINDOW = 3  # slices in flight for each worker: the next one is there when one is done
_GLANCE = 2.0  # seconds between looks at schedulers
_LONELY = 10.0  # seconds without a worker, after which the user is told
_LOSSES = 2  # of its worker, that a slice of one run survives


class Sink(Protocol):
    """Where ended runs go (the store's writer)."""

    def append(self, table: str, rows: Any) -> None:
        """Take rows of a table."""

    def provenance(self, facts: Mapping[str, Any]) -> str:
        """Take a provenance, and give its key."""

    def flush(self) -> None:
        """Make all that was taken durable."""


class Listener(Protocol):
    """Who is told how far it is (a progress bar)."""

    def begin(self, runs: int, cells: int, seconds: float, spread: float, dashboard: str) -> None:
        """So many runs, in so many cells, are predicted to take so many CPU seconds.

        `spread` is the standard deviation of the logarithm of the seconds, without what is uncertain about all of them
        alike.
        """

    def ended(self, runs: int, failures: int, cells: int, seconds: float) -> None:
        """So many more runs ended, and cells were finished; they were predicted to take so many CPU seconds."""

    def note(self, text: str) -> None:
        """Something that the user should know now."""


def execute(
    plan: Plan,
    pending: NDArray[np.bool_],
    skylines: NDArray[np.bool_],
    sink: Sink,
    *,
    cluster: Cluster,
    listener: Listener,
    histories: Callable[[list[str]], Mapping[str, History]],
    seconds: float | None = None,
) -> None:
    """Make the pending runs and skylines of a plan, and hand all that ends to the sink.

    Parameters
    ----------
    plan : Plan
    pending : (n_cells, n_variants) bool array
    skylines : (n_cells,) bool array
    sink : Sink
    cluster : Cluster
    listener : Listener
    histories : callable
        Gives what is stored of some runs, by id.
    seconds : float, optional
        Time after which no more is begun: what workers have then is waited for, and what they hand back is kept. Cells
        come by chance then, so that what was done is a sample of them.

    Raises
    ------
    KeyboardInterrupt
        As it came, after all that had ended was handed to the sink and made durable.
    AlgridError
        If the cluster can't be reached, or a worker can't do what it is asked (a module is not there).
    """
    with cluster.open() as pools:
        work = pending.sum(axis=1) + skylines  # rows that each cell owes
        links = ", ".join(pool.client.dashboard_link for pool in pools.values())
        predicted = float(plan.seconds[pending].sum(dtype=np.float64))
        listener.begin(int(pending.sum()), int(np.count_nonzero(work)), predicted, plan.own_spread, links)
        owed = {plan.cells[i].digest: int(work[i]) for i in np.flatnonzero(work)}
        landed: _Landed = queue.SimpleQueue()
        supply = Supply()
        by_chance = seconds is not None
        lanes = [
            _Lane(pool, slices(plan, runs, ends, pool.expected, histories, by_chance=by_chance), landed, supply)
            for pool, runs, ends in _shares(plan, pending, skylines, pools)
        ]
        flight = _Flight(lanes, landed, sink, listener, owed=owed, here=provenance(plan.spec.plugins))
        try:
            flight.close_at(seconds)
            while flight.fill():
                flight.land()
        finally:
            flight.collect()
            sink.flush()


def _shares(
    plan: Plan, pending: NDArray[np.bool_], skylines: NDArray[np.bool_], pools: Mapping[str, Pool]
) -> Iterator[tuple[Pool, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Each pool, and the runs and skylines that it is to make: `gpu` those with a learner that wants one."""
    if len(pools) == 1:
        yield next(iter(pools.values())), pending, skylines
        return
    of_cell = np.array([cell.learner.wants_gpu for cell in plan.cells], dtype=np.bool_)
    looked_at = [v.query_learner is not None and v.query_learner.wants_gpu for v in plan.variants]
    on_gpu = of_cell[:, None] | np.array(looked_at, dtype=np.bool_)[None, :]
    for name, pool in pools.items():
        mine, my_cells = (on_gpu, of_cell) if name == "gpu" else (~on_gpu, ~of_cell)
        yield pool, pending & mine, skylines & my_cells


class _Lane:
    """A pool of workers, the slices that are for it, and those that it has."""

    def __init__(self, pool: Pool, slices: Iterator[Slice], landed: _Landed, supply: Supply) -> None:
        self.pool, self.supply = pool, supply
        self._slices, self._landed = slices, landed
        self.tasks: dict[Future, Slice] = {}
        self.lonely_since: float | None = None

    def fill(self, window: int) -> None:
        """Submit slices until the workers have so many each."""
        while len(self.tasks) < self.pool.expected * window and (task := next(self._slices, None)) is not None:
            self.submit(task)

    def submit(self, task: Slice) -> None:
        task = replace(task, mapped=self.supply.ready(task.cell))
        future = self.pool.client.submit(_compute, task, pure=False)
        self.tasks[future] = task
        future.add_done_callback(lambda future: self._landed.put((self, future)))

    def submit_again(self) -> int:
        """After the scheduler was lost: connect again, and submit all that it had; the number of slices."""
        lost = list(self.tasks.values())
        self.tasks.clear()
        self.pool.reconnect()
        for task in lost:
            self.submit(task)
        return len(lost)


_Landed = queue.SimpleQueue[tuple[_Lane, Future]]


class _Flight:
    """Slices that workers have, and what is done when one comes back."""

    def __init__(
        self,
        lanes: list[_Lane],
        landed: _Landed,
        sink: Sink,
        listener: Listener,
        *,
        owed: dict[int, int],
        here: Mapping[str, Any],
    ) -> None:
        self._lanes, self._landed, self._sink, self._listener = lanes, landed, sink, listener
        self._owed = owed  # rows of each cell, by its digest
        self._here = here
        self._notes: set[str] = set()
        self._looked = time.monotonic()
        self._closes: float | None = None

    def close_at(self, seconds: float | None) -> None:
        """Begin nothing more after so many seconds from now, and have no slice wait for a worker until then."""
        self._closes = None if seconds is None else time.monotonic() + seconds

    @property
    def _is_closed(self) -> bool:
        return self._closes is not None and time.monotonic() > self._closes

    def fill(self) -> bool:
        """Give the workers more; False where nothing is left that could come back."""
        if not self._is_closed:
            for lane in self._lanes:
                lane.fill(_WINDOW if self._closes is None else 1)
        return any(lane.tasks for lane in self._lanes)

    def land(self) -> None:
        """Wait a while for a slice, keep what ended of it, and send the rest of it off again."""
        if time.monotonic() - self._looked > _GLANCE:
            self._glance()
        try:
            lane, future = self._landed.get(timeout=_GLANCE)
        except queue.Empty:
            return
        if (task := lane.tasks.get(future)) is None:
            return  # of a scheduler that was lost
        try:
            outcome = _outcome(future, task)
        except SchedulerLost:
            self._send_again(lane)
            return
        del lane.tasks[future]
        if outcome.lacks:
            self._supply(lane, outcome.lacks, task)
        self._compare(outcome.provenance)
        for part in () if self._is_closed else outcome.rest:
            lane.submit(part)
        self._keep(task, outcome)

    def _supply(self, lane: _Lane, worker: str, task: Slice) -> None:
        """Send a slice's data to a machine that lacks them."""
        with contextlib.suppress(*_AWAY):  # a worker that is gone by now needs none
            lane.supply.send(lane.pool.client, worker, task.cell)

    def _glance(self) -> None:
        """See whether schedulers and workers are there."""
        self._looked = time.monotonic()
        for lane in self._lanes:
            try:
                threads = lane.pool.threads()
            except SchedulerLost:
                self._send_again(lane)
                continue
            lane.pool.expect(threads)
            if threads < lane.pool.expected:
                lane.pool.renew()
            if threads or not lane.tasks:
                lane.lonely_since = None
            elif lane.lonely_since is None:
                lane.lonely_since = self._looked
            elif self._looked - lane.lonely_since > _LONELY:
                self._note(f"no worker is connected to the scheduler at {lane.pool.where}; waiting for one")

    def _send_again(self, lane: _Lane) -> None:
        n = lane.submit_again()
        self._listener.note(f"the scheduler at {lane.pool.where} was lost and is back; {n} slices are sent again")

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.add(text)
            self._listener.note(text)

    def _compare(self, there: Mapping[str, Any]) -> None:
        """Say how a worker's code and packages differ from those here; another algrid is refused."""
        if not there or there == self._here:
            return
        if there["algrid"] != self._here["algrid"]:
            raise AlgridError(
                f"a worker has algrid {there['algrid']}, and here is {self._here['algrid']}: their results are not the "
                "same experiment. Install one version in both places; what had ended is stored."
            )
        for line in differences(there, self._here, "a worker has"):
            self._note(line)

    def _keep(self, task: Slice, outcome: Outcome) -> None:
        if outcome.provenance:
            self._sink.provenance(outcome.provenance)
        for name, rows in outcome.tables.items():
            self._sink.append(name, rows)
        done = sum(rows.num_rows for rows in outcome.tables.values())
        self._owed[task.cell.digest] -= done
        finished = done > 0 and self._owed[task.cell.digest] == 0
        ended = outcome.tables.get(RUNS.name)
        reasons = ended.column("stop_reason").to_pylist() if ended is not None else []
        failures = sum(reason in FAILED for reason in reasons)
        cost = task.cost - sum(part.cost for part in outcome.rest)
        self._listener.ended(len(reasons), failures, int(finished), cost)

    def collect(self) -> None:
        """Keep what workers have already finished; forget the rest (the next run plans it again)."""
        for lane in self._lanes:
            for future, task in lane.tasks.items():
                if future.status == "finished":
                    with contextlib.suppress(*_AWAY):
                        self._keep(task, future.result(timeout=5))
            if lane.tasks:
                with contextlib.suppress(*_AWAY):
                    lane.pool.client.cancel(list(lane.tasks))
            lane.tasks.clear()


_AWAY = (FutureCancelledError, CommClosedError, TimeoutError, OSError)  # what a scheduler that is gone leads to


def _outcome(future: Future, task: Slice) -> Outcome:
    """What a worker made of a slice.

    Raises
    ------
    SchedulerLost
        If it can't be had, because the scheduler is gone.
    AlgridError
        If the worker can't do what it is asked.
    """
    try:
        found: Outcome = future.result()
    except KilledWorker:
        return _after_loss(task)
    except (FutureCancelledError, CommClosedError) as error:
        raise SchedulerLost from error
    except ImportError as error:
        raise AlgridError(
            f"a worker can't import what the grid needs: {error}. Install it where the workers run, or start "
            "algrid in the folder that holds it."
        ) from error
    except (AttributeError, TypeError) as error:
        raise AlgridError(
            f"a worker can't read what it was sent ({type(error).__name__}: {error}). Install the algrid that is here "
            "where the workers run too."
        ) from error
    return found


def _after_loss(task: Slice) -> Outcome:
    """What to do with a slice whose worker was lost: try its parts, and give a run or a skyline up in the end.

    A crash of a run kills the worker's child, not the worker; so a loss is mostly nobody's fault, and only those
    count that a run has alone.
    """
    runs = range(len(task.variants))
    half = len(runs) // 2
    if half or (runs and task.skyline):  # of one run, the skyline is the first part
        first, second = task.only(runs[:half], skyline=task.skyline), task.only(runs[half:], skyline=False)
        return Outcome(rest=(first, second))
    if task.losses < _LOSSES:
        return Outcome(rest=(replace(task, losses=task.losses + 1),))
    ledger = Ledger(task)
    ledger.give_up("crashed", f"its worker was lost {task.losses + 1} times while it had nothing else to do")
    return ledger.outcome()


_local = threading.local()


def _compute(task: Slice) -> Outcome:
    """On a worker: run a slice in the worker's own child process, if the data are there."""
    if task.mapped and lacks(task.cell):
        return Outcome(rest=(task,), lacks=get_worker().address)
    if not hasattr(_local, "supervisor"):
        _local.supervisor = Supervisor()
        atexit.register(_local.supervisor.close)
    outcome: Outcome = _local.supervisor.run(task)
    return outcome
