"""Robustness: levels ranked by what they do over all settings of the rest, not only by their best.

Somebody who can't tune needs the median, somebody who must not fail the lower quantile, somebody who compares with
hindsight the regret (Savage, The theory of statistical decision, JASA 46, 1951): what is lost against the best level in
the same setting.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import runs_of
from algrid.errors import AlgridError
from algrid.influence._datasets import estimated
from algrid.influence._resampling import quotient
from algrid.missing import Missing, check_options, direction, forced_ties, same_to_the_eye
from algrid.pairing import PART_OF, SETTING, check_comparable, codes
from algrid.schema import REPLICATE_AXES

__all__ = ["MEASURES", "robustness"]

#: Of a level in a dataset, over settings: names of columns.
MEASURES = ("best", "median", "lower", "regret", "worst_regret")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def robustness(
    scores: pd.DataFrame,
    by: str = "strategy",
    *,
    quantile: float = 0.1,
    missing: Missing = "complete_case",
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """Best, median, lower quantile and regret of each level over the settings of all other hyperparameters.

    Within a dataset each setting has one value, the mean over its replicates. The measures are taken over the
    dataset's settings and averaged over datasets; ranks are made within datasets and averaged.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it. Infinite values count as missing.
    by : str
        The hyperparameter whose levels are compared.
    quantile : float
        Which lower quantile (the bad end, whatever the direction), interpolated linearly.
    missing : {"complete_case", "worst_rank", "own_mean"}
        See `algrid.missing`.
    resamples, seed : int
        Of the bootstrap over datasets and their replicates.
    higher_is_better : bool, optional
        By default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row a level, best rank of the median first: the level; ``best``, ``median``, ``lower`` (values),
        ``regret`` and ``worst_regret`` (mean and largest loss, at least 0, against the best level of the setting),
        each with ``_low`` and ``_high``, and the mean rank by each (``rank_best`` ..., with ``_low`` and ``_high``).
        ``attrs`` as of a leaderboard.

    Raises
    ------
    AlgridError
        As `algrid.leaderboard.leaderboard`, and for a `quantile` outside [0, 1].
    """
    check_options(missing, resamples)
    check_comparable(scores, by)
    if not 0.0 <= quantile <= 1.0:
        raise AlgridError(f"a quantile is a share from 0 to 1, not {quantile!r}.")
    sign = 1.0 if direction(scores, higher_is_better) else -1.0
    block = _Block(scores, by, missing, sign)

    def of_dataset(sums: Floats) -> Floats:
        measures = _measures(quotient(sums[:, 0], sums[:, 1]), quantile)
        both = np.concatenate([measures, _ranks(measures)], axis=1)
        return np.concatenate([np.nan_to_num(both), ~np.isnan(both)], axis=1)

    def of_sums(sums: Floats) -> Floats:
        n = sums.shape[1] // 2
        return quotient(sums[:, :n], sums[:, n:])

    point, low, high, note = estimated(block.parts, block.offsets, of_dataset, of_sums, resamples=resamples, seed=seed)
    table = pd.DataFrame({by: block.levels})
    for i, name in enumerate((*MEASURES, *(f"rank_{m}" for m in MEASURES))):
        flipped = sign < 0 and i < 3  # values, not losses
        ends = (-high[i], -low[i]) if flipped else (low[i], high[i])
        table[name], table[f"{name}_low"], table[f"{name}_high"] = -point[i] if flipped else point[i], *ends
    table = table.sort_values(["rank_median", by], kind="stable", ignore_index=True)
    table.attrs.update(scores.attrs)
    table.attrs.update(
        by=by,
        missing=missing,
        quantile=quantile,
        higher_is_better=sign > 0,
        resamples=resamples,
        seed=seed,
        n_datasets=len(block.offsets) - 1,
        n_settings=block.n_settings,
        n_settings_all=block.n_settings_all,
        forced_ties=block.forced_ties,
        note=note,
    )
    return table


class _Block:
    """Scores as sums per replicate: `parts` is (n_replicates, 2, n_settings of a dataset, n_levels), values and counts.

    Settings are the combinations of all other hyperparameters; those that a dataset lacks have no count.
    """

    def __init__(self, scores: pd.DataFrame, by: str, missing: str, sign: float) -> None:
        own = (by, PART_OF.get(by, by))
        replicates = [c for c in REPLICATE_AXES if c in scores]
        rest = [c for c in SETTING if c in scores and c not in (*own, "dataset", *replicates)]
        level, first = codes(scores, [by])
        setting, kinds = codes(scores, rest) if rest else (np.zeros(len(scores), np.int64), np.zeros(1, np.int64))
        dataset, _ = codes(scores, ["dataset"])
        group, groups = codes(scores, ["dataset", *replicates])
        shape = (len(groups), len(kinds), len(first))
        flat = (group * shape[1] + setting) * shape[2] + level
        value = sign * scores["value"].to_numpy(np.float64)
        known = np.isfinite(value)
        size = int(np.prod(shape))
        count = np.bincount(flat[known], minlength=size).astype(np.float64)
        total = np.bincount(flat[known], weights=value[known], minlength=size).astype(np.float64)
        values = quotient(total, count).reshape(shape)
        empty = np.zeros(size, dtype=np.bool_)
        if "pool_empty" in scores:
            empty[flat[scores["pool_empty"].to_numpy(np.bool_)]] = True
        occurs = np.zeros(size, dtype=np.bool_)
        occurs[flat] = True
        values = _treated(values, missing)
        counts = ~np.isnan(values).all(axis=2)
        kept = np.logical_or.reduce(counts, axis=1)
        self.levels = scores[by].iloc[first].tolist()
        self.parts = np.stack([np.nan_to_num(values[kept]), ~np.isnan(values[kept])], axis=1)
        self.offsets = runs_of(dataset[groups][kept])
        self.n_settings, self.n_settings_all = (
            int(counts.sum()),
            int(np.logical_or.reduce(occurs.reshape(shape), axis=2).sum()),
        )
        self.forced_ties = forced_ties(empty.reshape(shape)[counts])


def _treated(values: Floats, missing: str) -> Floats:
    gaps = np.isnan(values)
    if missing == "complete_case":
        return np.where(gaps.any(axis=2, keepdims=True), np.nan, values)
    if missing == "worst_rank":
        worst = np.min(np.where(gaps, np.inf, values), axis=2, keepdims=True, initial=np.inf)
        return np.where(gaps & np.isfinite(worst), worst, values)
    return values


def _measures(values: Floats, quantile: float) -> Floats:
    """(n, 5, n_levels) of (n, n_settings, n_levels) values, of which higher are better; losses are positive."""
    top = np.max(np.where(np.isnan(values), -np.inf, values), axis=2, keepdims=True, initial=-np.inf)
    loss = np.where(np.isnan(values), np.nan, np.where(np.isfinite(top), top, 0.0) - values)
    found = [
        _quantile(values, 1.0),
        _quantile(values, 0.5),
        _quantile(values, quantile),
        quotient(np.nansum(loss, axis=1), np.sum(~np.isnan(loss), axis=1).astype(np.float64)),
        _quantile(loss, 1.0),
    ]
    return np.stack(found, axis=1)


def _quantile(values: Floats, share: float) -> Floats:
    """(n, n_levels) quantiles over the second axis of what is known, interpolated linearly; NaN where nothing is."""
    ordered = np.sort(values, axis=1)  # NaN last
    count = np.sum(~np.isnan(ordered), axis=1, keepdims=True)
    place = share * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    lower, upper = np.take_along_axis(ordered, below, axis=1), np.take_along_axis(ordered, above, axis=1)
    mixed: Floats = (lower + (place - below) * (upper - lower))[:, 0]
    return mixed


def _ranks(measures: Floats) -> Floats:
    """(n, 5, n_levels) ranks among the levels, from 1, ties averaged; of losses the smallest is best."""
    out = np.full(measures.shape, np.nan)
    for i in range(measures.shape[1]):
        score = same_to_the_eye(measures[:, i] if i < 3 else -measures[:, i])
        ahead = (score[:, None, :] > score[:, :, None]).sum(axis=2)
        tied = (score[:, None, :] == score[:, :, None]).sum(axis=2)
        out[:, i] = np.where(np.isnan(score), np.nan, 1.0 + ahead + 0.5 * (tied - 1))
    return out
