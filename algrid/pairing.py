"""Pairing: from a scores table to a matrix of settings and levels of one hyperparameter.

Whatever compares levels (leaderboards, influence) compares them within settings, that is at equal values of every
other hyperparameter. The table is grouped once, here; all else is arithmetic on the matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.errors import AlgridError
from algrid.schema import AXES, REPLICATE_AXES

__all__ = ["PART_OF", "SETTING", "Cells", "check_comparable", "codes", "pair"]

#: Everything that can tell one setting from another.
SETTING = (*AXES, "budget", "metric", "aggregate", "part")
#: Parts of an axis that can be looked at in its place.
PART_OF = {"strategy_family": "strategy", "strategy_implementation": "strategy", "learner_name": "learner"}


@dataclass(frozen=True)
class Cells:
    """Scores as a matrix of settings (sorted by dataset, then replicate) and levels.

    Parameters
    ----------
    levels : list
        The levels of the hyperparameter, sorted.
    values : (n_settings, n_levels) array
        NaN where missing.
    pool_empty : (n_settings, n_levels) bool array
        Whether the run had used up its pool.
    dataset, replicate : (n_settings,) int arrays
        Codes, both ascending; a replicate (split, start set, seed) belongs to one dataset.
    """

    levels: list[Any]
    values: NDArray[np.float64]
    pool_empty: NDArray[np.bool_]
    dataset: NDArray[np.int64]
    replicate: NDArray[np.int64]


def pair(scores: pd.DataFrame, by: str) -> Cells:
    """The scores as a matrix of settings and levels of the hyperparameter `by`.

    Nothing depends on the order of the rows, nor on that of the categories of a column.

    Parameters
    ----------
    scores : DataFrame
        Axes, ``value`` (NaN = missing), and optionally ``budget`` and ``pool_empty``.
    by : str
        An axis, ``budget``, or a part of an axis (``strategy_family`` ...), where the several rows of a level and
        setting are averaged. Datasets and replicates are no levels: they are what is averaged over.

    Raises
    ------
    AlgridError
        If a column is missing, or `by` is none that can be looked at.
    """
    check_comparable(scores, by)
    own = (by, PART_OF.get(by, by))
    replicate = [c for c in REPLICATE_AXES if c in scores]
    rest = [c for c in SETTING if c in scores and c not in own and c != "dataset" and c not in replicate]
    level, levels = codes(scores, [by])
    dataset, _ = codes(scores, ["dataset"])
    group, _ = codes(scores, ["dataset", *replicate])
    setting, first = codes(scores, ["dataset", *replicate, *rest])
    shape = (len(first), len(levels))
    value = scores["value"].to_numpy(np.float64)
    cell = setting * shape[1] + level
    present = ~np.isnan(value)
    # several rows of a cell are added in the order of their values, so that the order of rows changes no bit
    order = np.lexsort((value[present], cell[present]))
    count = np.bincount(cell[present], minlength=shape[0] * shape[1])
    total = np.bincount(cell[present][order], weights=value[present][order], minlength=shape[0] * shape[1])
    values = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    empty = np.zeros(len(total), dtype=np.bool_)
    if "pool_empty" in scores:
        empty[cell[scores["pool_empty"].to_numpy(np.bool_)]] = True
    names = scores[by].iloc[levels].tolist()
    return Cells(names, values.reshape(shape), empty.reshape(shape), dataset[first], group[first])


def codes(frame: pd.DataFrame, columns: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n_rows,) codes of the combinations of these columns in sorted order, and (n_codes,) a row of each."""
    codes = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        own, size = _column_codes(frame[column])
        codes = codes * max(size, 1) + own
        if size > 1:  # made dense again, so that the product never overflows
            codes = np.unique(codes, return_inverse=True)[1]
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    return codes, first


def _column_codes(column: pd.Series[Any]) -> tuple[NDArray[np.int64], int]:
    """Codes in the order of the sorted values, missing ones first, and how many there may be."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        # the order of categories is that in which a file was read: it must not matter
        rank = pd.Series(column.cat.categories).rank(method="first").to_numpy(np.int64)
        return np.append(rank, 0)[column.cat.codes.to_numpy()], len(rank) + 1
    codes, uniques = pd.factorize(column, sort=True)
    return codes.astype(np.int64) + 1, len(uniques) + 1


def check_comparable(scores: pd.DataFrame, by: str) -> None:
    """Raise an AlgridError where a column is missing, or the levels of `by` can't be compared over datasets."""
    for column in (by, "dataset", "value"):
        if column not in scores.columns:
            known = ", ".join(map(str, scores.columns))
            raise AlgridError(f"the scores have no column {column!r}. Their columns: {known}.")
    allowed = [c for c in (*SETTING, *PART_OF) if c in scores and c not in ("dataset", *REPLICATE_AXES)]
    if by not in allowed:
        raise AlgridError(
            f"levels of {by!r} can't be compared over datasets (datasets and replicates are what is averaged over). "
            f"Take one of: {', '.join(allowed)}."
        )
