"""Sample measures of all pools of stored results: from their data, from replays, and from what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.cache import folder_hash
from algrid.cell import Cell
from algrid.history import History
from algrid.identity import content_key
from algrid.influence.picked_rows import PICKED_COLUMNS, accuracy_gain, oracle_picks
from algrid.influence.runs_by_dataset import RunsByDataset, axes_of
from algrid.influence.sample_profiles import POOL_AXES
from algrid.pool import make_pool
from algrid.provenance import code
from algrid.replay import replay
from algrid.sample_measures import of_data, of_replays
from algrid.seeds import generator
from algrid.ticks import ticking

if TYPE_CHECKING:
    from algrid.plan import Plan
    from algrid.store import Snapshot

__all__ = ["MEASURES", "measures_version", "pool_measures", "sampled_runs"]

#: Measures in the order in which tables and figures have them, and what a high value says.
MEASURES = {
    "neighbour_distance": "mean distance to the k nearest rows: sparse surroundings",
    "cluster_distance": "distance to the nearest cluster's centre: no prototype",
    "outlierness": "isolation forest: easily set apart",
    "own_class_near": "mean distance to the k nearest rows of its class",
    "own_class_distance": "mean distance to all rows of its class",
    "other_class_near": "mean distance to the k nearest rows of other classes",
    "other_class_distance": "mean distance to all rows of other classes",
    "label_purity": "share of the k nearest rows that have its class",
    "boundary_distance": "distance to the boundary of a support vector machine that knows the pool",
    "confidence": "cross-validated probability of its class",
    "uncertainty": "1 less the highest probability, in replays while unlabelled",
    "misclassified": "share of points at which it is misclassified, in replays while unlabelled",
    "switching": "share of steps at which its predicted class changes, in replays while unlabelled",
    "oracle_picks": "share of the runs of oracle strategies that pick it",
    "accuracy_gain": "mean rise of the test accuracy with the batches that it was in",
}


def pool_measures(
    snapshot: Snapshot, plan: Plan, runs: RunsByDataset, *, replays: int, seed: int
) -> Iterator[pd.DataFrame]:
    """Measure the rows of all pools of the stored runs, one pool after another.

    Parameters
    ----------
    snapshot : Snapshot
        What is stored.
    plan : Plan
        Of its grid.
    runs : RunsByDataset
        The stored runs.
    replays : int
        Runs of each pool that are fitted again; see `sampled_runs`.
    seed : int
        Of their draw, and of what measures at random.

    Yields
    ------
    DataFrame
        One row a row of the pool: `POOL_AXES`, ``pool_index``, and the columns of `MEASURES`.
    """
    oracles = {v.strategy.family() for v in plan.variants if "true_labels" in v.strategy.needs}
    columns = tuple(dict.fromkeys((*POOL_AXES, "learner", "strategy", "reach", *PICKED_COLUMNS)))
    for name in ticking(runs.datasets, len(runs.datasets), "measuring pools"):
        table = runs.read(name, columns)
        axes = axes_of(table, (*POOL_AXES, "learner", "strategy", "reach", "run_id"))
        for own in axes.groupby(list(POOL_AXES), observed=True, sort=True).indices.values():
            first = axes.iloc[own[0]]
            names: dict[str, Any] = {axis: first[axis] for axis in POOL_AXES} | {"split": int(first["split"])}
            drawn = sampled_runs(axes.iloc[own], replays, generator(seed, "replays", **names))
            again = snapshot.rows(axes["run_id"].to_numpy()[own[drawn]].tolist()).to_pylist()
            replayed = [(plan.find(row["run_id"])[0], History.from_row(row)) for row in again]
            cell, _, _ = plan.find(axes["run_id"].iloc[own[0]])
            pool = make_pool(cell, cell.dataset.load())
            found = {
                **(of_data(pool.X, pool.y, pool.n_classes, seed) if _has_distances(cell) else {}),
                **of_replays((replay(*one) for one in replayed), pool.n_pool),
                "oracle_picks": oracle_picks(table.take(own), pool.n_pool, oracles),
                "accuracy_gain": accuracy_gain(table.take(own), pool.n_pool),
            }
            values = {measure: found.get(measure, np.nan) for measure in MEASURES}
            yield pd.DataFrame({**names, "pool_index": np.arange(pool.n_pool), **values})


def measures_version(replays: int, seed: int) -> str:
    """Another one for whatever would measure something else: arguments, algrid's sources, versions of packages."""
    return content_key([replays, seed, folder_hash(Path(__file__).parent), code()["packages"]])


def _has_distances(cell: Cell) -> bool:
    """Whether features are numbers: ids of tokens are not near to one another, or far."""
    return cell.preprocessing.gives == "features"


def sampled_runs(axes: pd.DataFrame, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Positions of `n` runs, spread evenly over strategies and learners, and drawn at random within them.

    Parameters
    ----------
    axes : DataFrame
        ``strategy``, ``learner``, ``run_id`` and ``reach`` of each run; those that never got beyond the start set are
        not drawn. The order of the rows does not matter.
    n : int
    rng : numpy.random.Generator
    """
    able = np.flatnonzero(axes["reach"].to_numpy() > 0)
    frame = axes.iloc[able].assign(place=able).sort_values("run_id", kind="stable")
    frame = frame.iloc[rng.permutation(len(frame))]
    turn = frame.groupby(["strategy", "learner"], observed=True, sort=False).cumcount().to_numpy()
    # within a turn the order is random, so that the last turn, which may be cut, favours nobody
    return frame["place"].to_numpy(np.intp)[np.argsort(turn, kind="stable")[:n]]
