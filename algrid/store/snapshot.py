"""Reading: everything that a store held at one moment, while others go on writing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from algrid.arrays import places_in
from algrid.errors import StoreError, unknown_name
from algrid.identity import content_key, from_hex, to_hex
from algrid.schema import TABLES, Table
from algrid.store.derived import derived_table, kept_frame
from algrid.store.manifest import Manifest, load_manifest
from algrid.store.ordering import plain_schema
from algrid.store.progress import progress_of
from algrid.store.row_groups import Spans, only_of
from algrid.store.shards import Shard, inspect, read_keys, read_rows
from algrid.store.sql import connect, copy_to
from algrid.stored import Stored

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

__all__ = ["Snapshot", "superseded", "table_named"]

#: DuckDB's errors that are about the query's text: no reason to look at gigabytes of checksums.
_QUERY_MISTAKES = ("ParserException", "BinderException", "CatalogException", "ConversionException")


def table_named(name: str) -> Table:
    """The stored table of this name.

    Raises
    ------
    StoreError
        If there is none.
    """
    if name not in TABLES:
        raise StoreError(unknown_name("table", name, TABLES))
    return TABLES[name]


def superseded(keys: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.bool_]]:
    """Which rows are older versions of others, for the keys of shards in the order of their sequence."""
    joined = np.concatenate([np.empty(0, np.uint64), *keys])
    order = np.argsort(joined, kind="stable")
    old = np.zeros(joined.size, np.bool_)
    old[order[:-1]] = joined[order[:-1]] == joined[order[1:]]
    return np.split(old, np.cumsum([k.size for k in keys])[:-1]) if keys else []


class Snapshot:
    """What a store held at one moment; cheap to make, never changes, needs no lock.

    Tables are those of `algrid.schema.TABLES`. Of rows that were stored again only the newest is seen.

    Parameters
    ----------
    root : Path
        The store's folder.
    manifest : Manifest, optional
        Default: the one that is live now.

    Raises
    ------
    StoreError
        If there is no store, its manifest is damaged, or a shard is missing or has another size.
    """

    def __init__(self, root: Path, manifest: Manifest | None = None) -> None:
        self.root = Path(root)
        self.manifest = load_manifest(self.root) if manifest is None else manifest
        self._read_keys: dict[str, NDArray[np.uint64]] = {}
        self._olds: dict[str, dict[str, NDArray[np.bool_]]] = {}
        self._spans: Spans = {}
        self._blame(checksum=False)

    def __repr__(self) -> str:
        counts = ", ".join(f"{self.count(name):,} {name}" for name in TABLES)
        return f"<Snapshot of {str(self.root)!r}: {counts}>"

    @cached_property
    def version(self) -> str:
        """Equal for equal content: the key of whatever is derived from it."""
        return content_key([[s.table, s.checksum, s.sequence] for s in self.manifest.shards])

    @property
    def grid(self) -> str | None:
        """The resolved text of the grid."""
        return self.manifest.grid

    @property
    def provenances(self) -> Mapping[str, Mapping[str, Any]]:
        """Key (the column `provenance`) to versions, platform, BLAS, plugin sources."""
        return self.manifest.provenances

    def count(self, table: str) -> int:
        """Number of rows; reads nothing."""
        return self.manifest.rows(table_named(table).name)

    def ids(self, table: str = "runs") -> NDArray[np.uint64]:
        """All keys as numbers, ascending, each once."""
        keys = self._keys(table_named(table))
        joined = np.concatenate([np.empty(0, np.uint64), *keys])
        return np.unique(joined) if self.manifest.superseded.get(table) else np.sort(joined)

    def stored(self) -> Stored:
        """How far every run is: what resuming needs."""
        with self._naming_damage():
            return Stored.joined([progress_of(self.root, shard) for shard in self.manifest.shards])

    def table(self, table: str, columns: Sequence[str] | None = None, where: Any = None) -> Any:
        """Rows of a table as an Arrow table; the types are the schema's, the order is the store's.

        Parameters
        ----------
        table : str
            ``"runs"`` or ``"skylines"``.
        columns : sequence of str, optional
            Which ones; default all.
        where : pyarrow.compute.Expression or str, optional
            Which rows: an expression, or an SQL condition such as ``"dataset = 'iris' and batch_size <= 5"``
            (which does not keep the order).

        Raises
        ------
        StoreError
            If the table, a column or the condition is unknown, or a shard is damaged (it is named).
        """
        kind = table_named(table)
        schema = self._schema(kind, columns)
        if isinstance(where, str):
            chosen = ", ".join(f'"{name}"' for name in schema.names)
            return self.sql(f"SELECT {chosen} FROM {kind.name} WHERE {where}").cast(schema).unify_dictionaries()
        return self._read(schema, self._scans(kind, where))

    def of_dataset(
        self, dataset: str, columns: Sequence[str] | None = None, table: str = "runs", *, where: Any = None
    ) -> Any:
        """The rows of one dataset as an Arrow table, in the order of the store.

        Rows lie sorted by dataset in every shard: only row groups that may hold some are read.

        Parameters
        ----------
        dataset : str
        columns : sequence of str, optional
            Which ones; default all.
        table : str
        where : pyarrow.compute.Expression or str, optional
            Which of them, as of `table`.

        Raises
        ------
        StoreError
            As `table`.
        """
        import pyarrow.compute as pc

        if isinstance(where, str):
            name = dataset.replace("'", "''")
            return self.table(table, columns, f"({where}) AND dataset = '{name}'")
        kind = table_named(table)
        own = pc.field("dataset") == dataset
        scans = self._scans(kind, own if where is None else own & where)
        return self._read(self._schema(kind, columns), ((only_of(d, dataset, self._spans), f) for d, f in scans))

    def batches(self, table: str, columns: Sequence[str] | None = None, where: Any = None) -> Iterator[Any]:
        """The same as `table`, as Arrow record batches one after another, in bounded memory (no SQL condition)."""
        kind = table_named(table)
        schema = self._schema(kind, columns)
        with self._naming_damage():
            for data, condition in self._scans(kind, where):
                # Little ahead: a row of many classes can have megabytes.
                yield from data.to_batches(
                    columns=schema.names, filter=condition, batch_size=8192, batch_readahead=2, fragment_readahead=1
                )

    def rows(self, run_ids: ArrayLike, table: str = "runs") -> Any:
        """The rows with these keys (hexadecimal text or numbers), as an Arrow table in no particular order.

        Keys that are not stored are left out. Only the row groups that hold one are read.

        Raises
        ------
        StoreError
            If a key is no key, or a shard is damaged.
        """
        kind = table_named(table)
        parts = self.rows_in_parts(run_ids, table)
        return pa.concat_tables([plain_schema(kind).empty_table(), *parts]).unify_dictionaries()

    def rows_in_parts(self, run_ids: ArrayLike, table: str = "runs") -> Iterator[Any]:
        """The same as `rows`, as Arrow tables of a row group each, in bounded memory."""
        kind = table_named(table)
        wanted = np.unique(_numbers(run_ids))
        with self._naming_damage():
            old = self._old(kind)
            for shard, keys in zip(self.manifest.of(table), self._keys(kind), strict=True):
                _, found = places_in(wanted, keys)
                if shard.file in old:
                    found &= ~old[shard.file]
                if found.any():  # else its file is not even opened
                    yield from read_rows(self.root, shard, kind, np.flatnonzero(found))

    def derived(self, table: str, kind: str, columns: Sequence[str], make: Callable[[Any], Any]) -> Any:
        """What `make` gives for all rows of a table, computed once for each shard and kept beside it.

        Parameters
        ----------
        table : str
            ``"runs"`` or ``"skylines"``.
        kind : str
            Where it is kept; another name for whatever would give something else.
        columns : sequence of str
            What `make` reads.
        make : callable
            From an Arrow table of some rows to one of what is derived from each of them alone, with the key's column.

        Returns
        -------
        pyarrow.Table
            Of the newest rows, in the store's order.
        """
        of = table_named(table)
        nothing = self._schema(of, columns).empty_table()
        parts = [make(nothing)]
        with self._naming_damage():
            old = self._old(of)
            for shard in self.manifest.of(table):
                part = derived_table(self.root, kind, shard, nothing.column_names, make)
                is_dirty = shard.file in old and old[shard.file].any()
                parts.append(part.filter(self._live(of, shard)) if is_dirty else part)
        return pa.concat_tables(parts).unify_dictionaries()

    def kept(self, kind: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """What `make` gives for all that is stored, computed once and kept beside the shards as long as they are these.

        Parameters
        ----------
        kind : str
            Where it is kept; another name for whatever would give something else.
        make : callable
            Gives a table with plain columns.
        """
        return kept_frame(self.root, kind, self.version, make)

    def sql(
        self,
        query: str,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        tables: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """The result of a DuckDB query over the views ``runs`` and ``skylines``, as an Arrow table.

        Parameters
        ----------
        query : str
            SQL; ``?`` or ``$name`` stand for parameters.
        parameters : sequence or mapping, optional
            Their values.
        tables : mapping, optional
            Names and Arrow tables that the query may name too.
        **options
            `threads` and `memory`, as of `connect`.

        Raises
        ------
        StoreError
            If the query is wrong, or a shard is damaged (it is named).
        """
        with self._naming_damage(), contextlib.closing(self.connect(**options)) as connection:
            for name, table in (tables or {}).items():
                connection.register(name, table)
            relation = connection.sql(query, params=parameters)
            if relation is None:
                raise StoreError(f"the query has no result: {query!r}. Give a SELECT; a snapshot can't be changed.")
            result = relation.arrow()
            # Some versions of DuckDB give a reader, which must be read before the connection is closed.
            return result.read_all() if hasattr(result, "read_all") else result

    def export(
        self,
        query: str,
        path: str | Path,
        *,
        tables: Mapping[str, Any] | None = None,
    ) -> int:
        """Write the result of a DuckDB query to a file, in bounded memory; the number of rows.

        Parameters
        ----------
        query : str
            As for `sql`.
        path : str or Path
            Ends in ``.csv`` or ``.parquet``. What is there is replaced.
        tables : mapping, optional
            As for `sql`.

        Raises
        ------
        StoreError
            If the query is wrong, the file has another ending or can't be written, or a shard is damaged.
        """
        statement = copy_to(query, Path(path))
        with self._naming_damage(), contextlib.closing(self.connect()) as connection:
            for name, table in (tables or {}).items():
                connection.register(name, table)
            written = connection.execute(statement).fetchone()
        return int(written[0]) if written else 0

    def relation(self, table: str = "runs", **options: Any) -> duckdb.DuckDBPyRelation:
        """A table as a DuckDB relation, to filter, aggregate and fetch; it keeps its connection alive."""
        return self.connect(**options).view(table_named(table).name)

    def connect(self, *, threads: int | None = None, memory: str | None = None) -> duckdb.DuckDBPyConnection:
        """A new in-memory DuckDB connection with the views ``runs`` and ``skylines``.

        Parameters
        ----------
        threads : int, optional
            Default: DuckDB's, all cores.
        memory : str, optional
            Limit of memory such as ``"4GB"``; default: DuckDB's, 80 % of the machine's.
        """
        return connect(self.root, self.manifest, self._old, threads=threads, memory=memory)

    def _read(self, schema: pa.Schema, scans: Iterable[tuple[Any, Any]]) -> Any:
        """What scans find, in their order."""
        with self._naming_damage():
            parts = [data.to_table(columns=schema.names, filter=condition) for data, condition in scans]
            return pa.concat_tables([schema.empty_table(), *parts]).unify_dictionaries()

    def _scans(self, table: Table, where: Any) -> Iterator[tuple[Any, Any]]:
        """Datasets with their filters: one for all clean shards, one for each with superseded rows."""
        shards, old = self.manifest.of(table.name), self._old(table)
        dirty = [s for s in shards if s.file in old and old[s.file].any()]
        clean = [s for s in shards if s not in dirty]
        if clean:
            yield self._dataset(table, clean), where
        for shard in dirty:
            live = self._live(table, shard)
            yield self._dataset(table, [shard]), live if where is None else where & live

    def _live(self, table: Table, shard: Shard) -> Any:
        """An expression for the rows of a shard that are not superseded: it has each key once, so keys tell them."""
        import pyarrow.compute as pc

        gone = to_hex(self._read_keys[shard.file][self._old(table)[shard.file]])
        return ~pc.field(table.key).isin(pa.array(gone.tolist(), pa.string()))

    def _dataset(self, table: Table, shards: Sequence[Shard]) -> Any:
        import pyarrow.dataset as ds

        options = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
        files = [str(self.root / s.file) for s in shards]
        file_format = ds.ParquetFileFormat(default_fragment_scan_options=options)
        return ds.dataset(files, schema=plain_schema(table), format=file_format)

    def _schema(self, table: Table, columns: Sequence[str] | None) -> Any:
        chosen = table.names if columns is None else tuple(columns)
        for name in chosen:
            if name not in table.names:
                raise StoreError(unknown_name(f"column of {table.name}", name, table.names))
        return pa.schema([plain_schema(table).field(name) for name in chosen])

    def _keys(self, table: Table) -> list[NDArray[np.uint64]]:
        with self._naming_damage():
            for shard in self.manifest.of(table.name):
                if shard.file not in self._read_keys:
                    self._read_keys[shard.file] = read_keys(self.root, shard, table)
        return [self._read_keys[shard.file] for shard in self.manifest.of(table.name)]

    def _old(self, table: Table) -> dict[str, NDArray[np.bool_]]:
        """Superseded rows by file; empty, and read from nowhere, where the manifest says that there are none."""
        if not self.manifest.superseded.get(table.name):
            return {}
        if table.name not in self._olds:
            files = [shard.file for shard in self.manifest.of(table.name)]
            self._olds[table.name] = dict(zip(files, superseded(self._keys(table)), strict=True))
        return self._olds[table.name]

    @contextlib.contextmanager
    def _naming_damage(self) -> Iterator[None]:
        """Turn whatever a library says of an unreadable file, or of a wrong query, into a StoreError."""
        try:
            yield
        except StoreError:
            raise
        except (OSError, ValueError, pa.ArrowException) as error:
            self._blame(checksum=True)
            raise StoreError(f"can't read the store {str(self.root)!r}: {error}") from error
        except Exception as error:
            if not type(error).__module__.endswith("duckdb"):
                raise
            if type(error).__name__ not in _QUERY_MISTAKES:
                self._blame(checksum=True)
            raise StoreError(f"query on the store {str(self.root)!r}: {error}") from error

    def _blame(self, *, checksum: bool) -> None:
        for shard in self.manifest.shards:
            reason = inspect(self.root, shard, checksum=checksum)
            if reason:
                raise StoreError(
                    f"a shard of the store {str(self.root)!r} is damaged: {shard.file} {reason}. "
                    f"`algrid verify {self.root} --repair` moves it to quarantine/ and the next `algrid run` does its "
                    "runs again. (If the store was compacted while you were reading, take a new snapshot.)"
                )


def _numbers(ids: ArrayLike) -> NDArray[np.uint64]:
    given = np.atleast_1d(np.asarray(ids))
    if given.dtype.kind in "ui" or given.size == 0:
        return given.astype(np.uint64)
    try:
        if given.dtype.kind != "U" or not bool((np.char.str_len(given) == 16).all()):
            raise ValueError("a run id is 16 hexadecimal digits, such as '00ff12ab34cd56ef'")
        return from_hex(given)
    except ValueError as error:
        raise StoreError(f"{error}; got {given[:3].tolist()!s}.") from error
