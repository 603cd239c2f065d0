"""DuckDB over a store's shards: connections with views that hide superseded rows, and files of query results."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from algrid.errors import StoreError
from algrid.schema import TABLES, VERSION, Table
from algrid.store.manifest import Manifest
from algrid.store.ordering import plain_schema
from algrid.store.shards import Shard

if TYPE_CHECKING:
    import duckdb

__all__ = ["connect", "copy_to"]

#: By file, which rows are superseded; a file that is not there has none.
Old = Mapping[str, NDArray[np.bool_]]

#: How DuckDB writes a file, by its ending.
_FORMATS = {
    ".csv": "FORMAT csv, HEADER",
    ".parquet": "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536",
}


def connect(
    root: Path,
    manifest: Manifest,
    old: Callable[[Table], Old],
    *,
    threads: int | None = None,
    memory: str | None = None,
) -> duckdb.DuckDBPyConnection:
    """A new in-memory connection with a view of each table.

    Parameters
    ----------
    root : Path
        The store's folder.
    manifest : Manifest
        Which shards are seen.
    old : callable
        Gives the superseded rows of a table.
    threads : int, optional
        Default: DuckDB's, all cores.
    memory : str, optional
        Limit of memory such as ``"4GB"``; default: DuckDB's, 80 % of the machine's.
    """
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET python_enable_replacements = false")  # a mistyped view must not find a variable
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"SET temp_directory = {_quoted(str(Path(tempfile.gettempdir()) / 'algrid-duckdb'))}")
    if threads is not None:
        connection.execute(f"SET threads = {int(threads)}")
    if memory is not None:
        connection.execute(f"SET memory_limit = {_quoted(memory)}")
    for table in TABLES.values():
        _make_view(connection, root, manifest.of(table.name), table, old(table))
    return connection


def copy_to(query: str, path: Path) -> str:
    """The statement that writes a query's result to a file.

    Raises
    ------
    StoreError
        If the file's ending is of no format that is known.
    """
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise StoreError(f"{str(path)!r} ends in neither {' nor '.join(_FORMATS)}: its ending says the format.")
    return f"COPY ({query}) TO {_quoted(str(path))} ({form})"


def _make_view(
    connection: duckdb.DuckDBPyConnection, root: Path, shards: Sequence[Shard], table: Table, old: Old
) -> None:
    dirty = [s for s in shards if s.file in old and old[s.file].any()]
    clean = [s for s in shards if s not in dirty]
    parts = []
    if not shards or any(s.version != VERSION for s in shards):
        # Gives the columns that older shards don't have.
        connection.register(f"_no_{table.name}", plain_schema(table).empty_table())
        parts.append(f"SELECT * FROM _no_{table.name}")
    if clean:
        parts.append(f"SELECT * FROM {_scan(root, clean)}")
    if dirty:
        positions = [np.flatnonzero(old[s.file]) for s in dirty]
        numbers = np.repeat(np.arange(len(dirty)), [p.size for p in positions])
        files = {"filename": [str(root / s.file) for s in dirty], "_shard": np.arange(len(dirty))}
        rows = {"_shard": numbers, "file_row_number": np.concatenate(positions)}
        connection.register(f"_files_{table.name}", pa.table(files))
        connection.register(f"_old_{table.name}", pa.table(rows))
        parts.append(
            "SELECT * EXCLUDE (filename, file_row_number, _shard) FROM "
            f"{_scan(root, dirty, 'filename = true, file_row_number = true')} "
            f"JOIN _files_{table.name} USING (filename) ANTI JOIN _old_{table.name} USING (_shard, file_row_number)"
        )
    connection.execute(f"CREATE TEMP VIEW {table.name} AS {' UNION ALL BY NAME '.join(parts)}")


def _scan(root: Path, shards: Sequence[Shard], options: str = "") -> str:
    files = ", ".join(_quoted(_unglobbed(str(root / s.file))) for s in shards)
    by_name = ", union_by_name = true" if any(s.version != VERSION for s in shards) else ""
    return f"read_parquet([{files}]{by_name}{', ' if options else ''}{options})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _unglobbed(path: str) -> str:
    """The path as a pattern that matches nothing else (DuckDB takes file names as glob patterns)."""
    return re.sub(r"([*?\[])", r"[\1]", path)
