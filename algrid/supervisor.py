"""A worker's side of the computing: one long-lived child process, watched and, if need be, replaced.

Dask can neither stop a task at a deadline nor cap its memory, and a crash takes the whole worker with
it. So a worker keeps a child that computes (`algrid.child`), reads its journal (`algrid.journal`), and
kills it where a run takes too long or the process grows too large. The run in step is the guilty one (of
a shared fit: all that asked for it); the others go on from the journal in a new child.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from multiprocessing import Pipe
from pathlib import Path

import psutil

from algrid.errors import AlgridError
from algrid.journal import JournalReader, new_journal
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
#: Dask has its workers give every freed block back to the system at once. A learner that allocates megabytes at each
#: step pays for it with page faults: five times the CPU seconds for an MLP on tf-idf, 1.8 times for a transformer.
_NOT_FOR_CHILDREN = frozenset({"MALLOC_TRIM_THRESHOLD_"})

_GLANCE = 0.25  # seconds between looks at the child's journal, clock and memory
_RESET_PEAK = "5"  # of Linux's proc(5), clear_refs
_LAST_WORDS = 2000  # bytes of standard error that an error message quotes
_MOST_SAID = 1 << 20  # bytes of standard error that are kept meanwhile


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
        """Compute a slice. A run that can't be finished ends as ``timeout``, ``error`` or ``crashed``.

        Raises
        ------
        AlgridError
            If the child can't write its journal.
        """
        ledger = Ledger(task)
        give_up = time.monotonic() + self.patience
        while ledger.is_open() and time.monotonic() < give_up:
            if self._child is None or not self._child.alive():
                self.close()
                self._child = _Child()
            if not self._follow(self._child, ledger):
                self.close()
        return ledger.outcome()

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _follow(self, child: _Child, ledger: Ledger) -> bool:
        """Have the open part of the slice computed; False where the child is not to be used again."""
        child.journal.begin()
        child.peak()  # what it had before is not of this slice
        try:
            child.pipe.send((ledger.begin(), self.patience))
            while True:
                done = child.pipe.poll(_GLANCE)
                broken = child.pipe.recv() if done else None
                alive = done or child.alive()  # before the journal is read: so nothing of a dead one is missed
                peak = child.peak()
                for event in child.journal.events():
                    ledger.note(*event)
                ledger.note_memory(peak)
                if broken:
                    raise AlgridError(f"{broken}. Make room, then run the same command again: it goes on from there.")
                if done:
                    return True
                if not alive:
                    break
                if ledger.end_overdue() or ledger.is_oversized(child.resident()):
                    return False
                child.forget_words()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            pass
        for event in child.journal.events():
            ledger.note(*event)
        ledger.death(child.cause_of_death())
        return False


def _environment(path: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_CHILDREN}
    return {**inherited, **ONE_THREAD, "PYTHONPATH": path}


class _Child:
    """The process, its pipe, its journal, and what it wrote to standard error.

    Made and used in one thread: on Linux it dies with the thread that made it.
    """

    def __init__(self) -> None:
        self.pipe, theirs = Pipe()
        descriptor = new_journal()
        self.journal = JournalReader(descriptor)
        self._stderr = tempfile.TemporaryFile("ab+")  # noqa: SIM115 - lives as long as the child
        path = os.pathsep.join(p or os.getcwd() for p in sys.path)
        given = (theirs.fileno(), descriptor)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "algrid.child", *map(str, given), str(os.getpid())],
            pass_fds=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._stderr,
            process_group=0,  # what it forks is killed with it
            env=_environment(path),
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

    def peak(self) -> int:
        """Most bytes that it was resident with since the last call; on systems that don't say, what it has now."""
        proc = Path(f"/proc/{self._process.pid}")
        try:
            status = (proc / "status").read_text(encoding="ascii")
            (proc / "clear_refs").write_text(_RESET_PEAK, encoding="ascii")
            return 1024 * int(status.partition("VmHWM:")[2].split()[0])
        except (OSError, IndexError):  # no Linux, or a process that has just ended
            return self.resident()

    def forget_words(self) -> None:
        """Don't let a talkative run fill the disk."""
        if os.fstat(self._stderr.fileno()).st_size > _MOST_SAID:
            self._stderr.truncate(0)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.pipe.close()
        self.journal.close()
        self._stderr.close()

    def cause_of_death(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)  # it may also only have closed its pipe
        code = self._process.poll()
        if code is None:
            how = "closed its pipe"
        else:
            how = f"died with signal {signal.Signals(-code).name}" if code < 0 else f"died with exit status {code}"
        self._stderr.seek(max(0, self._stderr.seek(0, os.SEEK_END) - _LAST_WORDS))
        last = self._stderr.read().decode(errors="replace").strip()
        return f"the computing process {how}" + (f"; it last said: {last}" if last else "")
