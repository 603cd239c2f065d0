"""The process that computes: it gets slices from its parent, and journals what it does.

Started as ``python -m algrid.child FD`` by `algrid.supervisor`, it lives as long as its parent's
worker. Whatever a strategy or learner does to it (hang, crash, eat memory, print, draw from global
generators), the parent knows which run was in step, and nothing else is harmed.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from functools import lru_cache
from multiprocessing.connection import Connection

from algrid.cell import Cell
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.errors import AlgridError
from algrid.history import History, Point
from algrid.loop import run_cell, skyline
from algrid.metrics import METRICS, ProbabilityMetric
from algrid.pool import Pool, make_pool
from algrid.provenance import provenance
from algrid.rows import pool_facts
from algrid.slices import Slice

__all__ = ["compute", "main"]


class _Stopped(BaseException):
    """The parent asked for an early end; not an Exception, so that the loop does not take it for a failed run."""


class _PipeJournal:
    """Tells the parent, and stops when it says so."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def phase(self, phase: str, runs: Sequence[int]) -> None:
        if self._pipe.poll():
            raise _Stopped
        self._pipe.send(("phase", phase, list(runs)))

    def point(self, run: int, point: Point) -> None:
        self._pipe.send(("point", run, point))

    def ended(self, run: int, history: History) -> None:
        self._pipe.send(("ended", run, history.stop_reason, history.error, history.traceback))


def compute(task: Slice, pipe: Connection) -> None:
    """Run a slice; every event goes to the parent as a tuple that begins with its name."""
    journal = _PipeJournal(pipe)
    pipe.send(("provenance", provenance(task.plugins)))
    try:
        journal.phase("load", range(len(task.variants)))
        pool = _pool(task.cell)
    except (AlgridError, OSError) as error:
        pipe.send(("unusable", str(error)))
        return
    pipe.send(("facts", pool_facts(pool)))
    metrics = [m for name in task.metrics if isinstance(m := METRICS.build(name), ProbabilityMetric)]
    if task.skyline:
        journal.phase("skyline", ())
        pipe.send(("skyline", skyline(task.cell, pool, metrics)))
    histories = [History(list(h.points)) for h in task.histories]
    run_cell(task.cell, pool, task.variants, task.targets, histories=histories, metrics=metrics, journal=journal)


@lru_cache(maxsize=4)
def _dataset(plugin: DatasetPlugin) -> Dataset:
    return plugin.load()


@lru_cache(maxsize=2)
def _pool(cell: Cell) -> Pool:
    return make_pool(cell, _dataset(cell.dataset))


def main(descriptor: int) -> None:
    """Serve slices until the parent hangs up."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's business
    threading.Thread(target=_die_with_parent, args=(os.getppid(),), daemon=True).start()
    pipe = Connection(descriptor)
    try:
        while (task := pipe.recv()) is not None:
            if not isinstance(task, Slice):
                continue  # a request to stop that came too late
            try:
                compute(task, pipe)
            except _Stopped:
                pipe.recv()
            pipe.send(("done",))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the parent is gone


def _die_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
