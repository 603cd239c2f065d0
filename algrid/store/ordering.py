"""Rows in memory as a shard has them: their types, their order, and where a row group ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from algrid.identity import from_hex
from algrid.schema import Table

__all__ = [
    "ROW_GROUP_BYTES",
    "conform",
    "key_values",
    "packed",
    "plain_schema",
    "sort_columns",
    "sort_order",
]

#: Row groups end at so many bytes of Arrow memory or rows, whichever comes first: what a reader or a merge
#: holds of one shard at a time.
ROW_GROUP_BYTES = 16 << 20
ROW_GROUP_ROWS = 1 << 16

_SORT = ("dataset", "strategy", "learner", "batch_size", "split", "start_set", "seed")


def plain_schema(table: Table) -> Any:
    """The table's Arrow schema without its metadata."""
    return pa.schema([pa.field(c.name, c.type) for c in table.columns])


def sort_columns(table: Table) -> tuple[str, ...]:
    """Columns that the rows of a shard are sorted by, before the key."""
    return tuple(name for name in _SORT if name in table.names)


def conform(data: Any, table: Table) -> Any:
    """Arrow data with exactly the table's columns, in order and type; a column that is not there is null."""
    columns = [
        _converted(data[c.name], c.type) if c.name in data.column_names else pa.nulls(data.num_rows, c.type)
        for c in table.columns
    ]
    return pa.Table.from_arrays(columns, schema=plain_schema(table))


def _converted(column: Any, wanted: Any) -> Any:
    if column.type == wanted:
        return column
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(wanted)


def key_values(column: Any) -> NDArray[np.uint64]:
    """Keys of 16 hexadecimal digits as numbers.

    Raises
    ------
    ValueError
        If one is null or something else.
    """
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [_words(chunk) for chunk in chunks if len(chunk)]
    return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def _words(chunk: Any) -> NDArray[np.uint64]:
    # Straight from Arrow's buffers: millions of keys would be slow as Python strings.
    if chunk.null_count:
        raise ValueError("a key must not be null")
    chunk = chunk.cast(pa.string())
    _, offsets_buffer, data = chunk.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    if not bool((np.diff(offsets) == 16).all()):
        raise ValueError("a key is 16 hexadecimal digits, such as '00ff12ab34cd56ef'")
    return from_hex(np.frombuffer(data, "S1")[offsets[0] : offsets[-1]].view("S16"))


def sort_order(data: Any, table: Table, keys: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Positions of the rows in the order of a shard; `data` has at least the columns of `sort_columns`."""
    codes = [_codes(data[name]) for name in sort_columns(table)]
    return np.lexsort((keys, *reversed(codes)))


def _codes(column: Any) -> NDArray[Any]:
    """Integers that sort as the column does, nulls first."""
    if not pa.types.is_dictionary(column.type):
        return np.asarray(pc.fill_null(column, -1))
    joined = column.unify_dictionaries().combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        joined = pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.array([], column.type)
    ranks = np.empty(len(joined.dictionary) + 1, np.int32)
    ranks[np.asarray(pc.array_sort_indices(joined.dictionary))] = np.arange(len(joined.dictionary), dtype=np.int32)
    ranks[-1] = -1
    codes: NDArray[np.int32] = ranks[np.asarray(pc.fill_null(joined.indices, -1))]
    return codes


def packed(tables: Iterable[Any]) -> Iterator[Any]:
    """The same rows in the same order, cut where a row group is full."""
    rest = None
    for table in tables:
        if table.num_rows:
            *full, rest = _blocks(table if rest is None else pa.concat_tables([rest, table]))
            yield from full
    if rest is not None:
        yield rest


def _blocks(table: Any) -> list[Any]:
    total = np.cumsum(_row_bytes(table))
    blocks, start = [], 0
    while start < table.num_rows:
        spent = total[start - 1] if start else 0
        fitting = int(np.searchsorted(total, spent + ROW_GROUP_BYTES, side="right"))
        end = min(max(fitting, start + 1), start + ROW_GROUP_ROWS)
        blocks.append(table.slice(start, end - start))
        start = end
    return blocks


def _row_bytes(table: Any) -> NDArray[np.float64]:
    """Bytes of Arrow memory of each row: lists exactly (they differ by orders of magnitude), the rest on average."""
    cost = np.zeros(table.num_rows)
    for column in table.columns:
        if pa.types.is_list(column.type):
            width = max(column.type.value_type.bit_width / 8, 1)
            cost += width * np.asarray(pc.fill_null(pc.list_value_length(column), 0))
        else:
            cost += column.nbytes / table.num_rows
    return cost
