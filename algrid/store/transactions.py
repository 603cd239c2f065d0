"""Changing a store: the lock, the manifest's replacement, and what crashes and bad disks left behind."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from algrid.arrays import places_in
from algrid.errors import AlgridWarning, StoreError
from algrid.schema import TABLES
from algrid.store.derived import forget
from algrid.store.durable import TEMPORARY, Lock
from algrid.store.manifest import Manifest, load_manifest, save_manifest
from algrid.store.shards import Damage, Shard, inspect, read_keys

__all__ = ["KeySet", "Transactions"]


class KeySet:
    """A growing set of keys: sorted arrays, each more than twice as long as the next."""

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._parts = [np.sort(keys)]

    def count_of(self, keys: NDArray[np.uint64]) -> int:
        """How many of these (distinct) keys are in the set."""
        found = np.zeros(keys.size, np.bool_)
        for part in self._parts:
            found |= places_in(part, keys)[1]
        return int(found.sum())

    def add(self, keys: NDArray[np.uint64]) -> None:
        """Add distinct keys."""
        self._parts.append(np.sort(keys))
        while len(self._parts) > 1 and self._parts[-2].size <= 2 * self._parts[-1].size:
            self._parts[-2:] = [np.sort(np.concatenate(self._parts[-2:]))]


class Transactions:
    """Holds a store's lock and replaces its manifest; the part of a writer that knows nothing of rows.

    Parameters
    ----------
    root : Path
        The store's folder.
    grid : str, optional
        The resolved text of the grid, kept where it differs from the stored one.
    checksums : bool
        Whether to read every byte for damage.
    grace_seconds : float
        How long files stay that are no longer live.

    Attributes
    ----------
    quarantined : tuple of Damage
        The shards that were moved away at opening.
    """

    def __init__(self, root: Path, *, grid: str | None, checksums: bool, grace_seconds: float) -> None:
        self.root, self._grace_seconds = root, grace_seconds
        self.quarantined: tuple[Damage, ...] = ()
        load_manifest(root)  # a folder that is no store must not get a lock file
        self._lock: Lock | None = Lock(root / "lock")
        try:
            self._manifest = load_manifest(root)
            with self._undoing([]):
                self._quarantine(checksums=checksums)
                if grid is not None and grid != self._manifest.grid:
                    self._commit(self._manifest.following(grid=grid))
                self.collect_garbage()
        except BaseException:
            self._release()
            raise

    def collect_garbage(self, older_than_s: float | None = None) -> list[str]:
        """Remove files that are no longer live and older than this (default: the grace time); gives their names.

        Unfinished files of killed writers go at once.
        """
        self._check_open()
        before = time.time() - (self._grace_seconds if older_than_s is None else older_than_s)
        live = {shard.file for shard in self._manifest.shards}
        removed = []
        for path in [p for name in TABLES for p in (self.root / name).glob("*.parquet")] + list(
            self.root.glob(".tmp-*")
        ):
            name = path.relative_to(self.root).as_posix()
            with contextlib.suppress(OSError):  # a file that can't be removed does no harm
                if path.name.startswith(TEMPORARY) or (name not in live and path.stat().st_mtime <= before):
                    path.unlink()
                    removed.append(name)
        forget(self.root, self._manifest.shards)
        return removed

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _check_open(self) -> None:
        if self._lock is None:
            raise StoreError(f"the writer of the store {str(self.root)!r} is closed. Open another with writer().")

    def _commit(self, manifest: Manifest) -> None:
        try:
            save_manifest(self.root, manifest)
        except BaseException:
            # An error after the rename (or Ctrl-C): what is on disk counts.
            with contextlib.suppress(StoreError):
                if load_manifest(self.root).number == manifest.number:
                    self._manifest = manifest
            raise
        self._manifest = manifest

    @contextlib.contextmanager
    def _undoing(self, added: list[Shard]) -> Iterator[None]:
        """On an error, remove the files that were added, unless the manifest that names them is in place."""
        before = self._manifest
        try:
            yield
        except BaseException as error:
            if self._manifest is before:
                for shard in added:
                    with contextlib.suppress(OSError):
                        (self.root / shard.file).unlink(missing_ok=True)
            if isinstance(error, (OSError, pa.ArrowException)):
                raise StoreError(
                    f"can't write to the store {str(self.root)!r}: {error}. What was stored is untouched. Make room or "
                    "give the right to write, then run the same command again: it goes on from there."
                ) from error
            raise

    def _quarantine(self, *, checksums: bool) -> None:
        """Move damaged shards away and learn the keys of the others."""
        damage: list[Damage] = []
        keys: dict[str, list[NDArray[np.uint64]]] = {name: [] for name in TABLES}
        for shard in self._manifest.shards:
            reason = inspect(self.root, shard, checksum=checksums)
            if reason is None:
                try:
                    keys[shard.table].append(read_keys(self.root, shard, TABLES[shard.table]))
                except (OSError, ValueError, pa.ArrowException) as error:
                    reason = f"can't be read: {error}"
            if reason is not None:
                damage.append(Damage(shard, reason))
        joined = {name: np.concatenate([np.empty(0, np.uint64), *parts]) for name, parts in keys.items()}
        self._known = {name: KeySet(values) for name, values in joined.items()}
        if damage:
            self._move_away(damage)
            old = {name: int(values.size - np.unique(values).size) for name, values in joined.items()}
            self._commit(self._manifest.following(drop=[d.shard for d in damage], superseded=old))
            self.quarantined = tuple(damage)
            warnings.warn(
                f"damaged shards of the store {str(self.root)!r} were moved to quarantine/ and their runs will be "
                f"planned again: {'; '.join(map(str, damage))}.",
                AlgridWarning,
                stacklevel=5,
            )

    def _move_away(self, damage: list[Damage]) -> None:
        folder = self.root / "quarantine"
        folder.mkdir(exist_ok=True)
        for shard in (d.shard for d in damage):
            with contextlib.suppress(FileNotFoundError):
                (self.root / shard.file).replace(folder / f"{shard.table}-{Path(shard.file).name}")
