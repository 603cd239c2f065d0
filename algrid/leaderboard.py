"""Leaderboards: the levels of one hyperparameter, compared over all settings of the others.

Three views of the same scores: the mean over settings, the mean rank over datasets (of the level's means within
each dataset), and the win rate (over pairs with another level in the same setting). Intervals are percentile
intervals of a hierarchical bootstrap: datasets are drawn with replacement, and replicates (split, start set and
seed) within each drawn dataset; result rows never are, and all levels see the same draws.

What is missing (a run that failed, was skipped, or has not ended yet) is treated in one of three ways, which are
never mixed:

- ``complete_case``: only settings in which every level has a value count;
- ``worst_rank``: a missing cell counts as the worst value of its setting, loses against every level that has one,
  and ranks behind equals. A bound: failing is as bad as being last;
- ``own_mean``: each level over whatever it has. Biased where failures are not random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import offsets_of, segment_sum, tied_ranks
from algrid.errors import AlgridError, unknown_name
from algrid.pairing import Cells, pair
from algrid.seeds import generator

__all__ = ["MIN_DATASETS", "Missing", "leaderboard"]

Missing = Literal["complete_case", "worst_rank", "own_mean"]

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
        See the module.
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
    _check(missing, resamples)
    better = scores.attrs.get("higher_is_better") if higher_is_better is None else higher_is_better
    if better is None:
        raise AlgridError(
            "it is not known whether higher scores are better (the table lost its attrs): pass higher_is_better=True "
            "or False."
        )
    cells = pair(scores, by)
    used = _treat(cells, missing, sign=1.0 if better else -1.0)
    sums = _sums(used)
    point = _point(sums, used.sign)
    result = pd.DataFrame({by: cells.levels})
    note = _why_no_interval(sums.n_datasets, resamples)
    low, high = (np.full_like(point, np.nan),) * 2 if note else _intervals(sums, used.sign, resamples, seed)
    for i, name in enumerate(("mean", "rank", "win_rate")):
        result[name], result[f"{name}_low"], result[f"{name}_high"] = point[i], low[i], high[i]
    own = ~np.isnan(cells.values[used.rows])
    result["n_settings"] = own.sum(axis=0)
    result["n_datasets"] = (segment_sum(own.astype(np.float64), _runs_of(used.dataset)) > 0).sum(axis=0)
    result["n_missing"] = np.isnan(cells.values).sum(axis=0)
    result = result.sort_values(["rank", by], kind="stable", ignore_index=True)
    result.attrs.update(scores.attrs)
    result.attrs.update(
        by=by,
        missing=missing,
        higher_is_better=bool(better),
        resamples=resamples,
        seed=seed,
        n_datasets=sums.n_datasets,
        n_settings=int(used.rows.sum()),
        n_settings_all=len(cells.values),
        forced_ties=_forced_ties(cells.pool_empty[used.rows]),
        note=" ".join(filter(None, [_remark(scores, by, int(used.rows.sum())), note])),
    )
    return result


@dataclass(frozen=True)
class _Used:
    """The settings that count (of all: `rows`), and their values after the treatment of missing cells."""

    rows: NDArray[np.bool_]
    values: Floats
    is_missing: NDArray[np.bool_]
    dataset: NDArray[np.int64]
    replicate: NDArray[np.int64]
    sign: float


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


def _check(missing: str, resamples: int) -> None:
    if missing not in get_args(Missing):
        raise AlgridError(unknown_name("treatment of missing cells", missing, get_args(Missing)))
    if resamples < 0:
        raise AlgridError(f"resamples is a number of draws, 0 or more, not {resamples}.")


def _treat(cells: Cells, missing: str, sign: float) -> _Used:
    is_missing = np.isnan(cells.values)
    gaps = is_missing.any(axis=1) if missing == "complete_case" else is_missing.all(axis=1)
    rows = np.logical_not(gaps)
    values, is_missing = cells.values[rows], is_missing[rows]
    if missing == "worst_rank":
        worst = sign * np.min(np.where(is_missing, np.inf, sign * values), axis=1, keepdims=True)
        values = np.where(is_missing, worst, values)
    return _Used(rows, values, is_missing, cells.dataset[rows], cells.replicate[rows], sign)


def _sums(used: _Used) -> _Sums:
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
    offsets = _runs_of(used.replicate)
    replicates = segment_sum(parts, offsets)
    return _Sums(replicates, _runs_of(used.dataset[offsets[:-1]]))


def _wins(used: _Used) -> tuple[Floats, Floats]:
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


def _runs_of(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Offsets of the stretches of equal values of a sorted array."""
    return offsets_of(np.unique(codes, return_counts=True)[1])


