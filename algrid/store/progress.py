"""How far each run of a shard is, compact: a few numbers a run, from which resume and status are answered at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from algrid.identity import unmix
from algrid.schema import RUNS, SKYLINES, STOP_REASONS
from algrid.store.derived import derived
from algrid.store.ordering import conform, key_values
from algrid.store.shards import Shard, read_keys
from algrid.stored import Stored

__all__ = ["progress_of"]

_LIMITS = ("limit_seconds", "limit_run_seconds", "limit_memory")
_COLUMNS = ("run_id", "cell_id", "reach", "stop_reason", *_LIMITS)


def progress_of(root: Path, shard: Shard) -> Stored:
    """What resume needs to know of the runs or skylines of a shard.

    Raises
    ------
    OSError, ValueError, pyarrow.ArrowException
        If the shard can't be read.
    """
    return derived(root, "progress-2", shard, ending=".npz", make=lambda: _make(root, shard), read=_read, write=_write)


def _make(root: Path, shard: Shard) -> Stored:
    if shard.table == SKYLINES.name:
        return _with_skylines(np.unique(read_keys(root, shard, SKYLINES)))
    with pq.ParquetFile(root / shard.file, page_checksum_verification=True) as file:
        there = [name for name in _COLUMNS if name in file.schema_arrow.names]
        rows = conform(file.read(columns=there), RUNS).select(_COLUMNS)
    cell_ids = key_values(pc.fill_null(rows["cell_id"], "0" * 16))
    cells, cell = np.unique(cell_ids, return_inverse=True)
    variants, variant = np.unique(unmix(key_values(rows["run_id"]), cell_ids), return_inverse=True)
    limits, limit = _limits([_floats(rows[name]) for name in _LIMITS])
    return Stored(
        cells=cells,
        variants=variants,
        cell=cell.astype(np.int32),
        variant=variant.astype(np.int32),
        reach=np.asarray(pc.fill_null(rows["reach"], -1), dtype=np.int32),
        stop_reason=_reasons(rows["stop_reason"]),
        limits=limits,
        limit=limit,
        skylines=np.empty(0, np.uint64),
    )


def _with_skylines(ids: NDArray[np.uint64]) -> Stored:
    return Stored(**{**vars(Stored.nothing()), "skylines": ids})


def _floats(column: Any) -> NDArray[np.float64]:
    return np.asarray(pc.fill_null(column.cast(pa.float64()), np.inf))


def _limits(columns: list[NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """The distinct combinations, and the position of each row's combination."""
    codes = np.zeros(len(columns[0]), np.intp)
    for values in columns:
        distinct, code = np.unique(values, return_inverse=True)
        _, codes = np.unique(codes * max(1, len(distinct)) + code, return_inverse=True)
    _, first = np.unique(codes, return_index=True)
    return np.column_stack([values[first] for values in columns]), codes.astype(np.int32)


def _reasons(column: Any) -> NDArray[np.int8]:
    values = column.cast(pa.string())
    return np.asarray(pc.fill_null(pc.index_in(values, pa.array(STOP_REASONS)), -1), dtype=np.int8)


def _read(path: Path) -> Stored:
    # opened here: of a damaged file numpy would leave its own open
    with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
        return Stored(**{name: file[name] for name in vars(Stored.nothing())})


def _write(path: Path, value: Stored) -> None:
    with path.open("wb") as file:
        np.savez(file, **vars(value))
