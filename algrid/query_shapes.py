"""How the batches of stored runs are made: the balance of their classes, and how far their rows lie apart.

The measures are those of `algrid.influence.queried_rows`; here they are computed for stored runs, whose data are loaded
again. Nothing is fitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algrid.history import History
from algrid.influence.queried_rows import SHAPES, class_balance, query_distances
from algrid.influence.runs_by_dataset import RunsByDataset, axes_of
from algrid.pool import Pool, make_pool
from algrid.pool_measures import sampled_runs
from algrid.schema import AXES, CELL_AXES
from algrid.seeds import generator
from algrid.ticks import ticking

if TYPE_CHECKING:
    from algrid.plan import Plan
    from algrid.store import Snapshot

__all__ = ["query_shapes"]


def query_shapes(
    snapshot: Snapshot, plan: Plan, runs: RunsByDataset, budget: int | None, *, most: int | None, seed: int
) -> Iterator[pd.DataFrame]:
    """Measure the batches of stored runs, one cell after another.

    Parameters
    ----------
    snapshot : Snapshot
        What is stored.
    plan : Plan
        Of its grid.
    runs : RunsByDataset
        The stored runs.
    budget : int or None
        Labels bought up to which batches count; None for all.
    most : int or None
        Runs of each cell that are looked at, spread over strategies; None for all.
    seed : int
        Of their draw.

    Yields
    ------
    DataFrame
        One row a run: ``run_id``, the axes, and `SHAPES` (means over its batches; of the class balance the last).
    """
    for name in ticking(runs.datasets, len(runs.datasets), "looking at batches"):
        axes = axes_of(runs.read(name, (*AXES, "run_id", "reach")), (*AXES, "run_id", "reach"))
        groups: dict[Any, Any] = axes.groupby(list(CELL_AXES), observed=True, sort=True).indices
        for own in groups.values():
            ids = axes["run_id"].iloc[own]
            rng = generator(seed, "batches", cell=min(ids))
            drawn = own[sampled_runs(axes.iloc[own], len(own) if most is None else most, rng)]
            if not len(drawn):
                continue
            frame = axes.iloc[np.sort(drawn)].drop(columns="reach").reset_index(drop=True)
            cell, _, _ = plan.find(frame["run_id"].iloc[0])
            pool = make_pool(cell, cell.dataset.load())
            stored = {row["run_id"]: row for row in snapshot.rows(frame["run_id"].tolist()).to_pylist()}
            shapes = [_shape(pool, History.from_row(stored[run_id]), budget) for run_id in frame["run_id"]]
            yield pd.concat([frame, pd.DataFrame(shapes, columns=list(SHAPES))], axis=1)


def _shape(pool: Pool, history: History, budget: int | None) -> dict[str, float]:
    tables = (class_balance(pool, history), query_distances(pool, history))
    balance, distances = (t[(t["cycle"] > 0) & (t["n_bought"] <= (budget or np.inf))] for t in tables)
    last = {"class_gap": np.nan, "class_gap_maximum": np.nan}
    if len(balance):
        last = {"class_gap": balance["l1"].iloc[-1], "class_gap_maximum": balance["maximum"].iloc[-1]}
    return last | {name: float(distances[name].mean()) for name in ("within", "to_labeled", "to_unlabeled")}
