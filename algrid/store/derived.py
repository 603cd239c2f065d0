"""What is derived from shards and can be derived again: files beside them, keyed by a shard's checksum.

``derived/KIND/CHECKSUM.ENDING`` in a store's folder; of what takes all shards, ``derived/KIND/VERSION.parquet``. They
may be deleted at any time, need no lock, and what can't be read is made again. A store that can't be written to works
without them, slower.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from algrid.schema import TABLES
from algrid.store.durable import TEMPORARY
from algrid.store.ordering import conform
from algrid.store.shards import Shard

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FOLDER", "derived", "derived_file", "derived_table", "forget", "kept_frame"]

#: Below a store's folder.
FOLDER = "derived"

#: Rows that are worked on at a time.
_ROWS = 8192

T = TypeVar("T")


def derived(
    root: Path,
    kind: str,
    shard: Shard,
    *,
    ending: str,
    make: Callable[[], T],
    read: Callable[[Path], T],
    write: Callable[[Path, T], None],
) -> T:
    """What `make` gives for a shard, from its file where there is one.

    Parameters
    ----------
    root : Path
        The store's folder.
    kind : str
        What it is, with a version: another folder for another content.
    shard : Shard
    ending : str
        Of the file, with its dot.
    make, read, write : callables
        Compute it, read it from a file (raises whatever it likes where that is damaged), write it to one.
    """
    return _once(root / FOLDER / kind / f"{shard.checksum}{ending}", make, read, write)


def kept_frame(root: Path, kind: str, version: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """A DataFrame that is made of a whole store, kept as long as the store has this version.

    Raises
    ------
    Exception
        Whatever `make` raises.
    """

    def write(path: Path, frame: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table, path, compression="zstd", write_page_checksum=True)

    def read(path: Path) -> pd.DataFrame:
        frame: pd.DataFrame = pq.read_table(path, partitioning=None, page_checksum_verification=True).to_pandas()
        return frame

    return _once(root / FOLDER / kind / f"{version}.parquet", make, read, write)


def _once(path: Path, make: Callable[[], T], read: Callable[[Path], T], write: Callable[[Path, T], None]) -> T:
    if path.exists():
        with contextlib.suppress(Exception):  # libraries raise dozens of kinds for a damaged file
            return read(path)
    value = make()
    with contextlib.suppress(OSError):
        derived_file(path, lambda temporary: write(temporary, value))
    return value


def derived_table(root: Path, kind: str, shard: Shard, columns: Sequence[str], make: Callable[[Any], Any]) -> Any:
    """An Arrow table that is made of a shard's rows, some at a time.

    Raises
    ------
    OSError, ValueError, pyarrow.ArrowException
        If the shard can't be read; and whatever `make` raises.
    """

    def parts() -> Iterator[Any]:
        with pq.ParquetFile(root / shard.file, page_checksum_verification=True) as file:
            there = [name for name in columns if name in file.schema_arrow.names]
            for batch in file.iter_batches(batch_size=_ROWS, columns=there):
                # not pa.table(batch): in what that makes, each column keeps all others in memory
                yield make(conform(pa.Table.from_batches([batch]), TABLES[shard.table]).select(columns))

    return derived(
        root,
        kind,
        shard,
        ending=".parquet",
        make=lambda: pa.concat_tables(parts()).unify_dictionaries(),
        read=lambda path: pq.read_table(path, partitioning=None, page_checksum_verification=True),
        write=lambda path, value: pq.write_table(value, path, compression="zstd", write_page_checksum=True),
    )


def derived_file(path: Path, write: Callable[[Path], None]) -> None:
    """Put a derived file in place at once; of two who do it the last one counts.

    Raises
    ------
    OSError
        If it can't be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(4)}-{path.name}")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def forget(root: Path, live: Iterable[Shard]) -> None:
    """Remove what belongs to no shard that is live."""
    kept = {shard.checksum for shard in live}
    for path in (root / FOLDER).glob("*/*"):
        if path.name.partition(".")[0] not in kept:
            with contextlib.suppress(OSError):
                path.unlink()
