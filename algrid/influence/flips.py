"""Sign flips: interactions in which a change helps at one level of another hyperparameter and harms at another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import runs_of, segment_sum
from algrid.influence._joint import direction, joint
from algrid.influence._resampling import Copies, copies_of, ends, once, quotient, why_no_interval
from algrid.influence.scores import check_budgets
from algrid.pairing import pair
from algrid.seeds import generator

__all__ = ["sign_flips"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Below it, the replicates of a dataset are too few to be resampled.
_MIN_REPLICATES = 3


def sign_flips(
    scores: pd.DataFrame,
    by: str,
    across: str,
    *,
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """Changes between two levels of `by` that help at one level of `across` and harm at another.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it.
    by : str
        The hyperparameter that is changed: as of `score_influence`.
    across : str
        Another one, or ``dataset``.
    resamples : int
        Bootstrap resamples; 0 for no intervals. Across datasets, each one's replicates are drawn.
    seed : int
        Of the resampling.
    higher_is_better : bool, optional
        Direction of ``value``; by default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row a pair of levels whose difference has both signs: ``level_a``, ``level_b``; ``helps_at``, the level of
        `across` at which going from a to b helps most, with the mean ``difference`` b - a there as ``helps``,
        ``helps_low`` and ``helps_high`` (95 % interval); the same of ``harms``; ``n_helps`` and ``n_harms`` levels of
        each sign; ``clear``: both intervals exclude zero. Clear ones first, then by the smaller of the two
        differences. The two levels are the extreme ones of ``attrs["n_across"]``, which makes their differences look
        larger than they are. ``attrs["n_pairs"]`` pairs were looked at.

    Raises
    ------
    AlgridError
        If a column is missing, the hyperparameters can't be compared, or the direction is not known.
    """
    sign = direction(scores, higher_is_better)
    for name in (by, across):
        check_budgets(scores, name)
    found = (
        _over_datasets(scores, by, resamples, seed)
        if across == "dataset"
        else _over_levels(scores, by, across, resamples, seed)
    )
    levels, at, point, low, high, why = found
    a, b = np.triu_indices(len(levels), k=1)
    gain = sign * point
    helped, harmed = np.nansum(gain > 0, axis=1), np.nansum(gain < 0, axis=1)
    flips = np.flatnonzero((helped > 0) & (harmed > 0))
    best = np.argmax(np.where(np.isnan(gain[flips]), -np.inf, gain[flips]), axis=1)
    worst = np.argmin(np.where(np.isnan(gain[flips]), np.inf, gain[flips]), axis=1)
    table = pd.DataFrame({"level_a": [levels[i] for i in a[flips]], "level_b": [levels[i] for i in b[flips]]})
    for name, where in (("helps", best), ("harms", worst)):
        table[f"{name}_at"] = [at[i] for i in where]
        for end, of in (("", point), ("_low", low), ("_high", high)):
            table[f"{name}{end}"] = of[flips, where]
    table["n_helps"], table["n_harms"] = helped[flips], harmed[flips]
    table["clear"] = _clear(low, high)[flips, best] & _clear(low, high)[flips, worst]
    smaller = np.minimum(np.abs(table["helps"]), np.abs(table["harms"]))
    order = np.lexsort((-smaller.to_numpy(), ~table["clear"].to_numpy(dtype=np.bool_)))
    table = table.iloc[order].reset_index(drop=True)
    table.attrs.update(scores.attrs)
    table.attrs.update(by=by, across=across, n_pairs=len(a), n_across=len(at), resamples=resamples, seed=seed, note=why)
    return table


_Found = tuple[list[Any], list[Any], Floats, Floats, Floats, str]


def _over_levels(scores: pd.DataFrame, by: str, across: str, resamples: int, seed: int) -> _Found:
    """Levels of both, (pairs, n_across) differences with the ends of their intervals, and why there are none."""
    data = joint(scores, by, across)
    datasets, replicates = runs_of(data.dataset), runs_of(data.replicate)
    sizes = np.diff(np.searchsorted(replicates, datasets))
    sums = segment_sum(_differences(data.values), replicates)
    offsets = np.searchsorted(replicates, datasets)
    point = _mean_differences(sums, offsets, once(sizes), 1)[0]
    why = why_no_interval(len(sizes), resamples)
    low, high = (np.full_like(point, np.nan),) * 2
    if not why:
        low, high = ends(_mean_differences(sums, offsets, copies_of(sizes, resamples, seed), resamples))
    return data.levels, data.across, point, low, high, why


def _over_datasets(scores: pd.DataFrame, by: str, resamples: int, seed: int) -> _Found:
    cells = pair(scores, by)
    datasets, replicates = runs_of(cells.dataset), runs_of(cells.replicate)
    offsets = np.searchsorted(replicates, datasets)
    finite = np.where(np.isfinite(cells.values), cells.values, np.nan)
    sums = segment_sum(_differences(finite[:, :, None]), replicates)[..., 0]
    names = sorted(scores["dataset"].unique())
    n_pairs = sums.shape[2]
    point, low, high = np.full((3, n_pairs, len(names)), np.nan)
    few = 0
    for d, (start, stop) in enumerate(pairwise(offsets.tolist())):
        own, n = sums[start:stop], stop - start
        point[:, d] = quotient(own[:, 0].sum(axis=0), own[:, 1].sum(axis=0))
        few += n < _MIN_REPLICATES
        if resamples and n >= _MIN_REPLICATES:
            rng = generator(seed, "bootstrap", dataset=str(names[d]))
            weights = rng.multinomial(n, np.full(n, 1.0 / n), size=resamples).astype(np.float64)
            total = (weights @ own.reshape(n, 2 * n_pairs)).reshape(resamples, 2, n_pairs)
            low[:, d], high[:, d] = ends(quotient(total[:, 0], total[:, 1]))
    why = why_no_interval(10**6, resamples)
    if few and not why:
        why = f"{few} datasets have no interval: they have fewer than {_MIN_REPLICATES} replicates."
    return cells.levels, names, point, low, high, why


def _differences(values: Floats) -> Floats:
    """(n_settings, 2, pairs, n_across) differences b - a where both are there, else 0; and whether they are."""
    a, b = np.triu_indices(values.shape[1], k=1)
    difference = values[:, b] - values[:, a]
    both = ~np.isnan(difference)
    return np.stack([np.where(both, difference, 0.0), both], axis=1)


def _mean_differences(sums: Floats, offsets: Ints, drawn: Iterator[Copies], resamples: int) -> Floats:
    """(resamples, pairs, n_across) mean differences from sums per replicate."""
    total = np.zeros((resamples, *sums.shape[1:]))
    for copies in drawn:
        own = sums[offsets[copies.dataset] : offsets[copies.dataset + 1]]
        weights = segment_sum(copies.weights, copies.offsets)
        total += (weights @ own.reshape(len(own), -1)).reshape(total.shape)
    return quotient(total[:, 0], total[:, 1])


def _clear(low: Floats, high: Floats) -> NDArray[np.bool_]:
    return np.greater(low, 0) | np.less(high, 0)
