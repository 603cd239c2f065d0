"""Runs a plan on Dask: slices out, Arrow tables back, one writer. The only importer of dask."""

from __future__ import annotations

import atexit
import contextlib
import logging
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import dask
import numpy as np
from distributed import Client, Future, LocalCluster, as_completed
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker
from numpy.typing import NDArray

from algrid.errors import AlgridError
from algrid.history import History
from algrid.ledger import Ledger
from algrid.plan import Plan
from algrid.schema import FAILED, RUNS
from algrid.slices import Outcome, Slice
from algrid.supervisor import ONE_THREAD, Supervisor

__all__ = ["Cluster", "Listener", "Sink", "execute"]

_WINDOW = 3  # slices in flight for each worker: the next one is there when one is done
_CONNECT_SECONDS = 20.0
_LOSSES = 2  # of the worker, after which a slice of one run is given up
_CONFIG = {
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.allowed-failures": 0,
    "distributed.nanny.pre-spawn-environ": {
        **ONE_THREAD,
        "MALLOC_TRIM_THRESHOLD_": 65536,
        "DASK_LOGGING__DISTRIBUTED": "error",
    },
    "distributed.comm.timeouts.connect": "60s",
}


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

    def begin(self, runs: int, cells: int, seconds: float, dashboard: str) -> None:
        """So many runs, in so many cells, are predicted to take so many CPU seconds."""

    def ended(self, runs: int, failures: int, cells: int, seconds: float) -> None:
        """So many more runs ended, and cells were finished; they were predicted to take so many CPU seconds."""


@dataclass(frozen=True)
class Cluster:
    """Where workers are: a scheduler's address, or a number of local ones.

    Parameters
    ----------
    workers : int
        Local worker processes.
    scheduler : str or None
        Address of a running scheduler (``tcp://host:port``) instead of local workers.
    """

    workers: int
    scheduler: str | None = None

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        """A client of the cluster; a local one is made, and ends with it."""
        for name in ("distributed.nanny", "distributed.scheduler"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # lost and busy workers are dealt with here
        with dask.config.set(_CONFIG), contextlib.ExitStack() as stack:
            if self.scheduler is not None:
                yield stack.enter_context(_connect(self.scheduler))
                return
            yield stack.enter_context(Client(stack.enter_context(_local_cluster(self.workers))))


def _local_cluster(workers: int) -> LocalCluster:
    with warnings.catch_warnings(), _interrupts_ignored():
        warnings.filterwarnings("ignore", "Port .* is already in use")  # the dashboard then takes another
        try:
            return LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=None,  # the limit is the child's (algrid.supervisor)
                dashboard_address=_free_address(),
            )
        except RuntimeError as error:
            raise AlgridError(
                f"worker processes can't be started ({error}) A script that runs a grid needs "
                "`if __name__ == '__main__':` before the call, because each worker imports the script."
            ) from error


def _free_address() -> str:
    """Dask's usual address of the dashboard, or any other port where somebody has that one."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", 8787))
        except OSError:
            return "127.0.0.1:0"
    return "127.0.0.1:8787"


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes started meanwhile ignore Ctrl-C, which all of a terminal get: it is the driver's business."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _connect(scheduler: str) -> Client:
    try:
        return Client(scheduler, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise AlgridError(
            f"no Dask scheduler answers at {scheduler!r} ({error}). Start one with `dask scheduler` and workers with "
            "`dask worker ADDRESS --nthreads 1`, or leave --scheduler out for workers on this machine."
        ) from error


def execute(
    plan: Plan,
    pending: NDArray[np.bool_],
    skylines: NDArray[np.bool_],
    sink: Sink,
    *,
    cluster: Cluster,
    listener: Listener,
    histories: Callable[[list[str]], Mapping[str, History]],
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

    Raises
    ------
    KeyboardInterrupt
        As it came, after all that had ended was handed to the sink and made durable.
    AlgridError
        If the cluster can't be reached, or a worker can't do what it is asked (a module is not there).
    """
    with cluster.client() as client:
        workers = max(1, sum(client.nthreads().values()))
        seconds = float(plan.seconds[pending].sum(dtype=np.float64))
        work = pending.sum(axis=1) + skylines  # rows that each cell owes
        listener.begin(int(pending.sum()), int(np.count_nonzero(work)), seconds, client.dashboard_link)
        owed = {plan.cells[i].digest: int(work[i]) for i in np.flatnonzero(work)}
        flight = _Flight(client, sink, listener, owed)
        try:
            for task in plan.slices(pending, skylines, workers, histories):
                flight.submit(task)
                while flight.size >= workers * _WINDOW:
                    flight.land()
            while flight.size:
                flight.land()
        finally:
            flight.collect()
            sink.flush()


class _Flight:
    """Slices that workers have, and what is done when one comes back."""

    def __init__(self, client: Client, sink: Sink, listener: Listener, owed: dict[int, int]) -> None:
        self._client, self._sink, self._listener = client, sink, listener
        self._tasks: dict[Future, Slice] = {}
        self._landing = as_completed(loop=client.loop)
        self._owed = owed  # rows of each cell, by its digest

    @property
    def size(self) -> int:
        return len(self._tasks)

    def submit(self, task: Slice) -> None:
        future = self._client.submit(_compute, task, pure=False)
        self._tasks[future] = task
        self._landing.add(future)

    def land(self) -> None:
        """Wait for a slice, keep what ended, and send the rest of it off again."""
        future = next(self._landing)
        task = self._tasks.pop(future)
        try:
            outcome = future.result()
        except KilledWorker:
            outcome = _after_loss(task)
        except ImportError as error:
            raise AlgridError(
                f"a worker can't import what the grid needs: {error}. Install it where the workers run, or start "
                "algrid in the folder that holds it."
            ) from error
        for part in outcome.rest:
            self.submit(part)
        self._keep(task, outcome)

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
        for future, task in self._tasks.items():
            if future.status == "finished":
                with contextlib.suppress(OSError, CommClosedError, TimeoutError):
                    self._keep(task, future.result(timeout=5))
        self._client.cancel(list(self._tasks))
        self._tasks.clear()


def _after_loss(task: Slice) -> Outcome:
    """What to do with a slice whose worker was lost: try its halves, and give a single run up in the end.

    A crash of a run kills the worker's child, not the worker; so a loss is mostly nobody's fault.
    """
    if task.losses >= _LOSSES and len(task.variants) <= 1:
        ledger = Ledger(task)
        ledger.give_up("crashed", f"its worker was lost {task.losses + 1} times")
        return ledger.outcome()
    task = replace(task, losses=task.losses + 1)
    half = len(task.variants) // 2
    parts = [range(half), range(half, len(task.variants))] if half else [range(len(task.variants))]
    return Outcome(rest=tuple(task.only(part, skyline=task.skyline and i == 0) for i, part in enumerate(parts)))


_local = threading.local()


def _compute(task: Slice) -> Outcome:
    """On a worker: run a slice in the worker's own child process."""
    if not hasattr(_local, "supervisor"):
        _local.supervisor = Supervisor()
        atexit.register(_local.supervisor.close)
    outcome: Outcome = _local.supervisor.run(task)
    return outcome
