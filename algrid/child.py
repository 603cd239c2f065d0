"""The process that computes: it gets slices from its parent, and journals what it does.

Started as ``python -m algrid.child PIPE JOURNAL PARENT`` by `algrid.supervisor`, it lives as long as its
parent's worker. Whatever a strategy or learner does to it (hang, crash, eat memory, print, draw from
global generators), the parent knows which run was in step, and nothing else is harmed.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import sys
import threading
import time
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any

from algrid.cell import Cell
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.datasets.mapped import mapped_dataset
from algrid.errors import AlgridError
from algrid.journal import JournalError, JournalWriter, Stopped
from algrid.loop import run_cell, skyline
from algrid.metrics import METRICS, ProbabilityMetric
from algrid.pool import Pool, make_pool
from algrid.provenance import provenance
from algrid.registry import Plugin
from algrid.rows import pool_facts
from algrid.slices import Slice

__all__ = ["compute", "main"]

_PR_SET_PDEATHSIG = 1  # of Linux's prctl(2)
_SMALL = 64 * 2**20  # bytes of a pool that is kept while another is made


def compute(task: Slice, journal: JournalWriter, patience: float) -> None:
    """Run a slice, and end early so many seconds after its data are there.

    Raises
    ------
    Stopped
        If the time was over first.
    JournalError
        If the journal can't be written.
    """
    journal.until = float("inf")
    journal.phase("load", range(len(task.variants)))
    journal.write("provenance", _provenance(task.plugins))
    try:
        pool = _pool(task.cell)
    except (AlgridError, OSError) as error:
        journal.write("unusable", str(error))
        return
    journal.write("facts", pool_facts(pool))
    journal.until = time.monotonic() + patience
    metrics = [m for name in task.metrics if isinstance(m := METRICS.build(name), ProbabilityMetric)]
    if task.skyline:
        journal.phase("skyline", ())
        journal.write("skyline", skyline(task.cell, pool, metrics))
    histories = [h.reopened() for h in task.histories]
    run_cell(task.cell, pool, task.variants, task.targets, histories=histories, metrics=metrics, journal=journal)


@lru_cache(maxsize=4)
def _provenance(plugins: tuple[Plugin, ...]) -> dict[str, Any]:
    return provenance(plugins)


@lru_cache(maxsize=4)
def _dataset(plugin: DatasetPlugin, content: str) -> Dataset:
    return mapped_dataset(content, plugin.dataset_name) or plugin.load()


_pools: dict[Cell, Pool] = {}


def _pool(cell: Cell) -> Pool:
    """The pool of a cell, from the last two; a large one is let go before the next is made."""
    if cell not in _pools:
        for known in [*_pools]:
            if len(_pools) > 1 or _pools[known].n_bytes > _SMALL:
                del _pools[known]
        _pools[cell] = make_pool(cell, _dataset(cell.dataset, cell.dataset_hash))
    return _pools[cell]


def main(pipe: int, journal: int, parent: int) -> None:
    """Serve slices until the parent hangs up."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's business
    _die_with(parent)
    _be_killed_first()
    connection, writer = Connection(pipe), JournalWriter(journal)
    for descriptor in (pipe, journal):
        os.set_inheritable(descriptor, False)
    folder, environment = os.getcwd(), dict(os.environ)
    try:
        while (given := connection.recv()) is not None:
            with contextlib.suppress(OSError):
                os.chdir(folder)  # a strategy of the slice before may have gone elsewhere
            if dict(os.environ) != environment:
                os.environ.clear()
                os.environ.update(environment)
            try:
                task, patience = given
                compute(task, writer, patience)
            except Stopped:
                pass
            except JournalError as error:
                connection.send(str(error))
                return
            connection.send(None)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the parent is gone


def _die_with(parent: int) -> None:
    """Have this process and the copies that it forks end when their parent does, whatever they are busy with."""
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.register_at_fork(after_in_child=lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))
    else:  # without that, a thread looks; it can't where C code holds the interpreter
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)  # it died before


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _be_killed_first() -> None:
    """Where the machine runs out of memory, Linux takes this process rather than the worker or the driver."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
