"""What stored results tell of the rows of a pool: how often oracles picked them, and what their batches gained.

Both belong to the sample measures of the reference study (arXiv 2506.03817); those that come from the data, and from
learners, are in `algrid.sample_measures`.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from algrid.influence._resampling import quotient
from algrid.influence.runs_by_dataset import ragged
from algrid.points import columns_for, n_bought, point_values

__all__ = ["PICKED_COLUMNS", "accuracy_gain", "oracle_picks"]

#: The stored columns that are read.
PICKED_COLUMNS = tuple(dict.fromkeys(("strategy_family", "queried", *columns_for("accuracy"))))

Floats = NDArray[np.float64]


def oracle_picks(runs: pa.Table, n_pool: int, oracles: Collection[str]) -> Floats:
    """(n_pool,) share of the runs of oracle strategies that picked the row; NaN where there is no such run.

    Parameters
    ----------
    runs : pyarrow.Table
        Runs of one pool.
    n_pool : int
    oracles : collection of str
        Families of strategies that know the true labels.
    """
    is_oracle = runs.column("strategy_family").to_pandas().isin(list(oracles)).to_numpy()
    if not is_oracle.any():
        return np.full(n_pool, np.nan)
    picked, _ = ragged(runs.filter(pa.array(is_oracle)), "queried")
    return np.bincount(picked, minlength=n_pool).astype(np.float64) / int(is_oracle.sum())


def accuracy_gain(runs: pa.Table, n_pool: int) -> Floats:
    """(n_pool,) mean over the batches that a row was in of how much the test accuracy rose; NaN for one never queried.

    Parameters
    ----------
    runs : pyarrow.Table
        Runs of one pool, of any strategy: a row's value is partly that of the company it was in.
    n_pool : int
    """
    accuracy, offsets = point_values(runs, "accuracy")
    labels, _ = ragged(runs, "n_labeled")
    bought = n_bought(labels, offsets)
    later = np.ones(len(accuracy), dtype=np.bool_)
    later[offsets[:-1][np.diff(offsets) > 0]] = False  # a run's first point has no batch
    step = np.flatnonzero(later)
    gain = np.repeat(accuracy[step] - accuracy[step - 1], bought[step] - bought[step - 1])
    picked, _ = ragged(runs, "queried")
    count = np.bincount(picked, minlength=n_pool).astype(np.float64)
    total = np.bincount(picked, weights=gain, minlength=n_pool).astype(np.float64)
    return quotient(total, count)
