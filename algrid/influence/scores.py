"""Score influence: what changing one hyperparameter does to scores, all others equal (the paper's blue heatmaps).

Each pair of levels gives two vectors of scores, matched by setting. Their correlation says whether settings that
are good at one level are good at the other. Raw, as in the paper, it mostly shows that datasets differ in
difficulty, and it is blind to a shift; so it stands beside the correlation within datasets (each vector less its
own mean in the dataset) and beside the mean difference, which is the shift.

References
----------
Survey of Active Learning Hyperparameters: Insights from a Large-Scale Experimental Grid, arXiv 2506.03817.
Spearman, C. (1904). The proof and measurement of association between two things.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import runs_of, segment_sum, tied_ranks
from algrid.errors import AlgridError
from algrid.influence._resampling import Copies, copies_of, ends, once, quotient, why_no_interval
from algrid.missing import forced_ties
from algrid.pairing import Cells, pair

__all__ = ["check_budgets", "score_influence"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: A sum of squares below this share of what it was computed from is rounding: the vector is constant.
_CONSTANT = 1e-12


def score_influence(scores: pd.DataFrame, by: str, *, resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Compare each pair of levels of a hyperparameter over the settings in which both have a score.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it: axes, ``value`` (NaN = missing), optionally ``budget``. Values that are
        infinite (a goal that was not reached) have no difference: they count as missing.
    by : str
        The hyperparameter: an axis other than the dataset and replicates, ``budget``, or ``strategy_family``,
        ``strategy_implementation`` or ``learner_name``.
    resamples : int
        Bootstrap resamples; 0 for no intervals.
    seed : int
        Of the resampling.

    Returns
    -------
    DataFrame
        One row a pair of levels: ``level_a``, ``level_b``; ``difference`` (mean of b less a), ``pearson`` and
        ``pearson_centred`` (within datasets), each with ``_low`` and ``_high`` of a 95 % interval (NaN below six
        datasets); ``spearman`` and ``spearman_centred`` (of the values less their dataset's mean); ``matched`` (of
        the settings in which either has a score, the share in which both have), ``n`` settings matched and
        ``n_datasets``. A correlation with a constant is NaN. ``attrs`` say the pairing, ``forced_ties`` (of the pairs
        of levels, the share that had both used up the pool) and a ``note``.

    Raises
    ------
    AlgridError
        If a column is missing, `by` can't be compared, or budgets are compared with whole curves.
    """
    check_budgets(scores, by)
    cells = pair(scores, by)
    infinite = int(np.isinf(cells.values).sum())
    values = np.where(np.isfinite(cells.values), cells.values, np.nan)
    a, b = np.triu_indices(len(cells.levels), k=1)
    data = _Data(values, runs_of(cells.dataset), runs_of(cells.replicate), cells.replicate, a, b)
    sums = _totals(data, once(data.sizes), 1)
    point = _statistics(sums)[:, 0]
    n, either = _matched(values, a, b)
    why = why_no_interval(data.n_datasets, resamples)
    low, high = (np.full_like(point, np.nan),) * 2 if why else _intervals(data, resamples, seed)
    table = pd.DataFrame({"level_a": _taken(cells, a), "level_b": _taken(cells, b)})
    for i, name in enumerate(("difference", "pearson", "pearson_centred")):
        table[name], table[f"{name}_low"], table[f"{name}_high"] = point[i], low[i], high[i]
    table["spearman"], table["spearman_centred"] = _spearman(data)
    table["matched"] = quotient(n, either)
    table["n"] = n.astype(np.int64)
    table["n_datasets"] = sums.n_datasets[0].astype(np.int64)
    table.attrs.update(scores.attrs)
    table.attrs.update(
        by=by,
        resamples=resamples,
        seed=seed,
        n_datasets=data.n_datasets,
        n_settings_all=len(values),
        n_infinite=infinite,
        forced_ties=forced_ties(cells.pool_empty),
        note=" ".join(filter(None, [_whole_curves(scores, by), _infinite(infinite), why])),
    )
    return table


def check_budgets(scores: pd.DataFrame, by: str) -> None:
    """Refuse to compare budgets with whole curves, which span another range of labels in every run.

    Raises
    ------
    AlgridError
        If `by` is the budget and some scores are of whole curves.
    """
    if by == "budget" and "budget" in scores and bool(scores["budget"].isna().any()):
        raise AlgridError(
            "budgets can't be compared with whole curves (a missing budget), which end at another number of labels in "
            "every run: score them at budgets, or leave those rows out (scores[scores['budget'].notna()])."
        )


@dataclass(frozen=True)
class _Data:
    """Matched scores: settings by levels, with the stretches of datasets (of settings) and of replicates."""

    values: Floats
    datasets: Ints
    replicates: Ints
    replicate: Ints
    a: NDArray[np.intp]
    b: NDArray[np.intp]

    @property
    def n_datasets(self) -> int:
        return len(self.datasets) - 1

    @property
    def sizes(self) -> Ints:
        """(n_datasets,) replicates of each dataset."""
        return np.diff(np.searchsorted(self.replicates, self.datasets))


@dataclass(frozen=True)
class _Sums:
    """(6, resamples, pairs) n, sums of a and b, of their squares and product: raw, and within datasets."""

    raw: Floats
    within: Floats
    n_datasets: Floats


def _totals(data: _Data, drawn: Iterable[Copies], resamples: int) -> _Sums:
    n_pairs = len(data.a)
    raw, within = np.zeros((2, 6, resamples, n_pairs))
    n_datasets = np.zeros((resamples, n_pairs))
    overall = _mean(data.values)
    for copies in drawn:
        own, shift = _moments(data, copies.dataset)
        sums = (copies.weights @ own.reshape(len(own), 6 * n_pairs)).reshape(len(copies.weights), 6, n_pairs)
        n = sums[:, 0]
        n_datasets += segment_sum((n > 0).astype(np.float64), copies.offsets)
        raw += segment_sum(_shifted(sums, shift - overall), copies.offsets).transpose(1, 0, 2)
        within += segment_sum(_centred(sums), copies.offsets).transpose(1, 0, 2)
    return _Sums(raw, within, n_datasets)


