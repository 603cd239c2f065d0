"""Rank flips over the budget: the ranking as a function of labels bought, and where two mean curves cross.

A strategy that wins with few labels may lose with many (Baram, El-Yaniv and Luz, Online choice of active learning
algorithms, JMLR 5, 2004): a leaderboard at one budget does not say so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import runs_of, segment_sum
from algrid.errors import AlgridError
from algrid.influence._datasets import summed
from algrid.influence._resampling import copies_of, ends, once, quotient, why_no_interval
from algrid.leaderboard import leaderboard
from algrid.missing import Missing, check_options, direction, forced_ties
from algrid.pairing import check_comparable, codes, pair

__all__ = ["crossings", "ranks_by_budget"]

Floats = NDArray[np.float64]


def ranks_by_budget(
    scores: pd.DataFrame,
    by: str = "strategy",
    *,
    missing: Missing = "complete_case",
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """A leaderboard at each budget.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it with several budgets; rows of whole curves (no budget) are left out.
    by, missing, resamples, seed, higher_is_better
        As of `algrid.leaderboard.leaderboard`. All budgets see the same draws.

    Returns
    -------
    DataFrame
        ``budget``, then the columns of a leaderboard, by budget and rank; ``forced_ties`` (of the budget: share of
        pairs of levels that had both used up the pool). ``attrs`` have the ``note`` of the leaderboards.

    Raises
    ------
    AlgridError
        As `algrid.leaderboard.leaderboard`, and for scores without budgets.
    """
    budgets = _budgets(scores)
    boards = []
    notes: dict[str, None] = {}
    for budget in budgets:
        own = scores[(scores["budget"] == budget).fillna(False).to_numpy(np.bool_)]
        own.attrs.update(scores.attrs)
        board = leaderboard(own, by, missing=missing, resamples=resamples, seed=seed, higher_is_better=higher_is_better)
        notes[board.attrs["note"]] = None
        board.insert(0, "budget", budget)
        boards.append(board.assign(forced_ties=board.attrs["forced_ties"]))
    table = pd.concat(boards, ignore_index=True)
    table.attrs.update(boards[0].attrs)
    del table.attrs["forced_ties"]
    table.attrs["note"] = " ".join(filter(None, notes))
    return table


def crossings(
    scores: pd.DataFrame,
    by: str = "strategy",
    *,
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """Where the mean curves of two levels cross.

    A curve is the mean over datasets of the means within each, at the budgets of `scores`, over the settings in which
    every level has a value at every budget. Between budgets it is a straight line. Two curves cross where the sign of
    their difference changes; where they are equal for a while (as at budget 0, and where pools are used up) nothing
    crosses, unless another one leads afterwards: then they cross in the middle.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it with several budgets and ``aggregate="final"``; rows of whole curves (no
        budget) are left out. Infinite values count as missing.
    by, resamples, seed, higher_is_better
        As of `algrid.leaderboard.leaderboard`.

    Returns
    -------
    DataFrame
        One row a pair: ``level_a``, ``level_b``; ``leader_first`` and ``leader_last`` (who is ahead first and last;
        null where they are always equal), ``crossings`` (how many), ``last_crossing`` (labels bought, after which the
        leader stays; NaN without one) with ``_low`` and ``_high`` over those resamples that have one,
        ``crossing_share`` (of resamples: how many have any; NaN without resamples) and ``same_flip_share`` (how many
        have this first and this last leader). ``attrs`` have ``n_datasets``, ``n_settings``, ``budgets``,
        ``forced_ties`` (share of pairs over all budgets) and a ``note``.

    Raises
    ------
    AlgridError
        As `algrid.leaderboard.leaderboard`, and for scores with fewer than two budgets.
    """
    check_options("complete_case", resamples)
    check_comparable(scores, by)
    budgets = _budgets(scores)
    if len(budgets) < 2:
        raise AlgridError("curves can cross between two budgets or more: score at several (budgets=[5, 10, 20, ...]).")
    curves = _Curves(scores, by, budgets, 1.0 if direction(scores, higher_is_better) else -1.0)
    a, b = np.triu_indices(len(curves.levels), k=1)

    def of_dataset(sums: Floats) -> Floats:
        means = quotient(sums[:, 0], sums[:, 1])
        scale = np.max(np.abs(means), axis=(1, 2), keepdims=True, initial=0.0)
        difference = means[:, :, a] - means[:, :, b]
        return np.where(np.abs(difference) <= 1e-12 * scale, 0.0, difference)

    sizes = np.diff(curves.offsets)
    at = np.array(budgets, dtype=np.float64)
    point = _Crossed(at, summed(curves.parts, curves.offsets, once(sizes), of_dataset))
    note = why_no_interval(len(sizes), resamples)
    draws = point
    if not note:
        drawn = copies_of(sizes, resamples, seed)
        draws = _Crossed(at, summed(curves.parts, curves.offsets, drawn, of_dataset))
    table = pd.DataFrame({"level_a": [curves.levels[i] for i in a], "level_b": [curves.levels[i] for i in b]})
    for name, sign in (("leader_first", point.first[0]), ("leader_last", point.last[0])):
        table[name] = [
            curves.levels[i] if s > 0 else curves.levels[j] if s < 0 else None
            for i, j, s in zip(a, b, sign, strict=True)
        ]
    table["crossings"] = point.count[0]
    table["last_crossing"] = point.at[0]
    unknown = np.full(len(a), np.nan)
    low, high = (unknown, unknown) if note else ends(draws.at)
    table["last_crossing_low"], table["last_crossing_high"] = low, high
    same = (draws.first == point.first) & (draws.last == point.last)
    table["crossing_share"] = unknown if note else (draws.count > 0).mean(axis=0)
    table["same_flip_share"] = unknown if note else same.mean(axis=0)
    table.attrs.update(scores.attrs)
    table.attrs.update(
        by=by,
        missing="complete_case",
        higher_is_better=curves.sign > 0,
        budgets=budgets,
        resamples=resamples,
        seed=seed,
        n_datasets=len(sizes),
        n_settings=curves.n_settings,
        n_settings_all=curves.n_settings_all,
        forced_ties=curves.forced_ties,
        note=note,
    )
    return table


class _Curves:
    """Scores of the settings that are complete at all budgets, higher better: `parts` is (n_replicates, 2, B, L)."""

    def __init__(self, scores: pd.DataFrame, by: str, budgets: list[int], sign: float) -> None:
        kept = scores[scores["budget"].notna().to_numpy(np.bool_)]
        level, first = codes(kept, [by])
        self.sign, self.levels = sign, kept[by].iloc[first].tolist()
        place = np.searchsorted(budgets, kept["budget"].to_numpy(np.int64))
        # a level at a budget is a level of its own, so that pairing keeps what is complete at all of them
        frame = kept.drop(columns=["budget"])
        frame[by] = place * len(first) + level
        cells = pair(frame, by)
        columns = np.asarray(cells.levels, dtype=np.int64)
        values = np.full((len(cells.values), len(budgets) * len(first)), np.nan)
        values[:, columns] = sign * cells.values
        empty = np.zeros(values.shape, dtype=np.bool_)
        empty[:, columns] = cells.pool_empty
        whole = np.logical_and.reduce(np.isfinite(values), axis=1)
        shape = (int(whole.sum()), len(budgets), len(first))
        used = values[whole].reshape(shape)
        replicates = runs_of(cells.replicate[whole])
        self.parts = segment_sum(np.stack([used, np.ones(shape)], axis=1), replicates)
        self.offsets = runs_of(cells.dataset[whole][replicates[:-1]])
        self.n_settings, self.n_settings_all = shape[0], len(values)
        self.forced_ties = forced_ties(empty[whole].reshape(-1, len(first)))


class _Crossed:
    """Crossings of differences (n, n_budgets, n_pairs): how many, where the last one is, who leads first and last."""

    def __init__(self, budgets: Floats, difference: Floats) -> None:
        shape = (difference.shape[0], difference.shape[2])
        self.count, self.at = np.zeros(shape, dtype=np.int64), np.full(shape, np.nan)
        self.first, self.last = np.zeros((2, *shape))
        before = np.zeros(shape, dtype=np.int64)  # the last budget at which the curves differed
        for i in range(len(budgets)):
            now = difference[:, i]
            sign = np.sign(np.nan_to_num(now))
            self.first = np.where(self.first == 0, sign, self.first)
            crossed = (sign != 0) & (self.last != 0) & (sign != self.last)
            then = np.take_along_axis(difference, before[:, None, :], axis=1)[:, 0]
            gap = np.where(crossed, then - now, 1.0)
            line = budgets[before] + then / gap * (budgets[i] - budgets[before])
            middle = 0.5 * (budgets[np.minimum(before + 1, i)] + budgets[max(i - 1, 0)])
            self.at = np.where(crossed, np.where(before == i - 1, line, middle), self.at)
            self.count += crossed
            before = np.where(sign != 0, i, before)
            self.last = np.where(sign != 0, sign, self.last)


def _budgets(scores: pd.DataFrame) -> list[int]:
    """The budgets in ascending order."""
    known = scores["budget"].dropna() if "budget" in scores else pd.Series(dtype="Int64")
    if known.empty:
        raise AlgridError("the scores have no budgets: score at some (budgets=[5, 10, 20, ...]).")
    return sorted(int(budget) for budget in known.unique())
