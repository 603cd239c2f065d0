"""The journal of a computing process: a file in memory that it writes at every step, and its parent reads now and then.

A process that hangs in C, or is killed, says nothing any more; what it had written is still there. Writing
costs microseconds, because nobody is woken by it.
"""

from __future__ import annotations

import math
import os
import pickle
import struct
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from algrid.history import History, Point

__all__ = ["JournalError", "JournalReader", "JournalWriter", "Stopped", "new_journal"]

_LENGTH = struct.Struct("<I")


class Stopped(BaseException):
    """The slice has had its time; not an Exception, so that the loop does not take it for a failed run."""


class JournalError(BaseException):
    """The journal can't be written (no memory, a full disk): no run is to blame, so not an Exception either."""


def new_journal() -> int:
    """The descriptor of an empty file: in memory, or a temporary one on systems that have none such."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("algrid-journal")
    with tempfile.TemporaryFile() as handle:
        return os.dup(handle.fileno())


class JournalWriter:
    """The writing end (`algrid.loop.Journal`). An event is a tuple that begins with the time and its name.

    Parameters
    ----------
    descriptor : int
        Of `new_journal`.

    Attributes
    ----------
    until : float
        Time (`time.monotonic`, which all processes of a machine share) after which the next phase raises `Stopped`.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._owner, self.until = descriptor, os.getpid(), math.inf

    def write(self, *event: Any) -> None:
        """Note an event; when this returns it outlives the process."""
        if os.getpid() != self._owner:
            os._exit(0)  # a strategy forked, and its copy of this process came back into the loop
        data = pickle.dumps((time.monotonic(), *event), 5)
        try:
            rest = memoryview(_LENGTH.pack(len(data)) + data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise JournalError(f"the journal of a computing process can't be written: {error}") from error

    def phase(self, phase: str, runs: Sequence[int]) -> None:
        """``load``, ``skyline``, ``fit``, ``predict`` or ``query`` begins for these runs."""
        if time.monotonic() > self.until:
            raise Stopped
        self.write("phase", phase, list(runs))

    def point(self, run: int, point: Point) -> None:
        """A run reached a point."""
        self.write("point", run, point.packed())

    def ended(self, run: int, history: History) -> None:
        """A run ended."""
        self.write("ended", run, history.stop_reason, history.error, history.traceback)


class JournalReader:
    """The reading end.

    Parameters
    ----------
    descriptor : int
        Of `new_journal`; `close` closes it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._at = descriptor, 0

    def begin(self) -> None:
        """Empty the journal, while the other end is idle."""
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._at = 0

    def events(self) -> list[tuple[Any, ...]]:
        """What was written since the last call; an event that a death cut off is left out."""
        size = os.fstat(self._descriptor).st_size
        data = os.pread(self._descriptor, size - self._at, self._at)
        found, place = [], 0
        while place + _LENGTH.size <= len(data):
            end = place + _LENGTH.size + _LENGTH.unpack_from(data, place)[0]
            if end > len(data):
                break
            found.append(pickle.loads(memoryview(data)[place + _LENGTH.size : end]))
            place = end
        self._at += place
        return found

    def close(self) -> None:
        """Give the file up."""
        os.close(self._descriptor)