def _moments(data: _Data, dataset: int) -> tuple[Floats, float]:
    """(n_replicates, 6, pairs) sums of one dataset's values less their mean, and that mean."""
    start, stop = data.datasets[dataset : dataset + 2]
    values = data.values[start:stop]
    shift = _mean(values)
    present = ~np.isnan(values)
    filled = np.where(present, values - shift, 0.0)
    both = (present[:, data.a] & present[:, data.b]).astype(np.float64)
    a, b = filled[:, data.a] * both, filled[:, data.b] * both
    return segment_sum(np.stack([both, a, b, a * a, b * b, a * b], axis=1), runs_of(data.replicate[start:stop])), shift


def _shifted(sums: Floats, by: float) -> Floats:
    """The sums of the values with a constant added."""
    n, a, b, aa, bb, ab = (sums[:, i] for i in range(6))
    square = n * by * by
    return np.stack(
        [n, a + n * by, b + n * by, aa + 2 * by * a + square, bb + 2 * by * b + square, ab + by * (a + b) + square],
        axis=1,
    )


def _centred(sums: Floats) -> Floats:
    """n, the two uncentred squares (what tells rounding from variance), and squares and product about the means."""
    n, a, b, aa, bb, ab = (sums[:, i] for i in range(6))
    per = np.divide(1.0, n, out=np.zeros_like(n), where=n > 0)
    return np.stack([n, aa, bb, aa - a * a * per, bb - b * b * per, ab - a * b * per], axis=1)


def _statistics(sums: _Sums) -> Floats:
    """(3, resamples, pairs) mean difference b - a, Pearson raw and within datasets."""
    n, a, b, *_ = sums.raw
    raw = _centred(sums.raw.transpose(1, 0, 2)).transpose(1, 0, 2)
    return np.stack([quotient(b - a, n), _correlation(raw), _correlation(sums.within)])


def _correlation(centred: Floats) -> Floats:
    _, aa, bb, va, vb, cov = centred
    varies = (va > _CONSTANT * aa) & (vb > _CONSTANT * bb)
    r = quotient(np.where(varies, cov, 0.0), np.where(varies, np.sqrt(np.abs(va * vb)), 0.0))
    return np.clip(r, -1.0, 1.0)


def _intervals(data: _Data, resamples: int, seed: int) -> tuple[Floats, Floats]:
    draws = _statistics(_totals(data, copies_of(data.sizes, resamples, seed), resamples))
    return ends(draws.transpose(1, 0, 2))


def _spearman(data: _Data) -> Floats:
    """(2, pairs) rank correlations of the matched vectors: raw, and of the values less their dataset's mean."""
    out = np.full((2, len(data.a)), np.nan)
    present: NDArray[np.bool_] = np.logical_not(np.isnan(data.values))
    same: dict[tuple[int, bool], Floats] = {}  # levels without a gap are ranked once
    whole: NDArray[np.bool_] = np.all(present, axis=0)
    owner = np.repeat(np.arange(data.n_datasets), np.diff(data.datasets))
    for p, (a, b) in enumerate(zip(data.a.tolist(), data.b.tolist(), strict=True)):
        rows = present[:, a] & present[:, b]
        for centred in (False, True):
            ranks = []
            for level in (a, b):
                if whole[a] and whole[b]:
                    if (level, centred) not in same:
                        same[level, centred] = _rank(data.values[:, level], owner if centred else None)
                    ranks.append(same[level, centred])
                else:
                    ranks.append(_rank(data.values[rows, level], owner[rows] if centred else None))
            out[int(centred), p] = _pearson(*ranks)
    return out


def _rank(values: Floats, owner: Ints | None) -> Floats:
    """Ranks less their mean; with `owner` of the values less their owner's mean."""
    if owner is not None:
        count = np.bincount(owner)
        values = values - (np.bincount(owner, weights=values) / np.maximum(count, 1))[owner]
        scale = float(np.max(np.abs(values), initial=0.0))
        values = np.round(values / scale, 12) if scale > 0 else values  # equal values stay equal when centred
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    ranks = np.empty(len(values))
    ranks[order] = tied_ranks(np.append(True, ordered[1:] != ordered[:-1])[: len(values)])
    return ranks - 0.5 * (len(values) + 1)


def _pearson(x: Floats, y: Floats) -> float:
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(np.clip(x @ y / scale, -1.0, 1.0)) if scale > 0 else np.nan


def _matched(values: Floats, a: NDArray[np.intp], b: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """(pairs,) settings in which both levels have a score, and in which either has."""
    present = (~np.isnan(values)).astype(np.float64)
    both = present.T @ present
    own = np.diag(both)
    return both[a, b], own[a] + own[b] - both[a, b]


def _mean(values: Floats) -> float:
    present = ~np.isnan(values)
    return float(values[present].mean()) if present.any() else 0.0


def _taken(cells: Cells, index: NDArray[np.intp]) -> list[object]:
    return [cells.levels[i] for i in index]


def _whole_curves(scores: pd.DataFrame, by: str) -> str:
    if by == "batch_size" and ("budget" not in scores or bool(scores["budget"].isna().any())):
        return "Whole curves of different batch sizes span different ranges of labels: score them at a budget."
    return ""


def _infinite(count: int) -> str:
    return f"Infinite scores have no difference: {count:,} of them count as missing." if count else ""
