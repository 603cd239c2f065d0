"""Stored rows in an order that somebody else sets: read from the store once, however they are scattered in it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from algrid.errors import StoreError
from algrid.identity import to_hex
from algrid.store.durable import TEMPORARY
from algrid.store.ordering import key_values

if TYPE_CHECKING:
    from algrid.store.snapshot import Snapshot

__all__ = ["RowQueue"]

#: So many rows are held in memory as they are; more are sorted into a file.
_FEW = 2_000
#: Rows of the file that are read at a time, and the memory that sorting may take.
_GROUP, _MEMORY = 2_048, "2GB"


class RowQueue:
    """Some rows of `runs`, to be asked for in about the order given.

    Shards are sorted by dataset and strategy, work is handed out by cell and replicate: looked up one cell at a time,
    each would be read from hundreds of places. So rows are read once, at the beginning (which also makes them
    independent of shards that a merge removes), and sorted into a temporary file in the store's folder. The file has
    no name any more while it is used: whatever happens, nothing is left behind.

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
        names = ["run_id", *columns]
        if len(run_ids) <= _FEW:
            held = snapshot.rows(run_ids).select(names)
            order = np.searchsorted(self._sorted, key_values(held["run_id"]))
            self._held = held.take(pa.array(np.argsort(self._by_id[order])))
            self._file: pq.ParquetFile | None = None
            found = held.num_rows
        else:
            self._file = _sorted_file(snapshot, run_ids, names)
            self._held, self._group = None, -1
            found = self._file.metadata.num_rows
            sizes = [self._file.metadata.row_group(i).num_rows for i in range(self._file.num_row_groups)]
            self._ends = np.cumsum(sizes)
        if found != len(run_ids):
            self.close()
            raise StoreError(
                f"{len(run_ids):,} runs of the store {str(snapshot.root)!r} are to go on, and {found:,} of them were "
                "found: its index does not fit its shards. Delete the folder `derived` in it; it is made again."
            )

    def rows(self, run_ids: NDArray[np.uint64]) -> list[dict[str, Any]]:
        """Those of these runs that are in the queue, as dicts, in no particular order."""
        places = np.minimum(np.searchsorted(self._sorted, run_ids), max(0, len(self._sorted) - 1))
        known = self._sorted[places] == run_ids if len(self._sorted) else np.zeros(len(run_ids), np.bool_)
        at = np.sort(self._by_id[places[known]])
        if self._file is None:
            return list(self._held.take(pa.array(at)).to_pylist())
        groups = np.searchsorted(self._ends, at, side="right")
        found: list[dict[str, Any]] = []
        for group in np.unique(groups):
            if group != self._group:  # mostly the one that the last cell was in
                self._group, self._held = int(group), self._file.read_row_group(int(group))
            inside = at[groups == group] - (self._ends[group] - self._held.num_rows)
            found += self._held.take(pa.array(inside)).to_pylist()
        return found

    def close(self) -> None:
        """Give the disk back; twice is harmless."""
        if self._file is not None:
            self._file.close(force=True)

    def __enter__(self) -> RowQueue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _sorted_file(snapshot: Snapshot, run_ids: NDArray[np.uint64], names: Sequence[str]) -> pq.ParquetFile:
    path = snapshot.root / f"{TEMPORARY}queue-{secrets.token_hex(4)}.parquet"
    wanted = pa.table({"run_id": to_hex(run_ids), "_place": np.arange(len(run_ids))})
    columns = ", ".join(f'"{name}"' for name in names)
    try:
        snapshot.export(
            f"SELECT {columns} FROM runs JOIN _wanted USING (run_id) ORDER BY _place",
            path,
            tables={"_wanted": wanted},
            group_rows=_GROUP,
            memory=_MEMORY,
        )
        handle = path.open("rb")
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    return pq.ParquetFile(handle)
