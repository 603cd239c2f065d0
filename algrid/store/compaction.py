"""Merging shards into fewer, larger, sorted ones, in bounded memory.

Each shard is sorted, so a merge holds one row group of each sequence that it merges. What is compared is
the rank of a row among all rows of the merge, which comes from the few sort columns alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from algrid.schema import Table
from algrid.store.ordering import ROW_GROUP_BYTES, conform, key_values, packed, sort_columns, sort_order
from algrid.store.shards import Shard, ShardWriter

__all__ = ["chains", "groups", "merge", "write_all"]

#: What a sequence costs in a merge: a row group, in buffers that have grown to up to twice its size.
_HELD_BYTES = 2 * ROW_GROUP_BYTES
#: Or, where that is less, the whole shard: so many times its bytes on disk.
_EXPANSION = 48


def chains(shards: Sequence[Shard]) -> list[list[Shard]]:
    """The sorted sequences that these shards make up."""
    found: dict[int, list[Shard]] = {}
    for shard in sorted(shards, key=lambda s: s.sequence):
        found.setdefault(shard.run, []).append(shard)
    return list(found.values())


def groups(candidates: Sequence[list[Shard]], memory: int) -> list[list[list[Shard]]]:
    """Cut sequences into groups whose merge holds about so many bytes; of at least two, so that each helps."""
    cut: list[list[list[Shard]]] = []
    spent = 0
    for chain in candidates:
        need = min(_HELD_BYTES, _EXPANSION * max(shard.bytes for shard in chain))
        if cut and (spent + need <= memory or len(cut[-1]) == 1):
            cut[-1].append(chain)
            spent += need
        else:
            cut.append([chain])
            spent = need
    if len(cut) > 1 and len(cut[-1]) == 1:
        cut[-2:] = [cut[-2] + cut[-1]]
    return cut


def merge(
    root: Path,
    table: Table,
    inputs: Sequence[list[Shard]],
    old: Mapping[str, NDArray[np.bool_]],
    sink: Callable[[Iterator[Any]], None],
) -> None:
    """Hand the live rows of sorted sequences, in order and cut into row groups, to `sink`.

    Parameters
    ----------
    root : Path
        The store's folder.
    table : Table
        What the rows are of.
    inputs : sequence of lists of Shard
        The sorted sequences.
    old : mapping
        By file, which rows are superseded; a file that is not there has none.
    sink : callable
        Takes an iterator of Arrow tables.
    """
    ranks = _ranks(root, table, [shard for chain in inputs for shard in chain])
    cursors = [_Cursor(root, table, part, ranks, old) for chain in inputs for part in _sorted_parts(chain, ranks)]
    sink(packed(_merged(cursors)))


def write_all(
    blocks: Iterator[Any], start: Callable[[], ShardWriter], done: Callable[[Shard], None], *, rows: int, size: int
) -> None:
    """Write row groups to shards of about so many rows or bytes, whichever comes first."""
    writer: ShardWriter | None = None
    try:
        for block in blocks:
            writer = writer or start()
            writer.write(block)
            if writer.rows >= rows or writer.bytes >= size:
                done(writer.finish())
                writer = None
        if writer is not None:
            done(writer.finish())
    except BaseException:
        if writer is not None:
            writer.abort()
        raise


def _ranks(root: Path, table: Table, shards: Sequence[Shard]) -> dict[str, NDArray[np.int64]]:
    """By file: the place of each of its rows in the order of all of them."""
    columns = [*sort_columns(table), table.key]
    parts = [pq.read_table(root / s.file, columns=columns, partitioning=None) for s in shards]
    joined = pa.concat_tables(parts)
    ranks = np.empty(joined.num_rows, np.int64)
    ranks[sort_order(joined, table, key_values(joined[table.key]))] = np.arange(joined.num_rows)
    ends = np.cumsum([part.num_rows for part in parts])[:-1]
    return dict(zip((s.file for s in shards), np.split(ranks, ends), strict=True))


def _sorted_parts(chain: list[Shard], ranks: Mapping[str, NDArray[np.int64]]) -> list[list[Shard]]:
    """The sequence as it is, or its shards one by one where it is not sorted after all (another algrid wrote it)."""
    joined = np.concatenate([ranks[shard.file] for shard in chain])
    return [chain] if bool((np.diff(joined) > 0).all()) else [[shard] for shard in chain]


class _Cursor:
    """A place in a sorted sequence of shards: the rows that are read and not yet given out."""

    def __init__(
        self,
        root: Path,
        table: Table,
        chain: Sequence[Shard],
        ranks: Mapping[str, NDArray[np.int64]],
        old: Mapping[str, NDArray[np.bool_]],
    ) -> None:
        self._parts = self._read(root, table, chain, ranks, old)
        self.rows: Any = None
        self.ranks = np.empty(0, np.int64)
        self.advance()

    @staticmethod
    def _read(
        root: Path,
        table: Table,
        chain: Sequence[Shard],
        ranks: Mapping[str, NDArray[np.int64]],
        old: Mapping[str, NDArray[np.bool_]],
    ) -> Iterator[tuple[Any, NDArray[np.int64]]]:
        for shard in chain:
            places = ranks[shard.file]
            live = ~old.get(shard.file, np.zeros(places.size, np.bool_))
            with pq.ParquetFile(root / shard.file, page_checksum_verification=True) as file:
                if bool((np.diff(places) < 0).any()):  # not sorted: held whole
                    order = np.argsort(places)
                    order = order[live[order]]
                    yield conform(file.read(), table).take(pa.array(order)), places[order]
                    continue
                start = 0
                for group in range(file.num_row_groups):
                    part = conform(file.read_row_group(group), table)
                    kept = np.flatnonzero(live[start : start + part.num_rows])
                    rows = part if kept.size == part.num_rows else part.take(pa.array(kept))
                    yield rows, places[start : start + part.num_rows][kept]
                    start += part.num_rows

    def advance(self) -> None:
        """Read on until there are rows; none are left where `ranks` stays empty."""
        while not self.ranks.size:
            following = next(self._parts, None)
            if following is None:
                return
            self.rows, self.ranks = following

    def take_until(self, rank: int) -> tuple[Any, NDArray[np.int64]]:
        """Give out the rows up to this rank, and read on if none are left."""
        count = int(np.searchsorted(self.ranks, rank, side="right"))
        given = self.rows.slice(0, count), self.ranks[:count]
        self.rows, self.ranks = self.rows.slice(count), self.ranks[count:]
        self.advance()
        return given


def _merged(cursors: list[_Cursor]) -> Iterator[Any]:
    """Rows of all cursors in the order of their ranks."""
    cursors = [cursor for cursor in cursors if cursor.ranks.size]
    while cursors:
        # No cursor can still bring a row of a rank up to here; about a row group at a time, as all are held twice.
        until = min(int(cursor.ranks[-1]) for cursor in cursors)
        size = sum(cursor.rows.nbytes for cursor in cursors) / sum(cursor.ranks.size for cursor in cursors)
        count = int(ROW_GROUP_BYTES / size) + 1
        first = np.concatenate([cursor.ranks[:count] for cursor in cursors])
        if first.size > count:
            until = min(until, int(np.partition(first, count)[count]))
        taken = [cursor.take_until(until) for cursor in cursors if cursor.ranks[0] <= until]
        rows = pa.concat_tables([rows for rows, _ in taken]).unify_dictionaries()
        yield rows.take(pa.array(np.argsort(np.concatenate([ranks for _, ranks in taken]))))
        cursors = [cursor for cursor in cursors if cursor.ranks.size]
