"""Ranking influence: how the leaderboard of strategies depends on a hyperparameter (the paper's orange heatmaps).

A leaderboard orders strategies by their mean rank over datasets, of their mean scores within each dataset. Two
leaderboards are compared by Kendall's tau-b. A low tau alone shows no influence: leaderboards of few replicates
disagree by chance. So replicates are halved, again and again: tau(A on half 1, B on half 2) is held against
tau(A on half 1, A on half 2), which differ only by the level. What lies between the two is lost to the level.

References
----------
Kendall, M. G. (1945). The treatment of ties in ranking problems. Biometrika 33.
Survey of Active Learning Hyperparameters: Insights from a Large-Scale Experimental Grid, arXiv 2506.03817.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import offsets_of, runs_of, segment_sum
from algrid.errors import AlgridError
from algrid.influence._joint import direction, joint
from algrid.influence._resampling import Copies, copies_of, ends, once, quotient, why_no_interval
from algrid.influence.scores import check_budgets
from algrid.missing import forced_ties
from algrid.pairing import pair
from algrid.seeds import generator

__all__ = ["WITHOUT", "ranking_influence", "tau_b"]

#: In place of the second level: the leaderboard of all levels but the first.
WITHOUT = "all others"

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Comparisons that are held at a time.
_ENTRIES = 1 << 24


def ranking_influence(
    scores: pd.DataFrame,
    by: str,
    *,
    of: str = "strategy",
    resamples: int = 1000,
    repeats: int = 200,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """Compare the leaderboards at each pair of levels, and at each level with that of all other levels.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it. Only settings in which each ranked level has a score at each level of
        `by` count; ranked levels that have none at all at some level are left out (``attrs["left_out"]``).
    by : str
        The hyperparameter: as of `score_influence`; or ``dataset``, for leaderboards of single datasets.
    of : str
        What is ranked.
    resamples : int
        Bootstrap resamples; 0 for no intervals.
    repeats : int
        Random halvings, with the datasets as they are; 0 for no noise ceiling.
    seed : int
        Of resampling and halving.
    higher_is_better : bool, optional
        Direction of ``value``; by default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row a pair: ``level_a``, ``level_b`` (with more than two levels also ``"all others"``); ``tau`` with
        ``tau_low`` and ``tau_high`` (95 % interval, datasets and replicates drawn: a resample is noisier than the
        study, so that it leans to low values); over random halves with fixed datasets the means ``ceiling`` (a level
        with itself), ``halves`` (one level with the other) and ``lost``, their difference; with resampled datasets
        ``ceiling_resampled``, ``halves_resampled``, ``lost_resampled`` and the ends of its 95 % interval,
        ``lost_resampled_low`` and ``lost_resampled_high``. A tau with a leaderboard of ties only is NaN. ``attrs``:
        ``overall``, the mean of ``tau``, ``lost`` and ``lost_resampled`` over pairs of levels, with intervals;
        ``n_settings`` of ``n_settings_all``; ``forced_ties`` (of the pairs of ranked levels that are compared, the
        share that had both used up the pool); ``note``.

    Raises
    ------
    AlgridError
        If a column is missing, the hyperparameters can't be compared, or the direction is not known.
    """
    sign = direction(scores, higher_is_better)
    check_budgets(scores, by)
    if repeats < 0:
        raise AlgridError(f"repeats is a number of halvings, 0 or more, not {repeats}.")
    data = _of_datasets(scores, of, sign) if by == "dataset" else _of_levels(scores, of, by, sign)
    why = why_no_interval(data.n_datasets, resamples)
    if by == "dataset" and resamples:
        why = "No intervals: datasets are what is compared."
    resamples = 0 if why else resamples
    split = bool(len(data.sizes)) and int(data.sizes.min()) > 1
    a, b = _pairs(data)
    full = _taus(_ranked(data, once(data.sizes), 1))[:, a, b]
    draws = _taus(_ranked(data, copies_of(data.sizes, resamples, seed), resamples))[:, a, b] if resamples else None
    fixed = _halved(data, (a, b), repeats if split else 0, resampled=False, seed=seed)
    moved = _halved(data, (a, b), resamples if split and repeats else 0, resampled=True, seed=seed)
    table = pd.DataFrame({"level_a": [data.names[i] for i in a], "level_b": [data.names[i] for i in b]})
    table["tau"] = full[0]
    table["tau_low"], table["tau_high"] = _ends(draws, len(a))
    for name, own in (("", fixed), ("_resampled", moved)):
        for part, value in zip(("ceiling", "halves", "lost"), own, strict=True):
            table[f"{part}{name}"] = _mean(value)
    table["lost_resampled_low"], table["lost_resampled_high"] = _ends(moved[2], len(a))
    plain = b < data.n_levels
    overall = {
        "tau": _overall(full, draws, plain),
        "lost": _overall(fixed[2], None, plain),
        "lost_resampled": _overall(moved[2], moved[2], plain),
    }
    table.attrs.update(scores.attrs)
    table.attrs.update(by=by, of=of, resamples=resamples, repeats=repeats, seed=seed, overall=overall, **data.facts)
    table.attrs["note"] = " ".join(filter(None, [_empty(data, of, by), _unsplit(split, repeats), why]))
    return table


def tau_b(x: Floats, y: Floats) -> Floats:
    """(..., k, l) Kendall's tau-b of all vectors of x (..., k, m) with all of y (..., l, m); NaN for constants."""
    first, second = np.triu_indices(x.shape[-1], k=1)
    p, q = (np.sign(v[..., first] - v[..., second]) for v in (x, y))
    scale = np.sqrt(np.square(p).sum(axis=-1)[..., :, None] * np.square(q).sum(axis=-1)[..., None, :])
    return quotient(p @ np.swapaxes(q, -1, -2), scale)


