"""How a leaderboard depends on what nobody looks at: on who else takes part, and on what is done about gaps.

Mean ranks are relative: a strategy that takes part can swap two others without either of them changing (Benavoli,
Corani and Mangili, Should we really use post-hoc tests based on mean-ranks?, JMLR 17, 2016). As the rank of a level is
one more than the number of levels that are better, ranks without one of them need no new ranking: what it contributed
is taken away.
"""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import segment_sum
from algrid.influence._datasets import estimated
from algrid.leaderboard import leaderboard
from algrid.missing import Missing, check_options, same_to_the_eye, used_settings

__all__ = ["ahead", "leave_one_out", "treatments"]

Floats = NDArray[np.float64]


def leave_one_out(
    scores: pd.DataFrame,
    by: str = "strategy",
    *,
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """The mean ranks of all other levels when one level does not take part.

    Settings are those in which every level has a value (complete cases of all), also for the ranks without one: what
    changes is who takes part, and nothing else.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it.
    by : str
        The hyperparameter whose levels are ranked.
    resamples, seed : int
        Of the bootstrap over datasets and their replicates.
    higher_is_better : bool, optional
        By default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row a level that is left out and a level that stays: ``without``, the level; ``rank`` (mean over datasets,
        1 is best) with ``_low`` and ``_high``; ``rank_all`` (mean rank among all);
        ``position`` among those that stay, and ``position_all`` among the same levels by
        their mean ranks among all (equal positions share the smaller); ``moved`` (position less position_all). Where
        ``moved`` is not 0, the order of two levels hangs on a third. ``attrs`` as of a leaderboard, and ``moves``: the
        share of rows that moved.

    Raises
    ------
    AlgridError
        As `algrid.leaderboard.leaderboard`.
    """
    check_options("complete_case", resamples)
    used = used_settings(scores, by, "complete_case", higher_is_better)
    score = np.where(np.isinf(used.values), -np.inf, used.sign * used.values)
    finite = np.isfinite(score)
    parts = np.stack([np.where(finite, score, 0.0), finite, np.ones_like(score)], axis=1)

    def of_dataset(sums: Floats) -> Floats:
        found = ahead(sums)
        return np.concatenate([found, np.ones_like(found[:, :1])], axis=1)

    point, low, high, note = estimated(
        segment_sum(parts, used.replicate_offsets),
        used.dataset_offsets,
        of_dataset,
        _ranks_without,
        resamples=resamples,
        seed=seed,
    )
    levels = used.levels
    out, stays = np.nonzero(~np.eye(len(levels), dtype=np.bool_))
    table = pd.DataFrame({"without": [levels[i] for i in out], by: [levels[i] for i in stays]})
    for name, values in (("rank", point), ("rank_low", low), ("rank_high", high)):
        table[name] = values[1:][out, stays]
    whole = point[0]
    table["rank_all"] = whole[stays]
    table["position"] = table.groupby("without")["rank"].transform(_positions).astype(np.int64)
    table["position_all"] = table.groupby("without")["rank_all"].transform(_positions).astype(np.int64)
    table["moved"] = table["position"] - table["position_all"]
    table.attrs.update(scores.attrs)
    table.attrs.update(by=by, missing="complete_case", resamples=resamples, seed=seed, **used.attrs(), note=note)
    table.attrs["moves"] = float((table["moved"] != 0).mean()) if len(table) else 0.0
    return table


def treatments(
    scores: pd.DataFrame,
    by: str = "strategy",
    *,
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """The leaderboards of the three treatments of missing cells, side by side.

    Parameters
    ----------
    scores, by, resamples, seed, higher_is_better
        As of `algrid.leaderboard.leaderboard`.

    Returns
    -------
    DataFrame
        One row a level, in the order of the complete cases: the level, ``n_missing``, and for each treatment T of
        `algrid.missing` ``rank_T``, ``mean_T`` (both with ``_low`` and ``_high``) and ``n_settings_T``. ``attrs`` have
        ``forced_ties`` and ``notes`` of each treatment.

    Raises
    ------
    AlgridError
        As `algrid.leaderboard.leaderboard`.
    """
    table: pd.DataFrame | None = None
    notes, ties = {}, {}
    for missing in get_args(Missing):
        board = leaderboard(
            scores, by, missing=missing, resamples=resamples, seed=seed, higher_is_better=higher_is_better
        )
        notes[missing], ties[missing] = board.attrs["note"], board.attrs["forced_ties"]
        columns = [c for c in map(str, board.columns) if c.startswith(("rank", "mean", "n_settings"))]
        own = board[[by, *columns]].rename(columns={c: _named(c, missing) for c in columns})
        table = board[[by, "n_missing"]].merge(own, on=by) if table is None else table.merge(own, on=by)
    assert table is not None
    table.attrs.update(scores.attrs)
    table.attrs.update(by=by, resamples=resamples, seed=seed, notes=notes, forced_ties=ties)
    return table


def ahead(sums: Floats) -> Floats:
    """Who is ahead of whom: (n, n_levels, n_levels), 1 where the row's level beats the column's, half where they tie.

    Parameters
    ----------
    sums : (n, 3, n_levels) array
        Of the settings of a dataset: sum of the finite scores (higher is better), their number, the number of settings.
        What is infinite more often is behind, whatever its finite scores.
    """
    total, count, everything = (sums[:, i] for i in range(3))
    mean = same_to_the_eye(np.divide(total, count, out=np.zeros_like(total), where=count > 0))
    infinite = np.round((everything - count) / np.maximum(everything, 1.0), 12)
    ours, theirs = mean[:, :, None], mean[:, None, :]
    own, other = infinite[:, :, None], infinite[:, None, :]
    wins = (own < other) | ((own == other) & (ours > theirs))
    return np.asarray(wins + 0.5 * ((own == other) & (ours == theirs)))


def _ranks_without(sums: Floats) -> Floats:
    """(n, 1 + n_levels, n_levels) mean ranks among all; then without each level."""
    n_levels = sums.shape[2]
    # rounded: sums of halves over another order of datasets must not make a tie an order
    share = np.round(sums[:, :n_levels] / sums[:, n_levels:], 12)
    share[:, np.arange(n_levels), np.arange(n_levels)] = 0.0
    whole = 1.0 + share.sum(axis=1, keepdims=True)
    return np.round(np.concatenate([whole, whole - share], axis=1), 9)


def _positions(ranks: pd.Series[float]) -> pd.Series[float]:
    return ranks.rank(method="min")


def _named(column: str, missing: str) -> str:
    for end in ("_low", "_high"):
        if column.endswith(end):
            return f"{column.removesuffix(end)}_{missing}{end}"
    return f"{column}_{missing}"
