"""Missing cells, and what counts: from paired scores to settings that levels are compared in.

What is missing (a run that failed, was skipped, or has not ended yet) is treated in one of three ways, which are
never mixed:

- ``complete_case``: only settings in which every level has a value count;
- ``worst_rank``: a missing cell counts as the worst value of its setting, loses against every level that has one,
  and ranks behind equals. A bound: failing is as bad as being last;
- ``own_mean``: each level over whatever it has. Biased where failures are not random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import runs_of, segment_sum
from algrid.errors import AlgridError, unknown_name
from algrid.pairing import Cells, pair

__all__ = [
    "Missing",
    "Used",
    "check_options",
    "dataset_means",
    "direction",
    "forced_ties",
    "quotient",
    "same_to_the_eye",
    "treat",
    "used_settings",
]

Missing = Literal["complete_case", "worst_rank", "own_mean"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Used:
    """The settings that count, sorted by dataset and replicate, after the treatment of missing cells.

    Parameters
    ----------
    levels : list
        Sorted.
    rows : (n_settings_all,) bool array
        Which of all settings count.
    values : (n_settings, n_levels) array
        NaN where missing and not filled.
    is_missing : (n_settings, n_levels) bool array
        Also where a value was filled in.
    pool_empty : (n_settings, n_levels) bool array
    dataset, replicate : (n_settings,) int arrays
        Codes, ascending.
    sign : float
        1 where higher is better, else -1.
    """

    levels: list[Any]
    rows: NDArray[np.bool_]
    values: Floats
    is_missing: NDArray[np.bool_]
    pool_empty: NDArray[np.bool_]
    dataset: Ints
    replicate: Ints
    sign: float

    @property
    def replicate_offsets(self) -> Ints:
        """(n_replicates + 1,) offsets of the settings of each replicate."""
        return runs_of(self.replicate)

    @property
    def dataset_offsets(self) -> Ints:
        """(n_datasets + 1,) offsets of the replicates of each dataset."""
        return runs_of(self.dataset[self.replicate_offsets[:-1]])

    @property
    def n_datasets(self) -> int:
        """Datasets with a setting that counts."""
        return len(self.dataset_offsets) - 1

    def attrs(self) -> dict[str, Any]:
        """What every table that is made of these settings says about them."""
        return {
            "higher_is_better": self.sign > 0,
            "n_datasets": self.n_datasets,
            "n_settings": len(self.values),
            "n_settings_all": len(self.rows),
            "forced_ties": forced_ties(self.pool_empty),
        }


def used_settings(scores: pd.DataFrame, by: str, missing: str, higher_is_better: bool | None = None) -> Used:
    """Pair the scores and treat what is missing.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it.
    by : str
        The hyperparameter whose levels are compared.
    missing : {"complete_case", "worst_rank", "own_mean"}
    higher_is_better : bool, optional
        By default that of ``scores.attrs``.

    Raises
    ------
    AlgridError
        For an unknown treatment, a `by` that can't be compared, or an unknown direction.
    """
    check_options(missing)
    return treat(pair(scores, by), missing, 1.0 if direction(scores, higher_is_better) else -1.0)


def check_options(missing: str, resamples: int = 0) -> None:
    """Raise an AlgridError for an unknown treatment of missing cells or a negative number of resamples."""
    if missing not in get_args(Missing):
        raise AlgridError(unknown_name("treatment of missing cells", missing, get_args(Missing)))
    if resamples < 0:
        raise AlgridError(f"resamples is a number of draws, 0 or more, not {resamples}.")


def direction(scores: pd.DataFrame, higher_is_better: bool | None = None) -> bool:
    """Whether higher scores are better: as told, else as the table says; an AlgridError where neither does."""
    better = scores.attrs.get("higher_is_better") if higher_is_better is None else higher_is_better
    if better is None:
        raise AlgridError(
            "it is not known whether higher scores are better (the table lost its attrs): pass higher_is_better=True "
            "or False."
        )
    return bool(better)


def treat(cells: Cells, missing: str, sign: float) -> Used:
    """The settings that count, with missing cells treated; `sign` is 1 where higher is better, else -1."""
    is_missing = np.isnan(cells.values)
    gaps = is_missing.any(axis=1) if missing == "complete_case" else is_missing.all(axis=1)
    rows = np.logical_not(gaps)
    values, is_missing = cells.values[rows], is_missing[rows]
    if missing == "worst_rank":
        worst = sign * np.min(np.where(is_missing, np.inf, sign * values), axis=1, keepdims=True, initial=np.inf)
        values = np.where(is_missing, worst, values)
    return Used(
        levels=cells.levels,
        rows=rows,
        values=values,
        is_missing=is_missing,
        pool_empty=cells.pool_empty[rows],
        dataset=cells.dataset[rows],
        replicate=cells.replicate[rows],
        sign=sign,
    )


def dataset_means(used: Used) -> Floats:
    """(n_datasets, n_levels) means over the settings of each dataset; NaN for a level without a value there.

    An infinite value makes the mean infinite. Means that differ in their last bits only are made equal.
    """
    offsets = runs_of(used.dataset)
    known = ~np.isnan(used.values)
    totals = segment_sum(np.where(known, used.values, 0.0), offsets)
    return same_to_the_eye(quotient(totals, segment_sum(known.astype(np.float64), offsets)))


def same_to_the_eye(means: Floats) -> Floats:
    """(n, n_levels) means without their last bits, so that sums of equal numbers in another order don't decide."""
    finite = np.isfinite(means)
    scale = np.max(np.abs(means), axis=-1, keepdims=True, initial=0.0, where=finite)
    scaled = np.divide(means, scale, out=np.zeros_like(means), where=finite & (scale > 0))
    return np.where(finite, np.round(scaled, 12) * scale, means)


def forced_ties(pool_empty: NDArray[np.bool_]) -> float:
    """Share of the pairs of levels in one setting in which both had used up the pool; 0 without pairs."""
    n_settings, n_levels = pool_empty.shape
    pairs = n_settings * n_levels * (n_levels - 1) / 2
    empty = pool_empty.sum(axis=1, dtype=np.float64)
    return float((empty * (empty - 1.0) / 2.0).sum() / pairs) if pairs else 0.0


def quotient(numerator: Floats, denominator: Floats) -> Floats:
    """The quotient, NaN where the denominator is not positive."""
    out = np.full(np.shape(numerator), np.nan)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out
