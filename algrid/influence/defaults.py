"""Defaults: one setting of all hyperparameters for every dataset, and what it costs against tuning each.

A default that is chosen and reported on the same datasets looks better than it is. It is therefore chosen on one half
of the datasets and reported on the other, for many random halves (as Pfisterer, van Rijn, Probst, Müller and Bischl,
Learning multiple defaults for machine learning algorithms, GECCO 2021, evaluate theirs on datasets left out).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import segment_sum
from algrid.errors import AlgridError
from algrid.influence._datasets import estimated
from algrid.influence._resampling import ends, quotient
from algrid.leaderboard import MIN_DATASETS
from algrid.mean_curves import MIN_REPLICATES
from algrid.missing import Missing, Used, check_options, dataset_means, used_settings
from algrid.pairing import codes
from algrid.schema import AXES, REPLICATE_AXES
from algrid.seeds import generator

__all__ = ["defaults", "distance_to_best", "paired_settings", "regrets_of"]

Floats = NDArray[np.float64]


def defaults(
    scores: pd.DataFrame,
    axes: Sequence[str] | None = None,
    *,
    halves: int = 200,
    missing: Missing = "worst_rank",
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """How good each setting is as the one default for all datasets.

    The regret of a setting in a dataset is the mean of the dataset's best setting less its own mean, in units of the
    score (at least 0). The default is the setting of least mean regret. The best of a dataset is the best of noisy
    means, hence a little too good, and all regrets a little too large.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it, of one budget. Infinite values count as missing.
    axes : sequence of str, optional
        What a default sets; by default every axis with several levels but dataset and replicates. Axes that are left
        out are averaged over.
    halves : int
        Random halves of the datasets.
    missing : {"worst_rank", "complete_case", "own_mean"}
        What fails counts as the worst of its dataset and replicate; see `algrid.missing`.
    resamples, seed : int
        Of the bootstrap over datasets and their replicates; `seed` also draws the halves.
    higher_is_better : bool, optional
        By default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row a setting, least regret first: `axes`; ``regret`` (mean over datasets, with ``_low`` and ``_high``),
        ``worst_regret`` (over datasets), ``chosen`` (share of the halves that choose it) and ``held_out_regret`` (mean
        on the other halves when it was chosen). ``attrs``: ``held_out`` (mean regret of the chosen default on the other
        half), ``held_out_low`` and ``held_out_high`` (its 2.5 % and 97.5 % quantiles over halves), ``chosen_on`` (its
        mean regret on the half that chose it), ``forced_ties`` and a ``note``; below six datasets there are no halves.

    Raises
    ------
    AlgridError
        As `algrid.leaderboard.leaderboard`, and for an unknown axis or several budgets.
    """
    check_options(missing, resamples)
    names, settings, used = paired_settings(scores, axes, missing, higher_is_better)
    regrets = regrets_of(used.sign * dataset_means(used))
    parts = np.stack([np.nan_to_num(used.sign * used.values), ~np.isnan(used.values)], axis=1)

    def of_dataset(sums: Floats) -> Floats:
        regret = regrets_of(quotient(sums[:, 0], sums[:, 1]))
        return np.stack([np.nan_to_num(regret), ~np.isnan(regret)], axis=1)

    point, low, high, note = estimated(
        segment_sum(parts, used.replicate_offsets),
        used.dataset_offsets,
        of_dataset,
        lambda sums: quotient(sums[:, 0], sums[:, 1]),
        resamples=resamples,
        seed=seed,
    )
    table = settings.assign(regret=point, regret_low=low, regret_high=high)
    table["worst_regret"] = np.max(np.nan_to_num(regrets, nan=-np.inf), axis=0, initial=-np.inf)
    drawn, facts = _halves(regrets, halves, seed)
    table["chosen"], table["held_out_regret"] = drawn
    table = table.sort_values(["regret", *names], kind="stable", ignore_index=True)
    table.attrs.update(scores.attrs)
    table.attrs.update(axes=names, missing=missing, halves=halves, resamples=resamples, seed=seed, **used.attrs())
    table.attrs.update(facts, note=" ".join(filter(None, [note, facts["note"]])))
    return table


def distance_to_best(
    scores: pd.DataFrame,
    setting: Mapping[str, Any],
    *,
    missing: Missing = "worst_rank",
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """How far one setting is from the best one, dataset by dataset.

    Parameters
    ----------
    scores : DataFrame
        As of `defaults`.
    setting : mapping
        Axes and their levels, as in a row of `defaults`.
    missing, resamples, seed, higher_is_better
        As of `defaults`; here replicates alone are resampled, within each dataset.

    Returns
    -------
    DataFrame
        One row a dataset, the largest distance first: ``dataset``, ``value`` (mean of the setting), ``best`` (of the
        best setting), ``best_A`` (the best setting's level of each axis A), ``distance`` (0 where the setting is the
        best) with ``_low`` and ``_high`` (NaN below three replicates) and ``n_replicates``. ``attrs`` as of `defaults`.

    Raises
    ------
    AlgridError
        As `defaults`, and for a setting that does not occur.
    """
    check_options(missing, resamples)
    names, settings, used = paired_settings(scores, list(setting), missing, higher_is_better)
    at = np.flatnonzero(np.logical_and.reduce([(settings[name] == setting[name]).to_numpy() for name in names]))
    if not len(at):
        given = ", ".join(f"{name}={value!r}" for name, value in setting.items())
        raise AlgridError(f"no run has the setting {given}. Take one that occurs, such as a row of `defaults`.")
    _, first = codes(scores, ["dataset"])
    order = scores["dataset"].iloc[first].tolist()
    occurring = np.unique(used.dataset)
    means = dataset_means(used)
    values = used.sign * used.values
    rows = []
    for i, d in enumerate(occurring.tolist()):
        own = values[used.dataset == d]
        best = int(np.argmax(np.nan_to_num(used.sign * means[i], nan=-np.inf)))
        low, high = _distance_ends(own, int(at[0]), resamples, generator(seed, "distance", dataset=str(order[d])))
        rows.append(
            {
                "dataset": order[d],
                "value": means[i, at[0]],
                "best": means[i, best],
                **{f"best_{name}": settings[name].iloc[best] for name in names},
                "distance": used.sign * (means[i, best] - means[i, at[0]]),
                "distance_low": low,
                "distance_high": high,
                "n_replicates": len(own),
            }
        )
    table = pd.DataFrame(rows).sort_values(["distance", "dataset"], ascending=[False, True], ignore_index=True)
    table.attrs.update(scores.attrs)
    table.attrs.update(axes=names, setting=dict(setting), missing=missing, resamples=resamples, seed=seed)
    table.attrs.update(used.attrs())
    return table


def paired_settings(
    scores: pd.DataFrame, axes: Sequence[str] | None, missing: str, higher_is_better: bool | None
) -> tuple[list[str], pd.DataFrame, Used]:
    """The axes, their combinations (a row each), and scores as replicates by combinations."""
    fixed = ("dataset", *REPLICATE_AXES)
    possible = [c for c in AXES if c in scores and c not in fixed]
    names = [c for c in possible if scores[c].nunique() > 1] if axes is None else list(axes)
    for name in names:
        if name not in possible:
            raise AlgridError(f"a default can't set {name!r}. Axes that it can set: {', '.join(possible) or 'none'}.")
    if "budget" in scores and scores["budget"].nunique(dropna=False) > 1:
        raise AlgridError("a default is judged at one budget: pass the scores of one.")
    if not names:
        raise AlgridError("there is nothing to set: every axis has one level.")
    code, first = codes(scores, names)
    settings = scores[names].iloc[first].reset_index(drop=True).astype(object).infer_objects()
    kept = [c for c in (*fixed, "value", "pool_empty") if c in scores]
    frame = scores[kept].assign(strategy=code)  # the combination takes the place of a level
    frame["value"] = frame["value"].where(np.isfinite(frame["value"]))
    frame.attrs.update(scores.attrs)
    return names, settings, used_settings(frame, "strategy", missing, higher_is_better)


def regrets_of(means: Floats) -> Floats:
    """(n, n_settings) loss against the best of each row; NaN where there is no value."""
    known = np.isfinite(means)
    best = np.max(np.where(known, means, -np.inf), axis=1, keepdims=True, initial=-np.inf)
    return np.where(known, np.where(np.isfinite(best), best, 0.0) - np.where(known, means, 0.0), np.nan)


def _halves(regrets: Floats, halves: int, seed: int) -> tuple[Floats, dict[str, Any]]:
    """(2, n_settings) share of the halves that choose a setting, and its regret on the others; and what they say."""
    n_datasets, n_settings = regrets.shape
    per = np.full((2, n_settings), np.nan)
    facts: dict[str, Any] = {"held_out": np.nan, "held_out_low": np.nan, "held_out_high": np.nan, "chosen_on": np.nan}
    if n_datasets < MIN_DATASETS:
        return per, {**facts, "note": f"No halves: {n_datasets} datasets are too few (at least {MIN_DATASETS})."}
    rng = generator(seed, "halves")
    # a setting that has no value in some dataset is as bad there as the worst one
    filled = np.where(np.isnan(regrets), np.nanmax(regrets, axis=1, keepdims=True), regrets)
    choices, chosen_on, held_out = np.empty(halves, np.int64), np.empty(halves), np.empty(halves)
    for i in range(halves):
        order = rng.permutation(n_datasets)
        ours, theirs = filled[order[: n_datasets // 2]].mean(axis=0), filled[order[n_datasets // 2 :]].mean(axis=0)
        choices[i] = np.argmin(np.round(ours, 12))
        chosen_on[i], held_out[i] = ours[choices[i]], theirs[choices[i]]
    count = np.bincount(choices, minlength=n_settings).astype(np.float64)
    per[0] = count / halves
    np.divide(np.bincount(choices, weights=held_out, minlength=n_settings), count, out=per[1], where=count > 0)
    low, high = ends(held_out)
    facts.update(held_out=float(held_out.mean()), held_out_low=float(low), held_out_high=float(high))
    return per, {**facts, "chosen_on": float(chosen_on.mean()), "note": ""}


def _distance_ends(values: Floats, at: int, resamples: int, rng: np.random.Generator) -> tuple[float, float]:
    """Ends of the interval of the distance to the best, over the replicates of one dataset."""
    n = len(values)
    if not resamples or n < MIN_REPLICATES:
        return np.nan, np.nan
    weights = rng.multinomial(n, np.full(n, 1.0 / n), size=resamples).astype(np.float64)
    count = weights @ (~np.isnan(values)).astype(np.float64)
    means = quotient(weights @ np.nan_to_num(values), count)
    low, high = ends(regrets_of(means)[:, at])
    return float(low), float(high)