@dataclass(frozen=True)
class _Data:
    """Sums of signed scores per replicate, (n_replicates, n_levels, n_ranked), and settings, (n_replicates,).

    Of datasets as levels, `own_boards`: n_levels is 1, and every dataset is a leaderboard of its own.
    """

    sums: Floats
    counts: Floats
    sizes: Ints
    names: list[Any]
    own_boards: bool
    facts: dict[str, Any]

    @property
    def n_datasets(self) -> int:
        return len(self.sizes)

    @property
    def n_levels(self) -> int:
        """Leaderboards of one level; after them come those without it."""
        return self.n_datasets if self.own_boards else self.sums.shape[1]


def _of_levels(scores: pd.DataFrame, of: str, by: str, sign: float) -> _Data:
    cells = joint(scores, of, by)
    values, empty = cells.values.transpose(0, 2, 1), cells.pool_empty.transpose(0, 2, 1)
    values, counts, facts = _compared(values, empty, cells.levels)
    return _summed(sign * values[counts], (cells.dataset[counts], cells.replicate[counts]), cells.across, facts)


def _of_datasets(scores: pd.DataFrame, of: str, sign: float) -> _Data:
    cells = pair(scores, of)
    values, empty = np.where(np.isfinite(cells.values), cells.values, np.nan)[:, None], cells.pool_empty[:, None]
    values, counts, facts = _compared(values, empty, cells.levels)
    names = [sorted(scores["dataset"].unique())[i] for i in np.unique(cells.dataset[counts])]
    return _summed(
        sign * values[counts], (cells.dataset[counts], cells.replicate[counts]), names, facts, own_boards=True
    )


def _compared(
    values: Floats, empty: NDArray[np.bool_], levels: list[Any]
) -> tuple[Floats, NDArray[np.bool_], dict[str, Any]]:
    """The values of what is ranked, which settings count, and what there is to say of both."""
    there = _somewhere(values)
    values = values[:, :, there]
    counts = _everywhere(values)
    facts = {
        "left_out": [levels[i] for i in np.flatnonzero(~there)],
        "n_settings": int(counts.sum()),
        "n_settings_all": len(values),
        "forced_ties": forced_ties(empty[:, :, there][counts].reshape(-1, max(int(there.sum()), 1))),
    }
    return values, counts, facts


def _somewhere(values: Floats) -> NDArray[np.bool_]:
    """(n_ranked,) whether what is ranked has a score at each level, in some setting."""
    there: NDArray[np.bool_] = np.all(np.any(~np.isnan(values), axis=0), axis=0)
    return there


def _everywhere(values: Floats) -> NDArray[np.bool_]:
    """(n_settings,) whether there is a score of everything."""
    counts: NDArray[np.bool_] = np.all(~np.isnan(values), axis=(1, 2)) & (values.shape[2] > 0)
    return counts


def _summed(
    values: Floats, where: tuple[Ints, Ints], names: list[Any], facts: dict[str, Any], *, own_boards: bool = False
) -> _Data:
    """Sums of settings of these datasets and replicates."""
    dataset, replicate = where
    replicates = runs_of(replicate)
    sizes = np.diff(np.searchsorted(replicates, runs_of(dataset)))
    facts["n_datasets"] = len(sizes)
    several = [*names, *([WITHOUT] * len(names) if len(names) > 2 else [])]
    return _Data(
        segment_sum(values, replicates), np.diff(replicates).astype(np.float64), sizes, several, own_boards, facts
    )


