"""Learning curves, one dataset at a time: what keeps those of millions of runs in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from algrid.curves import curves, score_columns
from algrid.errors import AlgridError
from algrid.metrics import Metric
from algrid.pairing import PART_OF
from algrid.schema import AXES, RUNS
from algrid.store import Snapshot

__all__ = ["CurvesByDataset", "curves_by_dataset", "stored_curves"]


@dataclass(frozen=True, eq=False)
class CurvesByDataset:
    """Learning curves, read one dataset at a time.

    Parameters
    ----------
    runs : DataFrame
        The axes of all runs that have a point, one row a run.
    read : callable
        ``read(dataset)`` gives the curves of a dataset, as `algrid.curves.curves` makes them.
    attrs : mapping
        What these tables say of themselves: metric, part, direction.
    """

    runs: pd.DataFrame
    read: Callable[[str], pd.DataFrame]
    attrs: Mapping[Any, Any]

    @property
    def datasets(self) -> list[str]:
        """Names of the datasets, sorted."""
        return sorted(self.runs["dataset"].unique().tolist())

    def of(self, datasets: Collection[str]) -> CurvesByDataset:
        """The same of some of the datasets."""
        return CurvesByDataset(self.runs[self.runs["dataset"].isin(list(datasets))], self.read, self.attrs)


def curves_by_dataset(table: pd.DataFrame | CurvesByDataset) -> CurvesByDataset:
    """Curves by dataset, also of one table.

    Raises
    ------
    AlgridError
        If the table has not the columns of curves.
    """
    if isinstance(table, CurvesByDataset):
        return table
    for column in ("run_id", "dataset", "n_bought", "value"):
        if column not in table:
            known = ", ".join(map(str, table.columns))
            raise AlgridError(f"the curves have no column {column!r}. Their columns: {known}.")
    axes = [c for c in (*AXES, *PART_OF) if c in table]

    def read(dataset: str) -> pd.DataFrame:
        return table[(table["dataset"] == dataset).to_numpy(np.bool_)]

    return CurvesByDataset(table.loc[~table["run_id"].duplicated(), axes], read, table.attrs)


def stored_curves(snapshot: Snapshot, metric: str | Metric, part: str = "test", where: Any = None) -> CurvesByDataset:
    """The curves of stored runs.

    Parameters
    ----------
    snapshot : Snapshot
    metric, part
        As of `algrid.curves.curves`.
    where : str or pyarrow.compute.Expression, optional
        Which runs.

    Raises
    ------
    AlgridError
        As `algrid.curves.curves`, and of the store for an unknown condition.
    """
    columns = score_columns(metric, part)
    runs: pd.DataFrame = snapshot.table(RUNS.name, (*AXES, *PART_OF, "reach"), where).to_pandas()
    nothing = curves(snapshot.table(RUNS.name, columns, pc.scalar(False)), metric, part)

    def read(dataset: str) -> pd.DataFrame:
        return curves(snapshot.of_dataset(dataset, columns, where=where), metric, part)

    with_points = runs[runs["reach"] >= 0]
    return CurvesByDataset(with_points.drop(columns="reach"), read, nothing.attrs)
