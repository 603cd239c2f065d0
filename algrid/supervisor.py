"""A worker's side of the computing: one long-lived child process, watched and, if need be, replaced.

Dask can neither stop a task at a deadline nor cap its memory, and a crash takes the whole worker with
it. So a worker keeps a child that computes (`algrid.child`), follows its journal, and kills it where a
run's cycle takes too long or the process grows too large. The run in step is the guilty one (of a
shared fit: all that asked for it); the others go on from the journal in a new child.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from multiprocessing import Pipe

import psutil

from algrid.ledger import Ledger
from algrid.slices import Outcome, Slice

__all__ = ["ONE_THREAD", "Supervisor"]

#: Environment of a process that computes: parallelism is Dask's.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMBA_NUM_THREADS",
    ),
    "1",
)

_GLANCE = 0.25  # seconds between looks at the child's memory and clock


class Supervisor:
    """Runs slices in a child process.

    Parameters
    ----------
    patience : float
        Seconds after which a slice's ended runs are handed back, and the rest of it with them.
    """

    def __init__(self, patience: float = 60.0) -> None:
        self.patience = patience
        self._child: _Child | None = None

    def run(self, task: Slice) -> Outcome:
        """Compute a slice. A run that can't be finished ends as ``timeout``, ``error`` or ``crashed``."""
        ledger = Ledger(task)
        give_up = time.monotonic() + self.patience
        while ledger.is_open() and time.monotonic() < give_up:
            if self._child is None or not self._child.alive():
                self._child = _Child()
            if not self._follow(self._child, ledger, give_up):
                self.close()
        return ledger.outcome()

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _follow(self, child: _Child, ledger: Ledger, give_up: float) -> bool:
        """Have the open part of the slice computed; False where the child is not to be used again."""
        asked_to_stop = False
        try:
            child.pipe.send(ledger.open_part())
            while True:
                if child.pipe.poll(_GLANCE):
                    if ledger.note(child.pipe.recv()):
                        return True
                elif not asked_to_stop and time.monotonic() > give_up:
                    child.pipe.send("stop")
                    asked_to_stop = True
                if ledger.end_overdue() or ledger.end_oversized(child.resident):
                    return False
        except (EOFError, BrokenPipeError, ConnectionResetError):
            ledger.crash(child.cause_of_death())
            return False


class _Child:
    """The process, its pipe, and what it wrote to standard error."""

    def __init__(self) -> None:
        self.pipe, theirs = Pipe()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        path = os.pathsep.join(p or os.getcwd() for p in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "algrid.child", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._stderr,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
        )
        theirs.close()
        self._usage = psutil.Process(self._process.pid)

    def alive(self) -> bool:
        return self._process.poll() is None

    def resident(self) -> int:
        try:
            return int(self._usage.memory_info().rss)
        except psutil.Error:
            return 0

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.pipe.close()
        self._stderr.close()

    def cause_of_death(self) -> str:
        code = self._process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        self._stderr.seek(max(0, self._stderr.seek(0, os.SEEK_END) - 2000))
        last = self._stderr.read().decode(errors="replace").strip()
        return f"the computing process died with {how}" + (f"; it last said: {last}" if last else "")
