"""The grid as one array: an axis for the dataset, for each kind of replicate and for each hyperparameter.

What is missing leaves holes. Statistics that need every combination are computed on a complete block, that a greedy
rule chooses: as long as anything is missing, the level of which the largest share is missing is dropped (of equal
shares the level with fewer values, then the earlier axis, then the later level). The rule is no search for the largest
block, but it is the same for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.errors import AlgridError
from algrid.schema import AXES, REPLICATE_AXES

__all__ = ["Block", "as_array", "coded", "factors_of"]

#: Cells that an array may have.
_MOST_CELLS = 200_000_000

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """A grid of scores.

    Parameters
    ----------
    values : (n_datasets, n_splits, n_start_sets, n_seeds, *n_levels) array
        NaN where missing; the three axes of replicates have length 1 where the scores do not tell them.
    levels : dict
        Name of each axis of `values`, in order, and its levels, sorted.
    """

    values: Floats
    levels: dict[str, list[Any]]

    def complete(self) -> Block:
        """The complete block of the module's rule."""
        present = ~np.isnan(self.values)
        kept = _greedy(present)
        names = list(self.levels)
        levels = {name: [self.levels[name][i] for i in keep] for name, keep in zip(names, kept, strict=True)}
        return Block(self.values[np.ix_(*kept)], levels)

    def missing(self) -> dict[str, dict[Any, float]]:
        """Of each axis and level, the share of its cells that is missing."""
        gaps = np.isnan(self.values)
        shares = {}
        for i, (name, levels) in enumerate(self.levels.items()):
            share = np.mean(gaps, axis=tuple(a for a in range(gaps.ndim) if a != i))
            shares[name] = dict(zip(levels, np.atleast_1d(share).tolist(), strict=True))
        return shares


def factors_of(scores: pd.DataFrame) -> list[str]:
    """The hyperparameters that vary within a dataset, other than replicates; ``budget`` among them."""
    names = [c for c in (*AXES, "budget") if c in scores and c not in ("dataset", *REPLICATE_AXES)]
    if not len(scores):
        return []
    dataset, _ = coded(scores["dataset"])
    return [name for name in names if _varies(coded(scores[name])[0], dataset)]


def as_array(scores: pd.DataFrame, factors: list[str]) -> Block:
    """The scores as an array over dataset, replicates and these hyperparameters; rows of one cell are averaged.

    Raises
    ------
    AlgridError
        If a column is missing, or the grid has too many combinations for an array.
    """
    for column in ("dataset", "value", *factors):
        if column not in scores:
            raise AlgridError(
                f"the scores have no column {column!r}. Their columns: {', '.join(map(str, scores.columns))}."
            )
    names = ("dataset", *REPLICATE_AXES, *factors)
    cell = np.zeros(len(scores), dtype=np.int64)
    levels: dict[str, list[Any]] = {}
    for name in names:
        codes, levels[name] = coded(scores[name]) if name in scores else (np.zeros(len(scores), np.int64), [0])
        cell = cell * max(len(levels[name]), 1) + codes
    shape = tuple(len(own) for own in levels.values())
    if prod(shape) > _MOST_CELLS:
        sizes = ", ".join(f"{name} {len(own)}" for name, own in levels.items())
        raise AlgridError(
            f"the full grid of these scores has {prod(shape):,} combinations ({sizes}), more than {_MOST_CELLS:,}: "
            "take fewer levels, or average over a hyperparameter first."
        )
    return Block(_averaged(cell, scores["value"].to_numpy(np.float64), prod(shape)).reshape(shape), levels)


def coded(column: pd.Series[Any]) -> tuple[Ints, list[Any]]:
    """(n_rows,) codes of a column in the order of its values, and the values; missing ones (None) come last."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = column.cat.codes.to_numpy().astype(np.int64), pd.Index(column.cat.categories)
    else:
        codes, values = pd.factorize(column)
    used = np.unique(codes)
    gaps = bool(len(used)) and used[0] < 0
    own = values[used[int(gaps) :]]
    order = np.argsort(own.to_numpy(), kind="stable")
    place = np.full(len(values) + 1, len(order), dtype=np.int64)  # the last place is that of code -1: missing
    place[used[int(gaps) :][order]] = np.arange(len(order))
    return place[codes], own[order].tolist() + [None] * int(gaps)


def _varies(codes: Ints, dataset: Ints) -> bool:
    low = np.full(dataset.max() + 1, np.iinfo(np.int64).max)
    high = np.full_like(low, -1)
    np.minimum.at(low, dataset, codes)
    np.maximum.at(high, dataset, codes)
    return bool(np.any(low != high))


def _averaged(cell: Ints, value: Floats, size: int) -> Floats:
    present = np.isfinite(value)
    cell, value = cell[present], value[present]
    count = np.bincount(cell, minlength=size)
    if np.max(count, initial=0) > 1:  # added in the order of their values, so that the order of rows changes no bit
        order = np.lexsort((value, cell))
        cell, value = cell[order], value[order]
    total = np.bincount(cell, weights=value, minlength=size)
    values = np.full(size, np.nan)
    np.divide(total, count, out=values, where=count > 0)
    return values


def _greedy(present: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """What is kept of each axis."""
    kept = [np.arange(n) for n in present.shape]
    while present.size and not present.all():
        worst = min(_candidates(present))
        axis, level = worst[2], -worst[3]
        kept[axis] = np.delete(kept[axis], level)
        present = np.delete(present, level, axis=axis)
    return kept


def _candidates(present: NDArray[np.bool_]) -> list[tuple[float, int, int, int]]:
    """Of each axis with levels to spare the worst level: (- share missing, values, axis, - level)."""
    found = []
    for axis, n in enumerate(present.shape):
        counts = np.sum(present, axis=tuple(a for a in range(present.ndim) if a != axis))
        level = n - 1 - int(np.argmin(counts[::-1]))
        share = 1.0 - float(counts[level]) * n / present.size
        found.append((-share, int(counts[level]), axis, -level))
    return found
