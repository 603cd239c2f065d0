"""Scores paired over two hyperparameters at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.errors import AlgridError
from algrid.influence._block import coded
from algrid.pairing import PART_OF, pair

__all__ = ["Joint", "direction", "joint"]


@dataclass(frozen=True)
class Joint:
    """Scores by setting (of all other hyperparameters; sorted by dataset, then replicate) and two hyperparameters.

    Parameters
    ----------
    values : (n_settings, n_levels, n_across) array
        NaN where missing or infinite.
    pool_empty : (n_settings, n_levels, n_across) bool array
        Whether the run had used up its pool.
    levels, across : list
        Levels of the two, sorted.
    dataset, replicate : (n_settings,) int arrays
        Codes, both ascending.
    """

    values: NDArray[np.float64]
    pool_empty: NDArray[np.bool_]
    levels: list[Any]
    across: list[Any]
    dataset: NDArray[np.int64]
    replicate: NDArray[np.int64]


def joint(scores: pd.DataFrame, by: str, across: str) -> Joint:
    """Pair scores over `by` and `across`.

    Raises
    ------
    AlgridError
        If a column is missing, or one of the two can't be compared over datasets, or they are parts of each other.
    """
    for name in (by, across):
        pair(scores.iloc[:0], name)  # for its checks
    if PART_OF.get(by, by) == PART_OF.get(across, across):
        raise AlgridError(f"{by!r} and {across!r} are the same hyperparameter: take two different ones.")
    code, levels = coded(scores[by])
    other, across_levels = coded(scores[across])
    gone = [c for c in (across, PART_OF.get(across)) if c in scores and c != by]
    frame = scores.drop(columns=gone).assign(**{by: code * max(len(across_levels), 1) + other})
    cells = pair(frame, by)
    values = np.full((len(cells.values), len(levels) * len(across_levels)), np.nan)
    empty = np.zeros(values.shape, dtype=np.bool_)
    columns = np.asarray(cells.levels, dtype=np.intp)
    values[:, columns] = np.where(np.isfinite(cells.values), cells.values, np.nan)
    empty[:, columns] = cells.pool_empty
    shape = (len(values), len(levels), len(across_levels))
    return Joint(values.reshape(shape), empty.reshape(shape), levels, across_levels, cells.dataset, cells.replicate)


def direction(scores: pd.DataFrame, higher_is_better: bool | None) -> float:
    """1 where higher scores are better, -1 where lower are.

    Raises
    ------
    AlgridError
        If it is not known.
    """
    better = scores.attrs.get("higher_is_better") if higher_is_better is None else higher_is_better
    if better is None:
        raise AlgridError(
            "it is not known whether higher scores are better (the table lost its attrs): pass higher_is_better=True "
            "or False."
        )
    return 1.0 if better else -1.0
