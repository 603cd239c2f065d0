"""Writing: one writer at a time, whose every acknowledged row survives whatever kills it."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from algrid.errors import AlgridWarning, StoreError
from algrid.identity import canonical_json
from algrid.schema import TABLES, Table
from algrid.store.compaction import chains, groups, merge, write_all
from algrid.store.manifest import Manifest, provenance_key
from algrid.store.ordering import conform, key_values, packed, sort_order
from algrid.store.shards import Origin, Shard, ShardWriter, read_keys
from algrid.store.snapshot import Snapshot, superseded, table_named
from algrid.store.transactions import Transactions

__all__ = ["Policy", "Writer"]


@dataclass(frozen=True)
class Policy:
    """When a writer flushes and merges.

    Attributes
    ----------
    flush_rows, flush_bytes, flush_seconds
        Buffered rows are flushed when there are so many, in all tables together, or the oldest waited so long.
    target_rows, target_bytes
        Size of a merged shard, whichever comes first; one below half of both is small.
    small_shards, small_at_close
        More small shards of one table than this are merged, while writing and at close.
    superseded_share
        At close everything is merged where more than this share of rows is superseded.
    merge_memory
        Bytes that a merge may hold, about.
    grace_seconds
        How long files stay that are no longer live, for readers of older snapshots.
    """

    flush_rows: int = 50_000
    flush_bytes: int = 128 << 20
    flush_seconds: float = 30.0
    target_rows: int = 500_000
    target_bytes: int = 128 << 20
    small_shards: int = 64
    small_at_close: int = 8
    superseded_share: float = 0.25
    merge_memory: int = 768 << 20
    grace_seconds: float = 3600.0


class Writer(Transactions):
    """Appends rows to a store and keeps it tidy. Made by `Store.writer`; to be used in one thread.

    At opening it takes the store's lock, removes what killed writers left behind, and moves damaged shards to
    ``quarantine/`` with an `AlgridWarning`, so that their runs are planned again.

    Parameters
    ----------
    root : Path
        The store's folder.
    grid : str, optional
        The resolved text of the grid, kept where it differs from the stored one.
    policy : Policy, optional
        When to flush and merge.
    checksums : bool, optional
        Whether to read every byte of the store for damage, instead of sizes and keys only.

    Attributes
    ----------
    quarantined : tuple of Damage
        The shards that were moved away at opening.

    Raises
    ------
    StoreError
        If somebody else writes, the folder is read-only, or the manifest is damaged or of a newer version.
    """

    def __init__(
        self, root: Path, *, grid: str | None = None, policy: Policy | None = None, checksums: bool = False
    ) -> None:
        super().__init__(root, grid=grid, checksums=checksums, grace_seconds=(policy or Policy()).grace_seconds)
        self.policy = policy or Policy()
        self._provenances = dict(self._manifest.provenances)
        self._buffers: dict[str, list[Any]] = {name: [] for name in TABLES}
        self._buffered_rows = self._buffered_bytes = 0
        self._oldest: float | None = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close(tidy=kind is None)

    def append(self, table: str, rows: Any) -> None:
        """Buffer rows; flushes if the policy says so. A row whose key is stored already supersedes it.

        Parameters
        ----------
        table : str
            ``"runs"`` or ``"skylines"``.
        rows : pyarrow.Table
            With exactly the columns of the table's schema, in any order; types are converted where that loses nothing.

        Raises
        ------
        StoreError
            If the table is unknown, the rows don't fit its schema, a key is none, or a provenance is not registered;
            or if flushing fails.
        """
        kind = table_named(table)
        self._check_open()
        fitted = _fitted(kind, rows)
        unknown = set(fitted["provenance"].unique().to_pylist()) - set(self._provenances) - {None}
        if unknown:
            raise StoreError(
                f"rows have provenances that are not registered: {sorted(unknown)}. Call provenance() first."
            )
        if fitted.num_rows:
            self._buffers[table].append(fitted)
            self._buffered_rows += fitted.num_rows
            self._buffered_bytes += fitted.nbytes
            self._oldest = time.monotonic() if self._oldest is None else self._oldest
        self.flush_if_due()

    def provenance(self, provenance: Mapping[str, Any]) -> str:
        """Register what rows were made with (JSON-able); gives the key for their column ``provenance``."""
        self._check_open()
        plain = json.loads(canonical_json(dict(provenance)))
        key = provenance_key(plain)
        self._provenances[key] = plain
        return key

    @property
    def buffered(self) -> int:
        """Rows that are not acknowledged yet."""
        return self._buffered_rows

    def flush_if_due(self) -> bool:
        """Flush if the policy says so, which only happens in a call; call it now and then while nothing arrives."""
        waited = 0.0 if self._oldest is None else time.monotonic() - self._oldest
        due = self.buffered > 0 and (
            self._buffered_rows >= self.policy.flush_rows
            or self._buffered_bytes >= self.policy.flush_bytes
            or waited >= self.policy.flush_seconds
        )
        if due:
            self.flush()
        return due

    def flush(self) -> None:
        """Put all buffered rows into the store. When this returns they survive whatever happens to the process.

        Raises
        ------
        StoreError
            If they can't be written. What was stored is untouched, the rows stay buffered: flush again.
        """
        self._check_open()
        if not self.buffered and self._provenances.keys() == self._manifest.provenances.keys():
            return
        added: list[Shard] = []
        stored: dict[str, NDArray[np.uint64]] = {}
        old = dict(self._manifest.superseded)
        following: Manifest | None = None
        try:
            with self._undoing(added):
                for table in (TABLES[name] for name, parts in self._buffers.items() if parts):
                    rows, keys = _sorted_rows(table, pa.concat_tables(self._buffers[table.name]))
                    stored[table.name] = keys
                    old[table.name] = old.get(table.name, 0) + self._known[table.name].count_of(keys)
                    number = self._next_sequence(added)
                    start = self._starter(table, added, run=number, provenances=_used(rows))
                    write_all(packed([rows]), start, added.append, rows=rows.num_rows, size=1 << 62)
                following = self._manifest.following(add=added, superseded=old, provenances=dict(self._provenances))
                self._commit(following)
        finally:
            # Also after an error, where the new manifest was in place before it.
            if following is not None and self._manifest is following:
                for name, keys in stored.items():
                    self._buffers[name] = []
                    self._known[name].add(keys)
                self._buffered_rows, self._buffered_bytes, self._oldest = 0, 0, None
        if any(len(self._small(name)) > self.policy.small_shards for name in TABLES):
            self._tidily(self.compact)

    def compact(self, *, everything: bool = False) -> None:
        """Merge small shards into sorted ones of the target size, and drop superseded rows in them.

        Readers go on seeing the files of their snapshot for the policy's grace time.

        Parameters
        ----------
        everything : bool
            Merge all shards into one sorted sequence and drop all superseded rows; does nothing if it is so already.

        Raises
        ------
        StoreError
            If it fails; the store is as before, or merged in part, and has the same rows.
        """
        self.flush()
        for table in TABLES.values():
            pending = chains(self._manifest.of(table.name) if everything else self._small(table.name))
            tidy = len(pending) <= 1 and not (everything and self._manifest.superseded.get(table.name))
            while not tidy:
                merged = [self._merge(table, group) for group in groups(pending, self.policy.merge_memory)]
                pending = [chain for chain in merged if chain]
                tidy = len(pending) <= 1 or not everything
        self.collect_garbage()

    def snapshot(self) -> Snapshot:
        """What is acknowledged at this moment."""
        return Snapshot(self.root, self._manifest)

    def close(self) -> None:
        """Flush, merge where that is due, and give the lock back; twice is harmless.

        Raises
        ------
        StoreError
            If the last flush fails: its rows are lost then, as those of a killed process, and have to be run again.
        """
        self._close(tidy=True)

    def _close(self, *, tidy: bool) -> None:
        if self._lock is None:
            return
        try:
            self.flush()
            if not tidy:  # after an error or Ctrl-C: what is there is stored, all else can wait
                return
            if any(self._share(name) > self.policy.superseded_share for name in TABLES):
                self._tidily(lambda: self.compact(everything=True))
            elif any(len(self._small(name)) > self.policy.small_at_close for name in TABLES):
                self._tidily(self.compact)
        finally:
            self._release()

    def _small(self, table: str) -> list[Shard]:
        rows, size = self.policy.target_rows / 2, self.policy.target_bytes / 2
        return [shard for shard in self._manifest.of(table) if shard.rows < rows and shard.bytes < size]

    def _share(self, table: str) -> float:
        old = self._manifest.superseded.get(table, 0)
        return old / (self._manifest.rows(table) + old) if old else 0.0

    def _tidily(self, merge_now: Callable[[], None]) -> None:
        """Merge where it was not asked for: rows are safe, so a failure is only worth a warning."""
        try:
            merge_now()
        except StoreError as error:
            warnings.warn(f"small shards could not be merged: {error}", AlgridWarning, stacklevel=3)

    def _next_sequence(self, added: list[Shard]) -> int:
        return max([self._manifest.sequence, *(shard.sequence for shard in added)]) + 1

    def _starter(
        self, table: Table, added: list[Shard], *, run: int, provenances: set[str], replaces: tuple[str, ...] = ()
    ) -> Callable[[], ShardWriter]:
        said = {key: self._provenances[key] for key in sorted(provenances)}

        def start() -> ShardWriter:
            number = self._next_sequence(added)
            origin = Origin(table.name, number, run, grid=self._manifest.grid, provenances=said, replaces=replaces)
            return ShardWriter(self.root, table, origin)

        return start

    def _merge(self, table: Table, group: list[list[Shard]]) -> list[Shard]:
        """Replace sorted sequences by one. Its rows are the newest of their keys, so it may have the newest number."""
        inputs = [shard for chain in group for shard in chain]
        old = self._manifest.superseded.get(table.name, 0)
        added: list[Shard] = []
        with self._undoing(added):
            gone = self._superseded(table) if old else {}
            start = self._starter(
                table,
                added,
                run=self._next_sequence(added),
                provenances={key for shard in inputs for key in shard.provenances},
                replaces=tuple(shard.file for shard in inputs),
            )
            policy = self.policy
            merge(
                self.root,
                table,
                group,
                gone,
                lambda blocks: write_all(
                    blocks, start, added.append, rows=policy.target_rows, size=policy.target_bytes
                ),
            )
            dropped = sum(int(gone[shard.file].sum()) for shard in inputs if shard.file in gone)
            self._touch(inputs)
            self._commit(self._manifest.following(add=added, drop=inputs, superseded={table.name: old - dropped}))
        return added

    def _superseded(self, table: Table) -> dict[str, NDArray[np.bool_]]:
        shards = self._manifest.of(table.name)
        marks = superseded([read_keys(self.root, shard, table) for shard in shards])
        return dict(zip((shard.file for shard in shards), marks, strict=True))

    def _touch(self, shards: list[Shard]) -> None:
        """The grace time of files that are about to be replaced starts now."""
        for shard in shards:
            (self.root / shard.file).touch()


def _fitted(table: Table, rows: Any) -> Any:
    missing, extra = set(table.names) - set(rows.column_names), set(rows.column_names) - set(table.names)
    if missing or extra or len(rows.column_names) != len(table.names):
        raise StoreError(
            f"rows don't fit the table {table.name!r}: missing columns {sorted(missing)}, unknown {sorted(extra)}. "
            "algrid.schema says which there are."
        )
    try:
        fitted = conform(rows, table)
        key_values(fitted[table.key])
    except (ValueError, pa.ArrowException) as error:
        raise StoreError(f"rows don't fit the table {table.name!r}: {error}") from error
    return fitted


def _sorted_rows(table: Table, rows: Any) -> tuple[Any, NDArray[np.uint64]]:
    """Rows in the order of a shard, of each key the last one given, and their keys."""
    rows = rows.unify_dictionaries()
    keys = key_values(rows[table.key])
    order = sort_order(rows, table, keys)
    order = order[~superseded([keys])[0][order]]
    return rows.take(pa.array(order)), keys[order]


def _used(rows: Any) -> set[str]:
    return set(rows["provenance"].unique().to_pylist()) - {None}
