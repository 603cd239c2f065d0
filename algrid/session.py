"""A grid and its store together: what is done, what is to do, and doing it."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from algrid.cost_learning import costs_of, learn
from algrid.errors import DatasetError, GridError, StoreError
from algrid.grid import GridSpec
from algrid.history import History
from algrid.identity import content_key, from_hex
from algrid.loop import Debugger, run_cell
from algrid.metrics import METRICS, ProbabilityMetric
from algrid.pilot import choose_pilot
from algrid.plan import Plan
from algrid.planner import make_plan
from algrid.pool import make_pool
from algrid.provenance import code, differences, provenance
from algrid.rows import pool_facts, run_rows, to_table
from algrid.schema import RUNS
from algrid.slicing import alone, continued
from algrid.store import RowQueue, Store, is_store
from algrid.stored import Stored
from algrid.supervisor import Supervisor
from algrid.threads import one_thread

if TYPE_CHECKING:
    from algrid.cluster import Cluster
    from algrid.executor import Listener

__all__ = ["Session", "Todo", "grid_of", "read_grid"]

_STAMP = "complete.json"  # says that a store holds all of a grid; derived, can be deleted
_PILOT = 0.7  # of a pilot's time, that is filled by prediction: starting takes some, and predictions are rough yet
#: Where results go, below the working directory.
RESULTS = Path("results")


def read_grid(grid: GridSpec | Mapping[str, Any] | str | Path) -> GridSpec:
    """A grid of whatever stands for one: a `GridSpec`, a mapping, the path of a file, the name of a shipped grid.

    Raises
    ------
    GridError
        For mistakes in it.
    """
    if isinstance(grid, GridSpec):
        return grid
    if isinstance(grid, Mapping):
        return GridSpec.from_dict(grid)
    if isinstance(grid, str | Path):
        return GridSpec.from_file(grid)
    raise GridError(
        f"{type(grid).__name__} is no grid: give a file, the name of a shipped grid, a mapping or a GridSpec."
    )


def grid_of(store: Store) -> GridSpec:
    """The grid that a store keeps, resolved.

    Raises
    ------
    StoreError
        If the store was made without one.
    """
    if store.grid is None:
        raise StoreError(f"the store {str(store.path)!r} does not say of which grid it is.")
    return GridSpec.from_yaml(store.grid, source=str(store.path / "manifest.json"))


@dataclass(frozen=True)
class Todo:
    """What is still to be computed: masks over the plan's runs and cells, and what was known of them."""

    runs: Any
    skylines: Any
    known: Stored

    @property
    def n_runs(self) -> int:
        """Number of runs."""
        return int(np.count_nonzero(self.runs))

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.runs.any() or self.skylines.any())


