"""Stored rows in an order that somebody else sets: read from the store once, however they are scattered in it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from algrid.arrays import places_in, runs_of
from algrid.errors import StoreError
from algrid.store.durable import TEMPORARY
from algrid.store.ordering import key_values

if TYPE_CHECKING:
    from algrid.store.snapshot import Snapshot

__all__ = ["RowQueue"]

#: Rows that lie together, and are read together.
_PAGE = 4_096
#: Bytes of rows that are held in memory; with more of them all go to a file.
_HELD = 256 << 20


class RowQueue:
    """Some rows of `runs`, to be asked for in about the order given.

    Shards are sorted by dataset and strategy, work is handed out by cell and replicate: looked up one cell at a time,
    each would be read from hundreds of places. So rows are read once, at the beginning (which also makes them
    independent of shards that a merge removes), and dealt to pages of rows that will be asked for together. What does
    not fit into memory goes to a temporary file in the store's folder: of each page a piece, as often as memory is
    full. The file has no name: whatever happens, nothing is left behind.

    Parameters
    ----------
    snapshot : Snapshot
    run_ids : (n,) uint64 array
        Distinct ids of stored runs, in the order in which they will be asked for.
    columns : sequence of str
        What is wanted of them beside the id.

    Raises
    ------
    StoreError
        If one is not stored, a shard is damaged, or there is no room for the file.
    """

    def __init__(self, snapshot: Snapshot, run_ids: NDArray[np.uint64], columns: Sequence[str]) -> None:
        self._by_id = np.argsort(run_ids)
        self._sorted = run_ids[self._by_id]
        n_pages = -(-len(run_ids) // _PAGE)
        self._held: list[list[Any]] = [[] for _ in range(n_pages)]
        self._written: list[list[tuple[int, int]]] = [[] for _ in range(n_pages)]  # offset and size of each piece
        self._file: IO[bytes] | None = None
        self._number, self._page = -1, pa.table({})
        try:
            found = self._deal(snapshot, run_ids, ["run_id", *columns])
        except OSError as error:
            self.close()
            raise StoreError(
                f"{len(run_ids):,} runs of the store {str(snapshot.root)!r} are to go on, and a copy of their rows "
                f"can't be written there: {error}. It needs about as much room as the store has now. Nothing is lost."
            ) from error
        if found != len(run_ids):
            self.close()
            raise StoreError(
                f"{len(run_ids):,} runs of the store {str(snapshot.root)!r} are to go on, and {found:,} of them were "
                "found: its index does not fit its shards. Delete the folder `derived` in it; it is made again."
            )

    def rows(self, run_ids: NDArray[np.uint64]) -> list[dict[str, Any]]:
        """Those of these runs that are in the queue, as dicts, in no particular order."""
        places, known = places_in(self._sorted, run_ids)
        at = np.sort(self._by_id[places[known]])
        numbers = at // _PAGE
        found: list[dict[str, Any]] = []
        for number in np.unique(numbers):
            if number != self._number:  # mostly the one that the last cell was in
                self._number, self._page = int(number), self._read(int(number))
            found += self._page.take(pa.array(at[numbers == number] - number * _PAGE)).to_pylist()
        return found

    def close(self) -> None:
        """Give the disk back; twice is harmless."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> RowQueue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _deal(self, snapshot: Snapshot, run_ids: NDArray[np.uint64], names: Sequence[str]) -> int:
        """Deal the rows to pages; how many there are."""
        found = held = 0
        for part in snapshot.rows_in_parts(run_ids):
            numbers = self._places(part) // _PAGE
            order = np.argsort(numbers, kind="stable")
            rows = part.select(names).take(pa.array(order))
            for start, stop in pairwise(runs_of(numbers[order])):
                self._held[numbers[order[start]]].append(rows.slice(start, stop - start))
            found += rows.num_rows
            held += rows.nbytes
            if held > _HELD:
                self._write(snapshot)
                held = 0
        return found

    def _places(self, rows: Any) -> NDArray[np.intp]:
        return self._by_id[places_in(self._sorted, key_values(rows["run_id"]))[0]]

    def _write(self, snapshot: Snapshot) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=snapshot.root, prefix=TEMPORARY)  # noqa: SIM115 - closed by close
        for pieces, written in zip(self._held, self._written, strict=True):
            if pieces:
                block = _packed(pieces)
                written.append((self._file.tell(), block.size))
                self._file.write(block)
                pieces.clear()
        self._file.flush()

    def _read(self, number: int) -> Any:
        """The rows of a page, in their order."""
        pieces = list(self._held[number])
        for offset, size in self._written[number]:
            assert self._file is not None
            with pa.ipc.open_stream(os.pread(self._file.fileno(), size, offset)) as stream:
                pieces.append(stream.read_all())
        page = pa.concat_tables(pieces).combine_chunks()
        return page.take(pa.array(np.argsort(self._places(page))))


def _packed(pieces: Sequence[Any]) -> Any:
    """Tables with the same columns, as the bytes of an Arrow stream."""
    table = pa.concat_tables(pieces).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
        stream.write_table(table)
    return sink.getvalue()