def _pairs(data: _Data) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Leaderboards that are compared: each two levels, then each level and the leaderboard without it."""
    n = data.n_levels
    a, b = np.triu_indices(n, k=1)
    if len(data.names) == n:
        return a, b
    return np.append(a, np.arange(n)), np.append(b, n + np.arange(n))


def _ranked(data: _Data, drawn: Iterator[Copies], resamples: int) -> Floats:
    """(resamples, n_boards, n_ranked) sums over datasets of the ranks within each; levels, then all but each level."""
    without = len(data.names) > data.n_levels
    n_ranked = data.sums.shape[2]
    boards = np.zeros((resamples, data.n_levels * (1 + without), n_ranked))
    offsets = offsets_of(data.sizes)
    for copies in drawn:
        own = slice(*offsets[copies.dataset : copies.dataset + 2])
        ranks = _mean_ranks(copies.weights, data.sums[own], data.counts[own], without and not data.own_boards)
        summed = segment_sum(ranks, copies.offsets)
        if data.own_boards:
            boards[:, copies.dataset] = summed[:, 0]
        else:
            boards += summed
    if data.own_boards and without:
        n = data.n_levels
        boards[:, n:] = boards[:, :n].sum(axis=1, keepdims=True) - boards[:, :n]
    return boards


def _mean_ranks(weights: Floats, sums: Floats, counts: Floats, without: bool) -> Floats:
    """(n_copies, n_boards, n_ranked) ranks of the mean scores of one dataset."""
    means = (weights @ sums.reshape(len(sums), -1)).reshape(len(weights), *sums.shape[1:])
    means /= (weights @ counts)[:, None, None]
    if without:
        n = means.shape[1]
        means = np.concatenate([means, (means.sum(axis=1, keepdims=True) - means) / (n - 1)], axis=1)
    # sums of equal numbers can differ in the last bits, which must not decide a rank
    scale = np.max(np.abs(means), axis=2, keepdims=True, initial=0.0)
    means = np.round(np.divide(means, scale, out=np.zeros_like(means), where=scale > 0), 12)
    step = max(1, _ENTRIES // max(1, means[0].size * means.shape[2])) if len(means) else 1
    chunks = [_ranks(means[i : i + step]) for i in range(0, len(means), step)]
    return np.concatenate(chunks) if chunks else means


def _ranks(means: Floats) -> Floats:
    """Average ranks along the last axis; the highest has rank 1."""
    one, other = means[..., :, None], means[..., None, :]
    better, equal = np.count_nonzero(other > one, axis=-1), np.count_nonzero(other == one, axis=-1)
    return np.asarray(0.5 + better + 0.5 * equal, dtype=np.float64)


def _taus(boards: Floats) -> Floats:
    return tau_b(boards, boards)


def _halved(
    data: _Data, pairs: tuple[NDArray[np.intp], NDArray[np.intp]], resamples: int, *, resampled: bool, seed: int
) -> tuple[Floats, Floats, Floats]:
    """(resamples, pairs) tau of a level with itself and of the two, each on two halves, and what lies between."""
    a, b = pairs
    if not resamples:
        return (np.full((0, len(a)), np.nan),) * 3
    halves = [_ranked(data, _halves(data.sizes, resamples, resampled, seed, half), resamples) for half in (0, 1)]
    tau = tau_b(halves[0], halves[1])
    own = np.diagonal(tau, axis1=1, axis2=2)
    ceiling = 0.5 * (own[:, a] + own[:, b])
    across = 0.5 * (tau[:, a, b] + tau[:, b, a])
    return ceiling, across, ceiling - across


def _halves(sizes: Ints, resamples: int, resampled: bool, seed: int, half: int) -> Iterator[Copies]:
    """One half of the replicates of every dataset, at random; the same seed gives both halves of one halving."""
    rng = generator(seed, "halves", resampled=resampled)
    n = len(sizes)
    drawn = rng.multinomial(n, np.full(n, 1.0 / n), size=resamples) if resampled else np.ones((resamples, n), np.int64)
    for dataset, size in enumerate(sizes.tolist()):
        copies = int(drawn[:, dataset].sum())
        place = rng.permuted(np.tile(np.arange(size), (copies, 1)), axis=1)
        within = (place >= half * (size // 2)) & (place < (half + 1) * (size // 2))
        yield Copies(dataset, within.astype(np.float64), offsets_of(drawn[:, dataset]))


def _ends(draws: Floats | None, n: int) -> tuple[Floats, Floats]:
    return (np.full(n, np.nan),) * 2 if draws is None or not len(draws) else ends(draws)


def _mean(values: Floats) -> Floats:
    """Mean over the first axis of what is not NaN."""
    there = ~np.isnan(values)
    return quotient(np.where(there, values, 0.0).sum(axis=0), there.sum(axis=0).astype(np.float64))


def _overall(point: Floats, draws: Floats | None, plain: NDArray[np.bool_]) -> dict[str, float]:
    """Mean over pairs of levels, and the ends of its interval."""
    value = _mean(_mean(point[:, plain])[:, None])[0] if len(point) and plain.any() else np.nan
    low, high = np.nan, np.nan
    if draws is not None and len(draws) and plain.any():
        low, high = (float(end) for end in ends(_mean(draws[:, plain].T)))
    return {"value": float(value), "low": low, "high": high}


def _empty(data: _Data, of: str, by: str) -> str:
    said = []
    if data.facts["left_out"]:
        said.append(f"Left out, without a score at some {by}: {', '.join(map(str, data.facts['left_out']))}.")
    if not data.n_datasets:
        said.append(f"Nothing to compare: no setting has a score of every {of} at every {by}.")
    return " ".join(said)


def _unsplit(split: bool, repeats: int) -> str:
    if not repeats:
        return "No noise ceiling: no halvings were asked for."
    return "" if split else "No noise ceiling: halves need two replicates in every dataset."