class Session:
    """A grid with its results.

    Parameters
    ----------
    grid : GridSpec, mapping, str or Path
        The grid; see `read_grid`.
    results : str or Path, optional
        The folder of its results; by default ``results/NAME`` below the working directory, and where `grid` is a
        folder of results itself, that one with the grid that it keeps.
    """

    def __init__(self, grid: GridSpec | Mapping[str, Any] | str | Path, results: str | Path | None = None) -> None:
        if isinstance(grid, str | Path) and is_store(Path(grid)):
            results = grid if results is None else results
            grid = grid_of(Store.open(grid))
        self.spec = read_grid(grid)
        self.path = Path(results) if results is not None else RESULTS / self.spec.name

    @cached_property
    def plan(self) -> Plan:
        """The grid's plan, with costs as its store says them."""
        try:
            snapshot = Store.open(self.path).snapshot() if (self.path / "manifest.json").exists() else None
        except StoreError:  # a damaged shard, which the writer puts aside: costs learned before will do
            snapshot = None
        return make_plan(self.spec, costs_of(self.path, snapshot, self.spec))

    def learn_costs(self) -> None:
        """Learn what runs cost from the store, and plan again with it."""
        if (self.path / "manifest.json").exists():
            learn(self.path, Store.open(self.path).snapshot(), self.spec)
            self.__dict__.pop("plan", None)

    def stored(self) -> Stored:
        """What the store has; nothing where there is no store yet."""
        return Store.open(self.path).snapshot().stored() if (self.path / "manifest.json").exists() else Stored.nothing()

    def todo(self, retry: Sequence[str] = ()) -> Todo:
        """What is planned and not done.

        Parameters
        ----------
        retry : sequence of str
            Stop reasons whose runs are to be made again.
        """
        known = self.stored()
        return Todo(self.plan.pending(known, retry), self.plan.skylines_pending(known), known)

    def status(self) -> Iterator[tuple[str, str | None, dict[str, int]]]:
        """How far the grid is: axis, level (None for all runs) and counts: ``done``, ``failed``, ``to do``, ``all``."""
        return self.plan.counts(self.stored())

    def run_one(self, run_id: str, *, debug: bool = False, limited: bool = False) -> dict[str, Any]:
        """Make one run alone, in this process, without its limits and without storing it.

        Parameters
        ----------
        run_id : str
        debug : bool
            Whether to stop in the debugger where a strategy or learner raises.
        limited : bool
            Whether to make it as a worker does: in a process of its own, with the grid's limits.

        Returns
        -------
        dict
            The row that would be stored.

        Raises
        ------
        GridError
            If the grid has no such run.
        """
        if limited:
            supervisor = Supervisor(patience=math.inf)
            try:
                (row,) = supervisor.run(alone(self.plan, run_id)).tables[RUNS.name].to_pylist()
            finally:
                supervisor.close()
            return dict(row)
        cell, variant, target = self.plan.find(run_id)
        metrics = [m for name in self.spec.record if isinstance(m := METRICS.build(name), ProbabilityMetric)]
        with one_thread("sklearn"):
            pool = make_pool(cell, cell.dataset.load())
            journal = Debugger() if debug else None
            (history,) = run_cell(cell, pool, [variant], [target], metrics=metrics, journal=journal)
        stamp = {"limit_seconds": None, "limit_memory": None, "provenance": None}
        (row,) = to_table(run_rows(cell, [variant], [history], pool_facts(pool), stamp), RUNS).to_pylist()
        return dict(row)

    def nothing_to_do(self, retry: Sequence[str] = ()) -> bool:
        """Whether the store has all of the grid. Once found, it is known without loading any data.

        Parameters
        ----------
        retry : sequence of str
            Stop reasons whose runs are to be made again.
        """
        if not retry and self._finished_runs() is not None:
            return True
        try:
            nothing = self.todo(retry).nothing
        except StoreError:
            return False  # a damaged shard: the writer puts it aside, and its runs are planned again
        if nothing:
            self._stamp()
        return nothing

    @property
    def n_runs(self) -> int:
        """Runs of the grid."""
        finished = self._finished_runs()
        return self.plan.n_runs if finished is None else finished

    def _finished_runs(self) -> int | None:
        try:
            stamp = json.loads((self.path / _STAMP).read_text(encoding="utf-8"))
            key = _fingerprint(self.spec)
            is_current = key is not None and stamp["grid"] == key and stamp["store"] == self._version()
            return int(stamp["runs"]) if is_current else None
        except (OSError, ValueError, KeyError, StoreError, DatasetError):
            return None

    def _version(self) -> str:
        return Store.open(self.path).snapshot().version

    def _stamp(self) -> None:
        if (key := _fingerprint(self.spec)) is None:
            return
        facts = {"grid": key, "store": self._version(), "runs": self.plan.n_runs}
        with contextlib.suppress(OSError):  # it saves seconds, and nothing depends on it
            (self.path / _STAMP).write_text(json.dumps(facts), encoding="utf-8")

    def run(
        self,
        listener: Listener,
        *,
        workers: int | None = None,
        scheduler: str | None = None,
        cluster: str | Path | None = None,
        retry: Sequence[str] = (),
    ) -> int:
        """Compute what is planned and not done; the number of runs that there were to do.

        Parameters
        ----------
        listener : Listener
            Told of the progress.
        workers : int, optional
            Local worker processes; by default as many as there are cores.
        scheduler : str, optional
            Address of a running Dask scheduler, instead of local workers.
        cluster : str or Path, optional
            A cluster file, instead of both: jobs of a queueing system, or several pools of workers.
        retry : sequence of str
            Stop reasons whose runs are to be made again.

        Raises
        ------
        AlgridError
            For mistakes in the grid, a store that can't be written or that somebody else writes, a cluster that
            can't be reached.
        KeyboardInterrupt
            After what had ended was stored.
        """
        if self.nothing_to_do(retry):
            return 0
        where = self._cluster(workers, scheduler, cluster)
        return self._execute(listener, where, retry)

    def calibrate(
        self,
        listener: Listener,
        *,
        seconds: float,
        workers: int | None = None,
        scheduler: str | None = None,
        cluster: str | Path | None = None,
    ) -> int:
        """Compute some pending runs of every dataset and learner, for about so long, and learn what runs cost.

        The runs are stored as any other. `plan` is another one afterwards, with the costs that were learned.

        Parameters
        ----------
        listener : Listener
        seconds : float
            Wall seconds to spend on the pilot, about: slices that workers have by then are waited for.
        workers, scheduler, cluster
            As for `run`.

        Returns
        -------
        int
            Runs of the pilot.
        """
        done = 0
        if not self.nothing_to_do():
            done = self._execute(listener, self._cluster(workers, scheduler, cluster), (), seconds)
        self.learn_costs()
        return done

    def _cluster(self, workers: int | None, scheduler: str | None, cluster: str | Path | None) -> Cluster:
        self.plan.require_data()
        from algrid.cluster import Cluster  # dask is heavy, and not needed to find nothing to do

        return Cluster.of(workers=workers, scheduler=scheduler, file=cluster)

    def _execute(self, listener: Listener, where: Cluster, retry: Sequence[str], seconds: float | None = None) -> int:
        from algrid.executor import execute

        self._prepare_ahead()
        store = Store.create_or_open(self.path, grid=self.spec.to_yaml())
        with store.writer() as writer:
            todo = self.todo(retry)  # again: the lock is ours now, and damaged shards are out
            if seconds is not None:
                runs = choose_pilot(self.plan, todo.runs, _PILOT * seconds * where.threads)
                todo = replace(todo, runs=runs, skylines=np.zeros_like(todo.skylines))
            snapshot = store.snapshot()
            again = continued(self.plan, todo.runs, todo.known)
            with RowQueue(snapshot, again, RUNS.names[1:]) as queue:
                execute(
                    self.plan,
                    todo.runs,
                    todo.skylines,
                    writer,
                    cluster=where,
                    listener=listener,
                    histories=_Histories(queue, snapshot.provenances, retry),
                    seconds=seconds,
                )
        if seconds is None and not self.nothing_to_do():  # which stamps it if so
            self.learn_costs()
        return todo.n_runs

    def _prepare_ahead(self) -> None:
        """What a preprocessing computes once for a dataset is computed here, not by a worker with a deadline."""
        cells = (self.plan.cells[i] for i in np.flatnonzero(self.plan.planned.any(axis=1)))
        for cell in {(cell.dataset, cell.preprocessing): cell for cell in cells}.values():
            cell.preprocessing.ahead(cell.dataset_hash, cell.dataset.load)

    def changes(self) -> list[str]:
        """What differs between the code and packages here and those that stored results were made with."""
        if not (self.path / "manifest.json").exists():
            return []
        here = provenance(self.spec.plugins)
        return sorted(
            {line for there in Store.open(self.path).provenances.values() for line in differences(there, here)}
        )


