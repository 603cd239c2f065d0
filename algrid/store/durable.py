"""Files that survive a crash at any moment: fsync and rename, and a lock that dies with its process."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from pathlib import Path
from weakref import WeakSet

from algrid.errors import StoreError

__all__ = ["TEMPORARY", "Lock", "place", "sync_folder", "write_durably"]

#: How names of files begin that are not in place yet; whoever holds the lock may remove them.
TEMPORARY = ".tmp-"

_HELD: WeakSet[Lock] = WeakSet()


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def place(temporary: Path, final: Path) -> None:
    """Put a file whose bytes are already synced in its place, durably and all at once."""
    os.replace(temporary, final)
    sync_folder(final.parent)


def write_durably(path: Path, data: bytes) -> None:
    """Replace the content of a file: afterwards, whatever happened, it is the old or the new, whole.

    Raises
    ------
    OSError
        If it can't be written; the temporary file is removed.
    """
    temporary = path.with_name(TEMPORARY + path.name)
    try:
        with temporary.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        place(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


class Lock:
    """An exclusive lock on a file, held until `release` or the end of the process.

    The kernel holds it (`flock`), so that a killed process leaves none behind, and clocks don't matter.

    Parameters
    ----------
    path : Path
        The file; it is made where it is missing and says who holds the lock.

    Raises
    ------
    StoreError
        If somebody else holds the lock (the message says who), or the folder is read-only or has no locks.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise StoreError(f"can't write to the store {str(path.parent)!r}: {error}.") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(path)
            self.release()
            raise StoreError(
                f"the store {str(path.parent)!r} is being written by {holder}. One writer at a time: wait for it or "
                "end it. Reading is always possible."
            ) from error
        except OSError as error:
            self.release()
            raise StoreError(
                f"can't lock the store {str(path.parent)!r}: {error}. Its file system has no locks: write to a local "
                "disk (or mount it with locks) and copy the folder afterwards."
            ) from error
        _HELD.add(self)
        # Who holds it is a courtesy: a full disk must not keep a store from being opened.
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, json.dumps(_self()).encode())

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give the lock back; twice is harmless."""
        if self._descriptor is not None:
            # Closing, not LOCK_UN: a forked child's copy must not unlock its parent's store.
            os.close(self._descriptor)
            self._descriptor = None


def _release_in_child() -> None:
    """A forked child drops its copies of the locks, which would otherwise outlive the parent."""
    for lock in list(_HELD):
        lock.release()


os.register_at_fork(after_in_child=_release_in_child)


def _self() -> dict[str, object]:
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}


def _holder(path: Path) -> str:
    try:
        who = json.loads(path.read_text())
        return f"process {who['pid']} on {who['host']} since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
