"""Pairs of levels: who wins how often, and whether more often than luck would have it.

References
----------
Demšar, J. (2006). Statistical comparisons of classifiers over multiple data sets. JMLR 7.
Benavoli, A., Corani, G., Mangili, F. (2016). Should we really use post-hoc tests based on mean-ranks? JMLR 17.
Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6.
Wilcoxon, F. (1945). Individual comparisons by ranking methods. Biometrics Bulletin 1.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import segment_sum
from algrid.errors import AlgridError
from algrid.influence._datasets import estimated
from algrid.leaderboard import MIN_DATASETS
from algrid.missing import Missing, Used, check_options, dataset_means, quotient, used_settings

__all__ = ["holm", "signed_ranks", "too_few", "wilcoxon_holm", "win_tie_loss"]

Floats = NDArray[np.float64]


def win_tie_loss(
    scores: pd.DataFrame,
    by: str = "strategy",
    *,
    missing: Missing = "complete_case",
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """How often each level beats each other one: in the same setting, and on average in the same dataset.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it. Infinite values are worse than any number and tie among themselves.
    by : str
        The hyperparameter whose levels are compared.
    missing : {"complete_case", "worst_rank", "own_mean"}
        See `algrid.missing`; own_mean: every pair over the settings in which both have a value.
    resamples, seed : int
        Of the bootstrap over datasets and their replicates.
    higher_is_better : bool, optional
        By default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row an ordered pair: ``level``, ``other``; ``wins``, ``ties``, ``losses`` over settings; ``win_rate`` (ties
        are half a win) with ``_low`` and ``_high``; ``forced_ties`` (of the settings, the share in which both had used
        up the pool); ``datasets_won``, ``datasets_tied``, ``datasets_lost`` by the means within datasets. ``attrs``
        as of a leaderboard.

    Raises
    ------
    AlgridError
        As `algrid.leaderboard.leaderboard`.
    """
    check_options(missing, resamples)
    used = used_settings(scores, by, missing, higher_is_better)
    a, b = _ordered_pairs(len(used.levels))
    outcome = _outcomes(used, a, b)
    replicates = segment_sum(outcome.astype(np.float64), used.replicate_offsets)

    def win_rate(sums: Floats) -> Floats:
        wins, ties, losses = (sums[:, i] for i in range(3))
        return quotient(wins + 0.5 * ties, wins + ties + losses)

    point, low, high, note = estimated(
        replicates, used.dataset_offsets, lambda sums: sums, win_rate, resamples=resamples, seed=seed
    )
    table = pd.DataFrame({"level": _names(used, a), "other": _names(used, b)})
    for i, name in enumerate(("wins", "ties", "losses")):
        table[name] = outcome[:, i].sum(axis=0)
    table["win_rate"], table["win_rate_low"], table["win_rate_high"] = point, low, high
    both = (used.pool_empty[:, a] & used.pool_empty[:, b] & outcome.any(axis=1)).sum(axis=0)
    table["forced_ties"] = quotient(both.astype(np.float64), outcome.sum(axis=(0, 1)).astype(np.float64))
    means = np.where(np.isinf(dataset_means(used)), -np.inf, used.sign * dataset_means(used))
    for name, holds in (("won", np.greater), ("tied", np.equal), ("lost", np.less)):
        table[f"datasets_{name}"] = holds(means[:, a], means[:, b]).sum(axis=0)
    table.attrs.update(scores.attrs)
    table.attrs.update(by=by, missing=missing, resamples=resamples, seed=seed, **used.attrs(), note=note)
    return table


def wilcoxon_holm(
    scores: pd.DataFrame,
    by: str = "strategy",
    *,
    missing: Missing = "complete_case",
    alpha: float = 0.05,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """Test each pair of levels over datasets: Wilcoxon's signed ranks of the means, corrected by Holm.

    The two-sided test is over one difference a dataset, as datasets alone are independent. A difference of zero
    counts half for each side (Demšar 2006); a pair without any other difference has p = 1. Unlike tests of mean ranks
    (Nemenyi), whether two levels differ does not depend on which others take part, but for Holm's correction.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it.
    by : str
        The hyperparameter whose levels are compared.
    missing : {"complete_case", "worst_rank", "own_mean"}
        See `algrid.missing`.
    alpha : float
        Level of all tests together (family-wise).
    higher_is_better : bool, optional
        By default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row a pair: ``level_a``, ``level_b``; ``better`` (the level with more positive signed ranks; null where
        they are even), ``median_difference`` (of a less b over datasets), ``n_datasets``, ``p``, ``p_holm`` and
        ``differs`` (p_holm below alpha). Below six datasets there is no test: p is NaN, ``differs`` False, and the
        ``note`` in ``attrs`` says why.

    Raises
    ------
    AlgridError
        As `algrid.leaderboard.leaderboard`, and for an `alpha` that is no probability.
    """
    if not 0.0 < alpha < 1.0:
        raise AlgridError(f"alpha is the chance of a false finding, above 0 and below 1, not {alpha!r}.")
    used = used_settings(scores, by, missing, higher_is_better)
    means = used.sign * dataset_means(used)
    rows = []
    for a in range(len(used.levels)):
        for b in range(a + 1, len(used.levels)):
            difference = _differences(means[:, a], means[:, b])
            p, lead = signed_ranks(difference) if len(difference) >= MIN_DATASETS else (np.nan, 0.0)
            better = used.levels[a] if lead > 0 else used.levels[b] if lead < 0 else None
            middle = used.sign * float(np.median(difference)) if len(difference) else np.nan
            rows.append((used.levels[a], used.levels[b], better, middle, len(difference), p))
    names = ["level_a", "level_b", "better", "median_difference", "n_datasets", "p"]
    table = pd.DataFrame(rows, columns=names)
    table["p_holm"] = holm(table["p"].to_numpy(np.float64))
    table["differs"] = (table["p_holm"] < alpha).to_numpy(np.bool_)
    note = too_few(table, alpha, "pairs")
    table.attrs.update(scores.attrs)
    table.attrs.update(by=by, missing=missing, alpha=alpha, **used.attrs(), note=note)
    return table


def too_few(tests: pd.DataFrame, alpha: float, of: str) -> str:
    """What tests over datasets can't find because there are too few of them; empty where there are enough.

    Parameters
    ----------
    tests : DataFrame
        ``p`` and ``n_datasets`` of each test of one family.
    alpha : float
        Level of all of them together, after Holm.
    of : str
        What is tested, in the plural.
    """
    few = tests["p"].isna()
    if few.any():
        return (
            f"No test for {int(few.sum())} of {len(tests)} {of}: fewer than {MIN_DATASETS} datasets, which is too few."
        )
    most = int(tests["n_datasets"].max()) if len(tests) else 0
    least = 2.0 ** (1 - most)  # all signed ranks on one side, of 2^n equally likely signs, two-sided
    if len(tests) and least * len(tests) >= alpha:
        return (
            f"{most} datasets are too few to tell any of {len(tests)} {of} apart at level {alpha:g}: the least p that "
            f"the test can give is {least:.2g}, and Holm asks for less than {alpha / len(tests):.2g}."
        )
    return ""


def holm(p: Floats) -> Floats:
    """(n,) p-values corrected by Holm's step-down method; NaN are no tests, and stay."""
    adjusted = np.full(len(p), np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    scaled = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def signed_ranks(difference: Floats) -> tuple[float, float]:
    """p-value of Wilcoxon's two-sided test, and by how much positive signed ranks outweigh negative ones.

    A difference of zero counts half for each side; without any other, p is 1.
    """
    if not difference.any():
        return 1.0, 0.0
    from scipy.stats import rankdata, wilcoxon

    lead = float(np.sum(np.sign(difference) * rankdata(np.abs(difference))))
    # exact up to 50 datasets, or up to 13 where differences are zero or tied; else the normal approximation
    result = wilcoxon(difference, zero_method="zsplit", method="auto")
    return float(result.pvalue), lead


def _differences(a: Floats, b: Floats) -> Floats:
    """A - b where both are known; two that never reach a goal (infinite) don't differ."""
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = a[known], b[known]
    equal = a == b
    return np.where(equal, 0.0, np.where(equal, 0.0, a) - np.where(equal, 0.0, b))


def _outcomes(used: Used, a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(n_settings, 3, n_pairs) whether a won, tied with or lost against b; none where either has no value."""
    score = np.where(np.isinf(used.values), -np.inf, used.sign * used.values)
    ours, theirs = score[:, a], score[:, b]
    late, others_late = used.is_missing[:, a], used.is_missing[:, b]
    equal = ours == theirs
    win = (ours > theirs) | (equal & ~late & others_late)
    loss = (ours < theirs) | (equal & late & ~others_late)
    return np.stack([win, equal & (late == others_late), loss], axis=1)


def _ordered_pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    a, b = np.nonzero(~np.eye(n, dtype=np.bool_))
    return a, b


def _names(used: Used, index: NDArray[np.intp]) -> list[object]:
    return [used.levels[i] for i in index]
