"""Runs with what they queried, one dataset at a time: what keeps millions of runs in bounded memory.

A table of runs is as good where it fits; `algrid.results` reads them from the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from algrid.arrays import offsets_of, ragged_arange
from algrid.errors import AlgridError
from algrid.influence._block import coded
from algrid.schema import AXES
from algrid.ticks import ticking

__all__ = [
    "OVERALL_COLUMNS",
    "RunsByDataset",
    "axes_of",
    "codes_of",
    "levels_of",
    "ragged",
    "ragged_rows",
    "runs_by_dataset",
]

#: What has to be known of all runs at once.
OVERALL_COLUMNS = (*AXES, "reach")

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class RunsByDataset:
    """Runs, read one dataset at a time.

    Parameters
    ----------
    overall : pyarrow.Table
        The columns of `OVERALL_COLUMNS` of all runs.
    read : callable
        ``read(dataset, columns)`` gives all runs of a dataset, in any order.
    """

    overall: pa.Table
    read: Callable[[str, Sequence[str]], pa.Table]

    @property
    def datasets(self) -> list[str]:
        """Names of the datasets, sorted."""
        return sorted(self.overall.column("dataset").unique().to_pylist())

    def parts(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """The runs of each dataset in turn, in the order of `datasets`."""
        names = self.datasets
        for name in ticking(names, len(names), "looking at queried rows"):
            yield self.read(name, columns)


def runs_by_dataset(runs: pa.Table | RunsByDataset, columns: Sequence[str]) -> RunsByDataset:
    """Runs by dataset, also of one table.

    Raises
    ------
    AlgridError
        If the table has not all of these columns, of which `OVERALL_COLUMNS` are a part.
    """
    if isinstance(runs, RunsByDataset):
        return runs
    missing = [name for name in columns if name not in runs.column_names]
    if missing:
        raise AlgridError(f"the runs have no column {missing[0]!r}. Load these: {', '.join(columns)}.")

    def read(dataset: str, columns: Sequence[str]) -> pa.Table:
        return runs.select(columns).filter(pc.equal(runs.column("dataset"), dataset))

    return RunsByDataset(runs.select(OVERALL_COLUMNS), read)


def codes_of(frame: pd.DataFrame, columns: Sequence[str]) -> Ints:
    """(n_rows,) dense codes of the combinations of these columns, in the order of their values, first column first."""
    joined = np.zeros(len(frame), dtype=np.int64)
    for name in columns:
        own, found = coded(frame[name])
        joined = np.unique(joined * max(len(found), 1) + own, return_inverse=True)[1].astype(np.int64)
    return joined


def axes_of(table: pa.Table, names: Sequence[str] = AXES) -> pd.DataFrame:
    """These columns as a DataFrame, labels as categories."""
    frame: pd.DataFrame = table.select(names).unify_dictionaries().to_pandas()
    return frame


def ragged(table: pa.Table, name: str) -> tuple[Ints, Ints]:
    """Flat values and (n + 1,) offsets of a list column; null is empty."""
    column = table.column(name)
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0), dtype=np.int64)
    return np.asarray(pc.list_flatten(column), dtype=np.int64), offsets_of(lengths)


def ragged_rows(values: Ints, offsets: Ints, width: int) -> Ints:
    """(n, width) the first of every segment; -1 beyond its end."""
    lengths = np.minimum(np.diff(offsets), width)
    out = np.full((len(lengths), width), -1, dtype=np.int64)
    column = ragged_arange(np.zeros_like(lengths), lengths)
    out[np.repeat(np.arange(len(lengths)), lengths), column] = values[ragged_arange(offsets[:-1], lengths)]
    return out


def levels_of(runs: RunsByDataset, by: str) -> list[Any]:
    """The levels of an axis over all datasets, sorted; missing ones (None) last."""
    return coded(axes_of(runs.overall, [by])[by])[1]