def _point(sums: _Sums, sign: float) -> Floats:
    """(3, n_levels) mean, mean rank over datasets, and win rate; every replicate once."""
    datasets = segment_sum(sums.parts, sums.offsets)
    ranks = _ranks(datasets, sign)
    ranked = ~np.isnan(ranks)
    rank = _quotient(np.where(ranked, ranks, 0.0).sum(axis=0), ranked.sum(axis=0))
    return _statistics(datasets.sum(axis=0), rank, sign)


def _statistics(totals: Floats, rank: Floats, sign: float) -> Floats:
    """(3, ...) mean, rank and win rate from (6, ...) sums and the mean ranks."""
    total, count, infinite, _, wins, pairs = totals
    mean = np.where(infinite > 0, -sign * np.inf, _quotient(total, count))
    return np.stack([mean, rank, _quotient(wins, pairs)])


def _ranks(sums: Floats, sign: float) -> Floats:
    """(n, n_levels) ranks within each dataset of the levels' means, ties averaged; NaN for a level without a value.

    Levels with more infinite values come later, whatever their finite ones are; equal means with more filled
    cells come later.
    """
    total, count, infinite, filled = (sums[:, i] for i in range(4))
    mean = -sign * _quotient(total, count - infinite)
    # sums of equal numbers can differ in the last bits, which must not decide a rank
    scale = np.max(np.abs(mean), axis=1, keepdims=True, initial=0.0, where=~np.isnan(mean))
    mean = np.round(np.divide(mean, scale, out=np.zeros_like(mean), where=scale > 0), 12)
    keys = [_quotient(filled, count), np.where(np.isnan(mean), 0.0, mean), _quotient(infinite, count), count == 0]
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
    draws = _statistics(totals.transpose(1, 0, 2), _quotient(rank_sum, rank_count), sign)
    low, high = np.full((2, 3, n_levels), np.nan)
    for index in np.ndindex(3, n_levels):
        values = draws[index[0], :, index[1]]
        values = values[~np.isnan(values)]
        if len(values):  # without interpolation, which infinite values don't bear
            low[index], high[index] = np.quantile(values, (0.025, 0.975), method="inverted_cdf")
    return low, high


def _quotient(numerator: Floats, denominator: Floats) -> Floats:
    out = np.full(np.shape(numerator), np.nan)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out


def _forced_ties(pool_empty: NDArray[np.bool_]) -> float:
    """Share of the pairs of levels in one setting in which both had used up the pool; 0 without pairs."""
    n_settings, n_levels = pool_empty.shape
    pairs = n_settings * n_levels * (n_levels - 1) / 2
    empty = pool_empty.sum(axis=1, dtype=np.float64)
    return float((empty * (empty - 1.0) / 2.0).sum() / pairs) if pairs else 0.0


def _why_no_interval(n_datasets: int, resamples: int) -> str:
    if not resamples:
        return "No intervals: no resamples were asked for."
    if n_datasets < MIN_DATASETS:
        return f"No intervals: {n_datasets} datasets are too few to be resampled (at least {MIN_DATASETS})."
    return ""


def _remark(scores: pd.DataFrame, by: str, n_settings: int) -> str:
    if not n_settings and len(scores):
        what = f"Nothing to compare: no setting has a value for every {by} that occurs"
        return f"{what}; missing='own_mean' takes what there is."
    if by == "batch_size" and ("budget" not in scores or bool(scores["budget"].isna().any())):
        return "Whole curves of different batch sizes span different ranges of labels: score them at a budget."
    return ""
