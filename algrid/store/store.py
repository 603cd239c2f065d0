"""A result store as a whole: making, opening, checking and mending it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algrid.errors import StoreError
from algrid.schema import TABLES
from algrid.store.durable import TEMPORARY, Lock
from algrid.store.manifest import MANIFEST, Manifest, is_store, load_manifest, save_manifest
from algrid.store.shards import Damage, Origin, Shard, inspect, read_keys, read_origin
from algrid.store.snapshot import Snapshot
from algrid.store.writer import Policy, Writer

__all__ = ["Store"]


class Store:
    """A folder of results. Made by `create_or_open` or `open`; holds no lock and no open file.

    Attributes
    ----------
    path : Path
        The folder.
    """

    def __init__(self, path: Path, grid: str | None = None) -> None:
        self.path, self._grid = path, grid

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Store:
        """The store in this folder.

        Raises
        ------
        StoreError
            If there is none (the message says how to make one, and which are nearby), or its manifest is damaged or
            of a newer version.
        """
        root = Path(path)
        load_manifest(root)
        return cls(root)

    @classmethod
    def create_or_open(cls, path: str | os.PathLike[str], *, grid: str | None = None) -> Store:
        """The store in this folder, made where there is none.

        Parameters
        ----------
        path : path-like
            The folder.
        grid : str, optional
            The resolved text of the grid. Where the store has another one (grids grow), the next writer replaces it.

        Raises
        ------
        StoreError
            If the folder can't be made, or holds a store that can't be opened.
        """
        root = Path(path)
        try:
            for name in TABLES:
                (root / name).mkdir(parents=True, exist_ok=True)
            if not is_store(root) and not any(root.glob("*/*.parquet")):
                with Lock(root / "lock"):
                    if not is_store(root):
                        save_manifest(root, Manifest(grid=grid))
        except OSError as error:
            raise StoreError(f"can't make the store {str(root)!r}: {error}.") from error
        load_manifest(root)
        return cls(root, grid)

    @property
    def grid(self) -> str | None:
        """The resolved text of the grid, as stored."""
        return load_manifest(self.path).grid

    @property
    def provenances(self) -> Mapping[str, Mapping[str, Any]]:
        """Key to versions, platform, BLAS, plugin sources."""
        return load_manifest(self.path).provenances

    def snapshot(self) -> Snapshot:
        """What is stored at this moment."""
        return Snapshot(self.path)

    def writer(self, *, policy: Policy | None = None) -> Writer:
        """The one writer, as a context manager; see `Writer`."""
        return Writer(self.path, grid=self._grid, policy=policy)

    def compact(self, *, policy: Policy | None = None) -> None:
        """Merge all shards into one sorted sequence of large ones and drop superseded rows; see `Writer.compact`."""
        with self.writer(policy=policy) as writer:
            writer.compact(everything=True)

    def verify(self) -> list[Damage]:
        """Shards whose size or checksum is wrong; reads every byte, changes nothing."""
        found = ((shard, inspect(self.path, shard, checksum=True)) for shard in load_manifest(self.path).shards)
        return [Damage(shard, reason) for shard, reason in found if reason is not None]

    def repair(self) -> tuple[Damage, ...]:
        """Move shards whose size or checksum is wrong to ``quarantine/``: their runs will be planned again.

        Warns
        -----
        AlgridWarning
            If there were any.
        """
        with Writer(self.path, checksums=True) as writer:
            return writer.quarantined

    @classmethod
    def rebuild_manifest(cls, path: str | os.PathLike[str]) -> Store:
        """Make a lost or damaged manifest again from what the shards say of themselves.

        Files that can't be read go to ``quarantine/``; a damaged manifest is kept as ``manifest.damaged.json``.

        Raises
        ------
        StoreError
            If there is no shard, somebody is writing, or a shard is of a newer version.
        """
        root = Path(path)
        if not root.is_dir():
            raise StoreError(f"there is no folder {str(root)!r}.")
        with Lock(root / "lock"):
            try:
                found = _shards_of(root)
                if not found and not is_store(root):
                    raise StoreError(f"there is no shard in {str(root)!r} to make a manifest of.")
                if is_store(root):
                    (root / MANIFEST).replace(root / "manifest.damaged.json")
                save_manifest(root, _manifest_of(root, found))
            except (OSError, pa.ArrowException) as error:
                raise StoreError(f"can't rebuild the manifest of {str(root)!r}: {error}.") from error
        return cls(root)


def _shards_of(root: Path) -> list[tuple[Shard, Origin]]:
    """The readable shards in a store's folder, whether live or not; the others are put aside."""
    found: list[tuple[Shard, Origin]] = []
    for path in sorted(p for name in TABLES for p in (root / name).glob("*.parquet")):
        if path.name.startswith(TEMPORARY):
            continue
        try:
            shard, origin = read_origin(root, path.relative_to(root).as_posix())
            read_keys(root, shard, TABLES[shard.table])
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
            (root / "quarantine").mkdir(exist_ok=True)
            path.replace(root / "quarantine" / f"{path.parent.name}-{path.name}")
        else:
            found.append((shard, origin))
    return found


def _manifest_of(root: Path, found: list[tuple[Shard, Origin]]) -> Manifest:
    """A manifest of these shards, without those that another of them replaces."""
    replaced = {file for _, origin in found for file in origin.replaces}
    found = sorted(((s, o) for s, o in found if s.file not in replaced), key=lambda pair: pair[0].sequence)
    shards = [shard for shard, _ in found]
    old = {}
    for name, table in TABLES.items():
        keys = [read_keys(root, shard, table) for shard in shards if shard.table == name]
        old[name] = sum(k.size for k in keys) - np.unique(np.concatenate([np.empty(0, np.uint64), *keys])).size
    grids = [origin.grid for _, origin in found if origin.grid is not None]
    return Manifest().following(
        add=shards,
        superseded=old,
        grid=grids[-1] if grids else None,
        provenances={key: value for _, origin in found for key, value in origin.provenances.items()},
    )
