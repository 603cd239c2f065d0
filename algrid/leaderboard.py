"""Leaderboards: the levels of one hyperparameter, compared over all settings of the others.

Three views of the same scores: the mean over settings, the mean rank over datasets (of the level's means within
each dataset), and the win rate (over pairs with another level in the same setting). Intervals are percentile
intervals of a hierarchical bootstrap: datasets are drawn with replacement, and replicates (split, start set and
seed) within each drawn dataset; result rows never are, and all levels see the same draws.

What is missing (a run that failed, was skipped, or has not ended yet) is treated in one of the three ways of
`algrid.missing`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import offsets_of, runs_of, segment_sum, tied_ranks
from algrid.missing import Missing, Used, check_options, direction, quotient, treat
from algrid.pairing import pair
from algrid.seeds import generator
from algrid.wording import are_too_few

__all__ = ["MIN_DATASETS", "Missing", "leaderboard"]

#: Below it, datasets are too few to be resampled.
MIN_DATASETS = 6

Floats = NDArray[np.float64]


def leaderboard(
    scores: pd.DataFrame,
    by: str = "strategy",
    *,
    resamples: int = 1000,
    seed: int = 0,
    missing: Missing = "complete_case",
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """Compare the levels of a hyperparameter.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it: axes, ``value`` (NaN = missing; infinite = worse than any number), and
        optionally ``budget`` and ``pool_empty``. A setting is everything but `by`.
    by : str
        The hyperparameter: an axis, ``budget``, or ``strategy_family``, ``strategy_implementation`` or
        ``learner_name``, where several rows of a level and setting are averaged.
    resamples : int
        Bootstrap resamples; 0 for no intervals.
    seed : int
        Of the resampling.
    missing : {"complete_case", "worst_rank", "own_mean"}
        See `algrid.missing`.
    higher_is_better : bool, optional
        Direction of ``value``; by default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row a level, best mean rank first: the level; ``mean``, ``rank`` (1 is best) and ``win_rate``, each with
        ``_low`` and ``_high`` of a 95 % interval (NaN below six datasets); ``n_settings`` and ``n_datasets`` in
        which the level has a value that counts, ``n_missing`` settings in which it has none. ``attrs`` say the
        treatment of missing cells, that ``n_settings`` of ``n_settings_all`` count, ``forced_ties`` (share of the
        pairs of levels in which both had used up the pool: their final values tie by construction) and a ``note``.

    Raises
    ------
    AlgridError
        If a column is missing, `by` can't be compared across datasets, or the direction is not known.
    """
    check_options(missing, resamples)
    better = direction(scores, higher_is_better)
    cells = pair(scores, by)
    used = treat(cells, missing, 1.0 if better else -1.0)
    sums = _sums(used)
    point = _point(sums, used.sign)
    result = pd.DataFrame({by: cells.levels})
    note = _why_no_interval(sums.n_datasets, resamples)
    low, high = (np.full_like(point, np.nan),) * 2 if note else _intervals(sums, used.sign, resamples, seed)
    for i, name in enumerate(("mean", "rank", "win_rate")):
        result[name], result[f"{name}_low"], result[f"{name}_high"] = point[i], low[i], high[i]
    own = ~np.isnan(cells.values[used.rows])
    result["n_settings"] = own.sum(axis=0)
    result["n_datasets"] = (segment_sum(own.astype(np.float64), runs_of(used.dataset)) > 0).sum(axis=0)
    result["n_missing"] = np.isnan(cells.values).sum(axis=0)
    result = result.sort_values(["rank", by], kind="stable", ignore_index=True)
    result.attrs.update(scores.attrs)
    result.attrs.update(
        by=by,
        missing=missing,
        resamples=resamples,
        seed=seed,
        **used.attrs(),
        note=" ".join(filter(None, [_remark(scores, by, int(used.rows.sum())), note])),
    )
    return result


@dataclass(frozen=True)
class _Sums:
    """Per replicate of a dataset and level, what all statistics are made of.

    `parts` is (n_replicates, 6, n_levels): sum of the finite values, number of values, of infinite ones, of filled
    cells; wins and pairs. The replicates of dataset d are the rows ``offsets[d]:offsets[d + 1]``.
    """

    parts: Floats
    offsets: NDArray[np.int64]

    @property
    def n_datasets(self) -> int:
        return len(self.offsets) - 1


def _sums(used: Used) -> _Sums:
    counted = ~np.isnan(used.values)
    infinite = np.isinf(used.values)
    wins, pairs = _wins(used)
    parts = np.stack(
        [
            np.where(counted & ~infinite, used.values, 0.0),
            counted,
            infinite,
            used.is_missing & counted,
            wins,
            pairs,
        ],
        axis=1,
    )
    offsets = runs_of(used.replicate)
    replicates = segment_sum(parts, offsets)
    return _Sums(replicates, runs_of(used.dataset[offsets[:-1]]))


def _wins(used: Used) -> tuple[Floats, Floats]:
    """(n_settings, n_levels): other levels beaten (ties half), and other levels compared with."""
    score = np.where(np.isinf(used.values), -np.inf, used.sign * used.values)
    counted = ~np.isnan(score)
    # a filled cell is behind what it was filled with
    behind = used.is_missing
    wins, pairs = np.zeros_like(score), np.zeros_like(score)
    for other in range(score.shape[1]):
        theirs, late = score[:, other, None], behind[:, other, None]
        equal = score == theirs
        wins += (score > theirs) | (equal & ~behind & late)
        wins += 0.5 * (equal & (behind == late))
        pairs += counted & counted[:, other, None]
    return wins - 0.5 * counted, pairs - counted  # without the pair with itself


def _point(sums: _Sums, sign: float) -> Floats:
    """(3, n_levels) mean, mean rank over datasets, and win rate; every replicate once."""
    datasets = segment_sum(sums.parts, sums.offsets)
    ranks = _ranks(datasets, sign)
    ranked = ~np.isnan(ranks)
    rank = quotient(np.where(ranked, ranks, 0.0).sum(axis=0), ranked.sum(axis=0))
    return _statistics(datasets.sum(axis=0), rank, sign)


def _statistics(totals: Floats, rank: Floats, sign: float) -> Floats:
    """(3, ...) mean, rank and win rate from (6, ...) sums and the mean ranks."""
    total, count, infinite, _, wins, pairs = totals
    mean = np.where(infinite > 0, -sign * np.inf, quotient(total, count))
    return np.stack([mean, rank, quotient(wins, pairs)])


def _ranks(sums: Floats, sign: float) -> Floats:
    """(n, n_levels) ranks within each dataset of the levels' means, ties averaged; NaN for a level without a value.

    Levels with more infinite values come later, whatever their finite ones are; equal means with more filled
    cells come later.
    """
    total, count, infinite, filled = (sums[:, i] for i in range(4))
    mean = -sign * quotient(total, count - infinite)
    # sums of equal numbers can differ in the last bits, which must not decide a rank
    scale = np.max(np.abs(mean), axis=1, keepdims=True, initial=0.0, where=~np.isnan(mean))
    mean = np.round(np.divide(mean, scale, out=np.zeros_like(mean), where=scale > 0), 12)
    keys = [quotient(filled, count), np.where(np.isnan(mean), 0.0, mean), quotient(infinite, count), count == 0]
    keys = [np.nan_to_num(key.astype(np.float64)) for key in keys]
    order = np.lexsort(keys, axis=-1)
    differs = np.zeros(order.shape, dtype=np.bool_)
    for key in keys:
        ordered = np.take_along_axis(key, order, axis=-1)
        differs[:, 1:] |= ordered[:, 1:] != ordered[:, :-1]
    ranks = np.empty(order.shape)
    np.put_along_axis(ranks, order, tied_ranks(differs), axis=-1)
    return np.where(count > 0, ranks, np.nan)


def _intervals(sums: _Sums, sign: float, resamples: int, seed: int) -> tuple[Floats, Floats]:
    """(3, n_levels) lower and upper ends of the 95 % percentile intervals."""
    rng = generator(seed, "bootstrap")
    n_datasets, n_levels = sums.n_datasets, sums.parts.shape[2]
    drawn = rng.multinomial(n_datasets, np.full(n_datasets, 1.0 / n_datasets), size=resamples)
    totals = np.zeros((resamples, 6, n_levels))
    rank_sum, rank_count = np.zeros((2, resamples, n_levels))
    for d in range(n_datasets):
        own = sums.parts[sums.offsets[d] : sums.offsets[d + 1]]
        n = len(own)
        # each time that a dataset is drawn, its replicates are drawn anew
        weights = rng.multinomial(n, np.full(n, 1.0 / n), size=int(drawn[:, d].sum())).astype(np.float64)
        copies = (weights @ own.reshape(n, -1)).reshape(-1, 6, n_levels)
        ranks = _ranks(copies, sign)
        offsets = offsets_of(drawn[:, d])
        totals += segment_sum(copies, offsets)
        rank_sum += segment_sum(np.nan_to_num(ranks), offsets)
        rank_count += segment_sum((~np.isnan(ranks)).astype(np.float64), offsets)
    draws = _statistics(totals.transpose(1, 0, 2), quotient(rank_sum, rank_count), sign)
    low, high = np.full((2, 3, n_levels), np.nan)
    for index in np.ndindex(3, n_levels):
        values = draws[index[0], :, index[1]]
        values = values[~np.isnan(values)]
        if len(values):  # without interpolation, which infinite values don't bear
            low[index], high[index] = np.quantile(values, (0.025, 0.975), method="inverted_cdf")
    return low, high


def _why_no_interval(n_datasets: int, resamples: int) -> str:
    if not resamples:
        return "No intervals: no resamples were asked for."
    if n_datasets < MIN_DATASETS:
        return f"No intervals: {are_too_few(n_datasets)} to be resampled (at least {MIN_DATASETS})."
    return ""


def _remark(scores: pd.DataFrame, by: str, n_settings: int) -> str:
    if not n_settings and len(scores):
        what = f"Nothing to compare: no setting has a value for every {by} that occurs"
        return f"{what}; missing='own_mean' takes what there is."
    if by == "batch_size" and ("budget" not in scores or bool(scores["budget"].isna().any())):
        return "Whole curves of different batch sizes span different ranges of labels: score them at a budget."
    return ""