class _Histories:
    """Stored histories of runs that are to go on; one that failed and is retried starts anew, and keeps what it was."""

    def __init__(self, queue: RowQueue, provenances: Mapping[str, Mapping[str, Any]], retry: Sequence[str]) -> None:
        self._queue, self._provenances, self._retry = queue, provenances, set(retry)

    def __call__(self, run_ids: list[str]) -> Mapping[str, History]:
        rows = self._queue.rows(from_hex(np.array(run_ids, dtype=np.str_)))
        return {
            row["run_id"]: History.again(row, self._said(row), anew=row["stop_reason"] in self._retry) for row in rows
        }

    def _said(self, row: Mapping[str, Any]) -> dict[str, Any]:
        made = self._provenances.get(row["provenance"], {})
        now = time.strftime("%Y-%m-%d %H:%M:%S %z")
        return {"algrid": made.get("algrid"), "commit": made.get("commit"), "retried": now}


def _fingerprint(spec: GridSpec) -> str | None:
    """Key of all that a plan is made of: the grid, the state of its data, and the code; None where it is not known."""
    data = [dataset.state() for dataset in spec.datasets]
    if None in data:
        return None
    files = [Path(p.path) for p in (spec.split, spec.start_set) if hasattr(p, "path")]
    states = [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    return content_key([spec.to_dict(), data, states, code(spec.plugins)])
