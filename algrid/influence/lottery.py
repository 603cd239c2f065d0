"""The hyperparameter lottery: what a level is worth to those who do not tune the rest.

A strategy that wins with the best learner, batch size and parameters may lose with those that somebody has. Here all
settings count alike: the chance that a setting of A that is drawn at random beats one of B, each drawn on its own.

References
----------
Mann, H. B., Whitney, D. R. (1947). On a test of whether one of two random variables is stochastically larger than the
other. Annals of Mathematical Statistics 18. (The chance is their U, divided by the number of pairs.)
Dehghani, M. et al. (2021). The benchmark lottery. arXiv 2107.07002.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import runs_of
from algrid.influence._datasets import estimated
from algrid.influence._resampling import quotient
from algrid.missing import Missing, check_options, direction
from algrid.pairing import PART_OF, SETTING, check_comparable, codes
from algrid.schema import REPLICATE_AXES

__all__ = ["lottery"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def lottery(
    scores: pd.DataFrame,
    by: str = "strategy",
    *,
    missing: Missing = "worst_rank",
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """The chance that a random setting of one level beats a random setting of another.

    Both settings are drawn independently from those of the same dataset and replicate (split, start set and seed), so
    that neither the dataset nor luck with the start set decides. The chance is exact, over all pairs; ties are half a
    win. It is averaged over the pairs of a dataset, then over datasets. Parameters belong to the lottery where `by` is
    a part of an axis (``strategy_family``): each row is a ticket, nothing is averaged first.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it. Infinite values are worse than any number.
    by : str
        The hyperparameter whose levels are compared.
    missing : {"worst_rank", "complete_case", "own_mean"}
        A missing value loses against every number (two of them tie); or only settings in which every level has a
        value count; or whatever there is counts.
    resamples, seed : int
        Of the bootstrap over datasets and their replicates.
    higher_is_better : bool, optional
        By default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row an ordered pair: ``level``, ``other``, ``chance`` with ``_low`` and ``_high``, ``n_pairs`` (of runs) and
        ``n_datasets``. ``attrs`` have ``forced_ties``: of all pairs, the share in which both had used up the pool.

    Raises
    ------
    AlgridError
        As `algrid.leaderboard.leaderboard`.
    """
    check_options(missing, resamples)
    check_comparable(scores, by)
    better = direction(scores, higher_is_better)
    tickets = _tickets(scores, by, missing, 1.0 if better else -1.0)
    wins, empty = _played(tickets)
    n_levels = len(tickets.levels)

    def of_dataset(sums: Floats) -> Floats:
        chance = quotient(sums[:, 0], sums[:, 1])
        return np.stack([np.nan_to_num(chance), ~np.isnan(chance)], axis=1)

    point, low, high, note = estimated(
        wins,
        runs_of(tickets.dataset_of_group),
        of_dataset,
        lambda sums: quotient(sums[:, 0], sums[:, 1]),
        resamples=resamples,
        seed=seed,
    )
    a, b = np.nonzero(~np.eye(n_levels, dtype=np.bool_))
    table = pd.DataFrame({"level": [tickets.levels[i] for i in a], "other": [tickets.levels[i] for i in b]})
    for name, values in (("chance", point), ("chance_low", low), ("chance_high", high)):
        table[name] = values[a, b]
    pairs = wins[:, 1].sum(axis=0)
    table["n_pairs"] = pairs[a, b].astype(np.int64)
    where = np.unique(tickets.dataset_of_group, return_inverse=True)[1]
    met = np.array([np.bincount(where, weights=wins[:, 1, i, j] > 0) > 0 for i, j in zip(a, b, strict=True)])
    table["n_datasets"] = met.sum(axis=1) if len(met) else 0
    table.attrs.update(scores.attrs)
    off = ~np.eye(n_levels, dtype=np.bool_)
    table.attrs.update(
        by=by,
        missing=missing,
        higher_is_better=better,
        resamples=resamples,
        seed=seed,
        n_datasets=len(np.unique(tickets.dataset_of_group)),
        forced_ties=float(empty[off].sum() / pairs[off].sum()) if pairs[off].sum() else 0.0,
        note=note,
    )
    return table


class _Tickets:
    """Runs that count: value (higher is better), level, and group (dataset and replicate), sorted by group."""

    def __init__(self, value: Floats, level: Ints, group: Ints, dataset: Ints, empty: NDArray[np.bool_]) -> None:
        order = np.argsort(group, kind="stable")
        self.value, self.level, self.empty = value[order], level[order], empty[order]
        self.offsets = runs_of(group[order])
        self.dataset_of_group = dataset[order][self.offsets[:-1]]
        self.levels: list[object] = []


def _tickets(scores: pd.DataFrame, by: str, missing: str, sign: float) -> _Tickets:
    level, first = codes(scores, [by])
    dataset, _ = codes(scores, ["dataset"])
    replicate = [c for c in REPLICATE_AXES if c in scores]
    group, _ = codes(scores, ["dataset", *replicate])
    value = scores["value"].to_numpy(np.float64)
    counts = np.ones(len(value), dtype=np.bool_)
    if missing == "own_mean":
        counts = ~np.isnan(value)
    elif missing == "complete_case":
        counts = _complete(scores, by, level, ~np.isnan(value))
    value = np.where(np.isinf(value), -np.inf, value * sign)
    # what failed is behind what never reached its goal
    ranks = pd.Series(value).rank(method="dense").fillna(0.0).to_numpy(np.float64)
    empty = scores["pool_empty"].to_numpy(np.bool_) if "pool_empty" in scores else np.zeros(len(value), np.bool_)
    tickets = _Tickets(
        np.asarray(ranks[counts], np.float64), level[counts], group[counts], dataset[counts], empty[counts]
    )
    tickets.levels = scores[by].iloc[first].tolist()
    return tickets


def _complete(scores: pd.DataFrame, by: str, level: Ints, present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows with a value, of settings in which every level has one."""
    own = (by, PART_OF.get(by, by))
    setting, _ = codes(scores, [c for c in SETTING if c in scores and c not in own])
    n_levels = int(level.max(initial=-1)) + 1
    found = np.unique(setting[present] * n_levels + level[present])
    count = np.bincount(found // max(n_levels, 1), minlength=int(setting.max(initial=-1)) + 1)
    return np.asarray(present & (count[setting] == n_levels))


def _played(tickets: _Tickets) -> tuple[Floats, Floats]:
    """(n_groups, 2, L, L) wins and pairs of row against column; (L, L) pairs with both pools used up."""
    n_levels = len(tickets.levels)
    out = np.empty((len(tickets.offsets) - 1, 2, n_levels, n_levels))
    empties = np.zeros((n_levels, n_levels))
    for g in range(len(out)):
        part = slice(tickets.offsets[g], tickets.offsets[g + 1])
        order = np.argsort(tickets.value[part], kind="stable")
        value, level = tickets.value[part][order], tickets.level[part][order]
        is_level = (level[:, None] == np.arange(n_levels)).astype(np.float64)
        upto = np.concatenate([np.zeros((1, n_levels)), np.cumsum(is_level, axis=0)])
        beaten = 0.5 * (upto[np.searchsorted(value, value)] + upto[np.searchsorted(value, value, side="right")])
        out[g, 0] = is_level.T @ beaten
        out[g, 1] = np.outer(upto[-1], upto[-1])
        empty = np.bincount(tickets.level[part][tickets.empty[part]], minlength=n_levels).astype(np.float64)
        empties += np.outer(empty, empty)
    return out, empties
