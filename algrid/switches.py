"""Where the ramp-up of each run ends: by the accuracy of random sampling at the same setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.aggregates import Curves, switch_points
from algrid.points import columns_for, n_bought, point_values

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["REFERENCE", "Switches", "switch_columns"]

#: The family of strategies whose curve says where the ramp-up ends, whatever the implementation.
REFERENCE = "random"
_METRIC = "accuracy"
#: What runs of one setting have in common; they differ in strategy and query learner.
_KEY = ["cell_id", "batch_size"]


def switch_columns() -> tuple[str, ...]:
    """The stored columns that the runs of the reference need."""
    return tuple(dict.fromkeys((*_KEY, "strategy", "strategy_family", "stop_reason", "n_pool", *columns_for(_METRIC))))


class Switches:
    """Switch points of runs.

    Parameters
    ----------
    runs : pyarrow.Table
        The runs that are scored, with the columns ``cell_id`` and ``batch_size``.
    reference : pyarrow.Table
        Runs with the columns of `switch_columns`; those of the family ``random`` count. Of several implementations at
        one setting the first by name counts: ``random`` itself, where it was run.
    """

    def __init__(self, runs: pa.Table, reference: pa.Table) -> None:
        is_random = reference.column("strategy_family").to_pandas().astype(object).to_numpy() == REFERENCE
        table = reference.take(np.flatnonzero(is_random))
        values, offsets = point_values(table, _METRIC)
        labels = np.asarray(table.column("n_labeled").combine_chunks().flatten(), dtype=np.int64)
        self._curves = Curves(values, n_bought(labels, offsets).astype(np.float64), offsets)
        stop = table.column("stop_reason").to_pandas().astype(object).to_numpy()
        self._used_up = stop == "pool_empty"
        self._as_planned = self._used_up | (stop == "budget")
        keys = table.select([*_KEY, "strategy"]).to_pandas().assign(place=np.arange(table.num_rows))
        keys = keys.astype({"strategy": str}).sort_values("strategy", kind="stable").drop_duplicates(_KEY)
        keys = keys[[*_KEY, "place"]]
        found = runs.select(_KEY).to_pandas().merge(keys, on=_KEY, how="left", validate="many_to_one")["place"]
        self._place = pd.to_numeric(found).fillna(-1).to_numpy(np.int64)

    def at(self, budget: float | None, *, include_start: bool) -> NDArray[np.int64]:
        """(n_runs,) points of the ramp-up; -1 where no run of the reference goes as far."""
        lengths = self._curves.lengths
        reach = np.full(len(lengths), -1.0)
        reach[lengths > 0] = self._curves.bought[self._curves.offsets[1:][lengths > 0] - 1]
        goes_far = self._as_planned if budget is None else self._used_up | (reach >= budget)
        switch = switch_points(self._curves, budget=budget, include_start=include_start)
        known = np.append(np.where(goes_far & (lengths > 0), switch, -1), -1)
        return np.asarray(known[self._place], dtype=np.int64)
