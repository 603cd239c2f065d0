"""One Parquet file: how it is sorted, written, read and checked.

A shard holds rows of one table, each key once, sorted by `sort_columns` and then the key. Its key-value
metadata says whatever the manifest says about it, so that a lost manifest can be made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from algrid.errors import StoreError
from algrid.schema import VERSION, Table
from algrid.store.durable import TEMPORARY, place
from algrid.store.ordering import conform, key_values, plain_schema

__all__ = ["Damage", "Origin", "Shard", "ShardWriter", "inspect", "read_keys", "read_origin", "read_rows"]

_METADATA = b"algrid"


@dataclass(frozen=True)
class Shard:
    """What the manifest knows of a Parquet file.

    Attributes
    ----------
    table, file : str
        The table's name, and the file's path inside the store.
    rows, bytes, checksum
        Of the file; the checksum is BLAKE2b of 16 bytes.
    sequence : int
        Of two rows with one key, that of the shard with the larger number counts.
    run : int
        Shards with equal number are one sorted sequence, in the order of `sequence`.
    version : int
        The version of `algrid.schema` that it was written with.
    provenances : tuple of str
        Keys of the provenances that its rows may have.
    """

    table: str
    file: str
    rows: int
    bytes: int
    checksum: str
    sequence: int
    run: int
    version: int = VERSION
    provenances: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """What a shard says of itself beside its rows."""

    table: str
    sequence: int
    run: int
    version: int = VERSION
    grid: str | None = None
    provenances: dict[str, Any] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Damage:
    """A shard that can't be trusted, and why."""

    shard: Shard
    reason: str

    def __str__(self) -> str:
        return f"{self.shard.file} ({self.shard.rows:,} {self.shard.table}): {self.reason}"


class ShardWriter:
    """Writes a shard row group by row group; nothing is in place before `finish`.

    Parameters
    ----------
    root : Path
        The store's folder.
    table : Table
        What the rows are of.
    origin : Origin
        What the file says of itself.

    Raises
    ------
    OSError, pyarrow.ArrowException
        From every method, if the disk doesn't take it; then `abort`.
    """

    def __init__(self, root: Path, table: Table, origin: Origin) -> None:
        self._root, self._origin, self.rows = root, origin, 0
        self.file = f"{table.name}/{origin.sequence:08d}-{secrets.token_hex(4)}.parquet"
        self._temporary = root / table.name / (TEMPORARY + Path(self.file).name)
        self._handle = self._temporary.open("wb")
        try:
            self._parquet = pq.ParquetWriter(
                self._handle,
                plain_schema(table).with_metadata({_METADATA: json.dumps(asdict(origin))}),
                compression="zstd",
                use_dictionary=[name for name in _leaves(table) if name != table.key],
                write_page_checksum=True,
            )
        except BaseException:
            self.abort()
            raise

    def write(self, block: Any) -> None:
        """Add rows as one row group."""
        self._parquet.write_table(block, row_group_size=max(block.num_rows, 1))
        self.rows += block.num_rows

    @property
    def bytes(self) -> int:
        """Bytes written so far."""
        return self._handle.tell()

    def finish(self) -> Shard:
        """Put the file in place, durably."""
        self._parquet.close()
        self._handle.flush()
        os.fsync(self._handle.fileno())
        self._handle.close()
        shard = _described(self._origin, self.file, self.rows, self._temporary)
        place(self._temporary, self._root / self.file)
        return shard

    def abort(self) -> None:
        """Leave nothing behind; never fails."""
        writer = getattr(self, "_parquet", None)
        if writer is not None:
            with contextlib.suppress(Exception):
                writer.close()
            writer.is_open = False  # else its finaliser would close it again, and fail again
        for path in (self._temporary, self._root / self.file):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._handle.close()


def _leaves(table: Table) -> list[str]:
    """Paths of the Parquet columns."""
    paths: list[str] = []
    for column in table.columns:
        if pa.types.is_list(column.type):
            paths.append(f"{column.name}.list.element")
        elif pa.types.is_map(column.type):
            paths += [f"{column.name}.key_value.key", f"{column.name}.key_value.value.list.element"]
        else:
            paths.append(column.name)
    return paths


def _checksum(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def inspect(root: Path, shard: Shard, *, checksum: bool) -> str | None:
    """Why a shard can't be trusted, or None. Without `checksum` only its size is looked at."""
    path = root / shard.file
    try:
        size = path.stat().st_size
        if size != shard.bytes:
            return f"has {size:,} bytes instead of {shard.bytes:,} (cut off?)"
        if checksum and _checksum(path) != shard.checksum:
            return "its checksum is another (bytes were changed)"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"can't be read: {error}"
    return None


def read_keys(root: Path, shard: Shard, table: Table) -> NDArray[np.uint64]:
    """The keys of a shard, in its order.

    Raises
    ------
    OSError, ValueError, pyarrow.ArrowException
        If the file can't be read; the pages' checksums are looked at.
    """
    file = pq.ParquetFile(root / shard.file, page_checksum_verification=True)
    with file:
        return key_values(file.read(columns=[table.key])[table.key])


def read_rows(root: Path, shard: Shard, table: Table, positions: NDArray[np.intp]) -> Iterator[Any]:
    """The rows of a shard at some (ascending) positions, as an Arrow table of each row group that has one of them."""
    with pq.ParquetFile(root / shard.file, page_checksum_verification=True) as file:
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
        ends = np.cumsum(sizes)
        groups = np.searchsorted(ends, positions, side="right")
        for group in np.unique(groups):
            inside = positions[groups == group] - (ends[group] - sizes[group])
            yield conform(file.read_row_group(int(group)), table).take(pa.array(inside))


def read_origin(root: Path, file: str) -> tuple[Shard, Origin]:
    """What a file says of itself (for a store whose manifest is lost).

    Raises
    ------
    StoreError
        If it is of a newer version.
    OSError, ValueError, KeyError, TypeError, pyarrow.ArrowException
        If it is no readable shard.
    """
    path = root / file
    with pq.ParquetFile(path) as parquet:
        said = json.loads((parquet.schema_arrow.metadata or {})[_METADATA])
        rows = parquet.metadata.num_rows
    if said["version"] > VERSION:
        raise StoreError(
            f"{str(path)!r} has schema version {said['version']}, this algrid knows up to {VERSION}. Upgrade algrid."
        )
    origin = Origin(**{**said, "replaces": tuple(said["replaces"])})
    return _described(origin, file, rows, path), origin


def _described(origin: Origin, file: str, rows: int, path: Path) -> Shard:
    """The shard whose bytes are at `path`."""
    return Shard(
        table=origin.table,
        file=file,
        rows=rows,
        bytes=path.stat().st_size,
        checksum=_checksum(path),
        sequence=origin.sequence,
        run=origin.run,
        version=origin.version,
        provenances=tuple(sorted(origin.provenances)),
    )
