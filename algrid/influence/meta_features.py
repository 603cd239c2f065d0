"""Which kind of data goes with which best level: meta-features of datasets against scores.

Datasets are few, and meta-features many: whatever is found is measured on datasets left out, against what one choice
for all of them gives, and against meta-features that are dealt to the wrong datasets.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import rank_shares
from algrid.errors import AlgridError
from algrid.influence._resampling import ends
from algrid.influence.defaults import paired_settings, regrets_of
from algrid.leaderboard import MIN_DATASETS
from algrid.missing import Missing, check_options, dataset_means
from algrid.pairing import codes
from algrid.seeds import generator

__all__ = ["best_by_meta_features", "meta_associations"]

Floats = NDArray[np.float64]


def best_by_meta_features(
    scores: pd.DataFrame,
    meta: pd.DataFrame,
    by: str = "strategy",
    *,
    neighbours: int | None = None,
    permutations: int = 1000,
    missing: Missing = "worst_rank",
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """How well the best level of a hyperparameter is told from meta-features, on datasets left out.

    Each dataset is left out in turn; of the others the nearest by meta-features (in ranks) are looked up, and the
    level with the least mean regret there is taken. Its regret in the dataset that was left out (the best level's mean
    less its own) is what counts.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it, of one budget.
    meta : DataFrame
        ``dataset`` and meta-features, as of `algrid.meta_features.meta_table`.
    by : str
        The hyperparameter.
    neighbours : int, optional
        Datasets that are looked up, with those as far away as the last of them; by default the root of the number of
        datasets.
    permutations : int
        How often meta-features are dealt to the wrong datasets.
    missing, resamples, higher_is_better
        As of `algrid.influence.defaults.defaults`.
    seed : int
        Of permutations and resamples.

    Returns
    -------
    DataFrame
        One row a way to choose: ``predictor`` is ``one for all`` (least mean regret in all other datasets),
        ``most often best`` (there), ``all`` meta-features together, or a single one; ``regret`` (mean over datasets
        left out, in units of the score), ``right`` (share of them in which the best level was chosen), ``gain`` (regret
        of ``one for all`` less its own, with a 95 % interval over datasets ``gain_low`` and ``gain_high``), ``p``
        (share of permutations at least as good) and ``p_family`` (share in which the best single one is). ``attrs``:
        ``n_datasets``, ``neighbours``, ``left_out`` (datasets without meta-features), ``constant`` (meta-features that
        are the same everywhere, and not looked at) and a ``note``; below six datasets there are neither intervals nor
        p-values.

    Raises
    ------
    AlgridError
        For an unknown hyperparameter, several budgets, no meta-features, or fewer than three datasets.
    """
    check_options(missing, resamples)
    regrets, values, names, facts = _paired(scores, meta, by, missing, higher_is_better)
    n = len(regrets)
    k = max(1, round(np.sqrt(n))) if neighbours is None else min(neighbours, n - 1)
    weights = {"all": _near(values, k)} | {name: _near(values[:, [i]], k) for i, name in enumerate(names)}
    everyone = 1.0 - np.eye(n)
    is_best = (regrets <= 0).astype(np.float64)
    choices = {"one for all": _chosen(everyone, regrets), "most often best": _chosen(everyone, -is_best)}
    choices |= {name: _chosen(weight, regrets) for name, weight in weights.items()}
    own = {name: regrets[np.arange(n), choice] for name, choice in choices.items()}
    rng = generator(seed, "meta-features", datasets=n)
    gains = {name: own["one for all"] - regret for name, regret in own.items()}
    drawn = rng.integers(0, n, (resamples if n >= MIN_DATASETS else 0, n))
    p = _permuted(weights, regrets, {name: own[name].mean() for name in weights}, permutations, rng)
    rows = []
    for name, regret in own.items():
        low, high = ends(gains[name][drawn].mean(axis=1)) if len(drawn) else (np.nan, np.nan)
        row = {"predictor": name, "regret": regret.mean(), "right": float((regret <= 0).mean())}
        row |= {"gain": gains[name].mean(), "gain_low": float(low), "gain_high": float(high)}
        rows.append(row | p.get(name, {"p": np.nan, "p_family": np.nan}))
    table = pd.DataFrame(rows)
    table.attrs.update(scores.attrs)
    table.attrs.update(facts, by=by, neighbours=k, permutations=permutations, resamples=resamples, seed=seed)
    return table


def meta_associations(
    scores: pd.DataFrame,
    meta: pd.DataFrame,
    by: str = "strategy",
    *,
    permutations: int = 1000,
    missing: Missing = "worst_rank",
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """Where each level does better than the others: rank correlations of its lead with meta-features.

    The lead of a level in a dataset is its mean score less that of all levels there (more is better, whatever the
    score's direction).

    Parameters
    ----------
    scores, meta, by, missing, higher_is_better
        As of `best_by_meta_features`.
    permutations : int
        How often meta-features are dealt to the wrong datasets.
    seed : int
        Of the permutations.

    Returns
    -------
    DataFrame
        One row a level and meta-feature, the strongest first: ``level``, ``meta_feature``, ``rho`` (Spearman over
        datasets; NaN where one of them does not vary) and ``p``, corrected for all that are looked at (share of the
        permutations in which the strongest of all is as strong: Westfall & Young, 1993; NaN below six datasets).

    Raises
    ------
    AlgridError
        As `best_by_meta_features`.
    """
    check_options(missing, 0)
    regrets, values, names, facts = _paired(scores, meta, by, missing, higher_is_better)
    n = len(regrets)
    lead = regrets.mean(axis=1, keepdims=True) - regrets
    ours, theirs = _unit_ranks(lead), _unit_ranks(values)
    rho = ours.T @ theirs  # (n_levels, n_meta_features)
    rng = generator(seed, "meta-features", datasets=n)
    p = np.full(rho.shape, np.nan)
    if n >= MIN_DATASETS and permutations:
        dealt = (np.abs(ours[rng.permutation(n)].T @ theirs) for _ in range(permutations))
        strongest = np.sort([np.nanmax(each, initial=0.0) for each in dealt])
        as_strong = permutations - np.searchsorted(strongest, np.abs(rho) - 1e-9)
        p = np.where(np.isnan(rho), np.nan, (1 + as_strong) / (1 + permutations))
    levels = facts.pop("levels")
    table = pd.DataFrame(
        {
            "level": np.repeat(np.array(levels, dtype=object), len(names)),
            "meta_feature": np.tile(np.array(names, dtype=object), len(levels)),
            "rho": rho.ravel(),
            "p": p.ravel(),
        }
    )
    table = table.iloc[np.argsort(-np.nan_to_num(np.abs(rho).ravel(), nan=-1.0), kind="stable")].reset_index(drop=True)
    table.attrs.update(scores.attrs)
    table.attrs.update(facts, by=by, permutations=permutations, seed=seed)
    return table


def _paired(
    scores: pd.DataFrame, meta: pd.DataFrame, by: str, missing: Missing, higher_is_better: bool | None
) -> tuple[Floats, Floats, list[str], dict[str, Any]]:
    """(n_datasets, n_levels) regrets, (n_datasets, k) meta-features, the names of these, and facts about both."""
    names = [str(column) for column in meta.columns if column != "dataset"]
    if not names or "dataset" not in meta:
        raise AlgridError(
            "meta-features need a column `dataset` and one more at least: pass `results.meta_features()`."
        )
    _, settings, used = paired_settings(scores, [by], missing, higher_is_better)
    _, first = codes(scores, ["dataset"])
    datasets = scores["dataset"].iloc[first].astype(str).to_numpy()[np.unique(used.dataset)]
    known = np.isin(datasets, meta["dataset"].astype(str))
    if (n := int(known.sum())) < 3:
        raise AlgridError(
            f"{n} of {len(datasets)} datasets of the scores have meta-features; at least three are needed."
        )
    means = used.sign * dataset_means(used)[known]
    regrets = regrets_of(means)
    regrets = np.where(np.isnan(regrets), np.nanmax(regrets, axis=1, keepdims=True), regrets)  # as bad as the worst
    values = meta.set_index(meta["dataset"].astype(str))[names].loc[datasets[known].tolist()].to_numpy(np.float64)
    varies = [len(np.unique(column[~np.isnan(column)])) > 1 for column in values.T]
    constant = [name for name, known in zip(names, varies, strict=True) if not known]
    if len(constant) == len(names):
        raise AlgridError(f"no meta-feature varies over the {n} datasets ({', '.join(names)}).")
    names, values = [name for name in names if name not in constant], values[:, varies]
    few = len(regrets) < MIN_DATASETS
    note = f"No test: {len(regrets)} datasets are too few (at least {MIN_DATASETS})." if few else ""
    left_out = datasets[~known].tolist()
    facts = {"n_datasets": n, "left_out": left_out, "constant": constant, "note": note, "levels": settings[by].tolist()}
    return regrets, values, names, facts


def _near(values: Floats, k: int) -> Floats:
    """(n, n) 1 for the k nearest others by ranks and all that are as near as the last of them, 0 for the rest."""
    ranks = rank_shares(values)
    distance = np.round(((ranks[:, None, :] - ranks[None, :, :]) ** 2).sum(axis=-1), 9)
    np.fill_diagonal(distance, np.inf)
    farthest = np.sort(distance, axis=1)[:, [min(k, len(values) - 1) - 1]]
    near: Floats = (distance <= farthest).astype(np.float64)
    return near


def _chosen(weights: Floats, losses: Floats) -> NDArray[np.intp]:
    """(n,) for each dataset the level with the least mean loss in the weighted others; the first of equal ones."""
    mean = weights @ losses / weights.sum(axis=1, keepdims=True)
    chosen: NDArray[np.intp] = np.argmin(np.round(mean, 12), axis=1)
    return chosen


def _permuted(
    weights: dict[str, Floats], regrets: Floats, observed: dict[str, float], permutations: int, rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    """How often meta-features of other datasets do as well: each alone, and the best of the single ones."""
    n = len(regrets)
    if n < MIN_DATASETS or not permutations:
        return {}
    found = {name: np.empty(permutations) for name in weights}
    for i in range(permutations):
        dealt = regrets[rng.permutation(n)]
        for name, weight in weights.items():
            found[name][i] = dealt[np.arange(n), _chosen(weight, dealt)].mean()
    best = np.min([values for name, values in found.items() if name != "all"], axis=0)

    def share(values: Floats, name: str) -> float:
        return float((1 + np.count_nonzero(values <= observed[name] + 1e-12)) / (1 + permutations))

    return {
        name: {"p": share(values, name), "p_family": np.nan if name == "all" else share(best, name)}
        for name, values in found.items()
    }


def _unit_ranks(values: Floats) -> Floats:
    """(n, k) centred ranks of unit length, so that products are correlations; NaN for a column that does not vary."""
    centred = rank_shares(np.round(values, 12))
    centred = centred - centred.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    unit: Floats = centred / np.where(length > 1e-12, length, np.nan)
    return unit
