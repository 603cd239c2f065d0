"""Variance decomposition: how much of the variance of scores is due to which hyperparameter, alone or with others.

An exact functional ANOVA of the full factorial: on a complete block, the effect of a set of hyperparameters is the mean
over all others, less the effects of its subsets. Datasets are one axis; splits, start sets and seeds are replicates
nested in the dataset, and tell how much of an effect is noise (`algrid.influence._components`). Parameters of
strategies and learners are nested in theirs: the part of the strategy is split into that of its family and that of
what differs within families.

References
----------
Hoos, H., Leyton-Brown, K. (2014). An efficient approach for assessing hyperparameter importance. ICML.
Hoeffding, W. (1948). A class of statistics with asymptotically normal distribution. Annals of Mathematical Statistics.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.arrays import tied_ranks
from algrid.errors import AlgridError
from algrid.influence._block import Block, as_array, factors_of
from algrid.influence._components import Draws, drawn, estimates, mean_squares
from algrid.influence._resampling import ends, quotient, why_no_interval
from algrid.pairing import PART_OF
from algrid.schema import REPLICATE_AXES

__all__ = ["HIGHER", "TIMES", "decomposition"]

#: Between the names of an interaction.
TIMES = " x "
#: The row of everything of higher order than asked for.
HIGHER = "higher order"

Floats = NDArray[np.float64]
#: What levels of a hyperparameter are parameters of, and how the two parts are called.
_NESTED = {
    "strategy": ("strategy_family", "strategy within family"),
    "learner": ("learner_name", "learner within name"),
}


def decomposition(
    scores: pd.DataFrame,
    factors: Sequence[str] | None = None,
    order: int = 3,
    *,
    resamples: int = 1000,
    seed: int = 0,
    higher_is_better: bool | None = None,
) -> pd.DataFrame:
    """Decompose the variance of scores into main effects and interactions.

    Parameters
    ----------
    scores : DataFrame
        As `algrid.curves.scores` makes it. Of an incomplete grid a complete block is taken: as long as a value is
        missing, the level (of a dataset, replicate or hyperparameter) that lacks the largest share is dropped.
    factors : sequence of str, optional
        The hyperparameters; by default all that vary within datasets. What else varies is averaged over.
    order : int
        How many hyperparameters interact at most, dataset and kind of replicate counted; what is above is one row.
    resamples : int
        Bootstrap resamples; 0 for no intervals.
    seed : int
        Of the resampling.
    higher_is_better : bool, optional
        Direction of ``value``, for the worst-rank bound; by default that of ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row an effect, main effects first: ``effect``, ``order``; ``variance``, what the effect has of the variance
        of the block (plain functional ANOVA: adds up to it exactly); ``component``, noise-corrected; ``share`` of all
        components, ``share_centred`` of those without the dataset's own (as if scores were less their dataset's mean);
        each with ``_low`` and ``_high`` of a 95 % interval (datasets are drawn, and the outermost replicates within
        them; percentiles, moved by the bootstrap's estimate of bias); for main effects ``share_rank``, with values
        replaced by their ranks in the dataset (ranks distort interactions), and ``share_worst_rank``, the same for
        the whole grid with missing values as the worst: how much the choice of the block may matter. ``attrs``:
        ``factors`` (levels of each), ``replicates`` (how many of each kind), ``parts`` (nested names),
        ``missing`` (share by axis and level), ``dropped`` (levels by axis), ``n_missing`` of ``n_cells``, ``note``.

    Raises
    ------
    AlgridError
        If a column is missing, nothing varies, no complete block is left, or the grid is too large for an array.
    """
    asked = _asked(scores, factors, order)
    varying = list(dict.fromkeys([*asked, *factors_of(scores)]))
    whole = as_array(scores, varying)
    block = whole.complete()
    if not block.values.size or block.values.size == 1:
        raise AlgridError("there is nothing to decompose: no two scores are left in a complete block of the grid.")
    design = _design(block, asked, scores)
    why = why_no_interval(design.values.shape[0], resamples)
    table = _table(design, order, 0 if why else resamples, seed)
    better = scores.attrs.get("higher_is_better") if higher_is_better is None else higher_is_better
    n_missing = int(np.isnan(whole.values).sum())
    ranked = _rank_shares(_design(Block(_ranks(block.values), block.levels), asked, scores))
    table["share_rank"] = table["effect"].map(ranked)
    if n_missing and better is not None:
        filled = np.where(np.isnan(whole.values), -np.inf if better else np.inf, whole.values)
        ranked = _rank_shares(_design(Block(_ranks(filled), whole.levels), asked, scores))
    elif n_missing:
        ranked = {}
    table["share_worst_rank"] = table["effect"].map(ranked).astype(np.float64)
    table.attrs.update(scores.attrs)
    table.attrs.update(_facts(whole, block, design, n_missing))
    unknown = "It is not known whether higher scores are better: no worst-rank bound." if better is None else ""
    table.attrs.update(resamples=resamples, seed=seed, order=order, note=_note(design, block, n_missing, unknown, why))
    return table


@dataclass(frozen=True)
class _Design:
    """A complete array over dataset, kinds of replicates with several of them, and factors with several levels.

    `groups` has for a nested factor the code of what each level is a parameter of.
    """

    values: Floats
    replicates: dict[str, int]
    factors: dict[str, list[Any]]
    groups: dict[str, NDArray[np.int64]]

    @property
    def first(self) -> int:
        """The first axis of a factor."""
        return self.values.ndim - len(self.factors)


@dataclass(frozen=True)
class _Row:
    """One component: its order, plain variance, estimate and draws."""

    order: float
    variance: float
    component: float
    draws: Floats

    def plus(self, other: _Row) -> _Row:
        """Both; an estimate that there is none of is nothing."""
        added = float(np.nan_to_num(other.component)), np.nan_to_num(other.draws)
        return _Row(self.order, self.variance + other.variance, self.component + added[0], self.draws + added[1])


def _asked(scores: pd.DataFrame, factors: Sequence[str] | None, order: int) -> list[str]:
    if order < 1:
        raise AlgridError(f"order is the number of hyperparameters that interact at most, 1 or more, not {order}.")
    if factors is None:
        return factors_of(scores)
    for name in factors:
        if name in ("dataset", *REPLICATE_AXES):
            raise AlgridError(f"{name!r} is always part of the decomposition: name other hyperparameters as factors.")
        if name in PART_OF:
            raise AlgridError(f"{name!r} is a part of {PART_OF[name]!r}: name that one, its parts are told apart.")
    return list(factors)


def _design(block: Block, asked: list[str], scores: pd.DataFrame) -> _Design:
    names = list(block.levels)
    several = [n for n in asked if len(block.levels[n]) > 1]
    replicates = {n: len(block.levels[n]) for n in REPLICATE_AXES if len(block.levels[n]) > 1}
    gone = tuple(i for i, n in enumerate(names) if n not in ("dataset", *replicates, *several))
    values = block.values.mean(axis=gone)
    left = [n for n in names if n in ("dataset", *replicates, *several)]
    values = values.transpose([left.index(n) for n in ("dataset", *replicates, *several)])
    if not replicates:
        values = values[:, None]
    factors = {n: block.levels[n] for n in several}
    groups = {n: _groups(scores, n, factors[n]) for n in several}
    return _Design(values, replicates, factors, {n: g for n, g in groups.items() if g is not None})


def _groups(scores: pd.DataFrame, factor: str, levels: list[Any]) -> NDArray[np.int64] | None:
    """(n_levels,) code of what each level belongs to; None where that says nothing."""
    part = _NESTED.get(factor, ("",))[0]
    if part not in scores:
        return None
    named = scores[[factor, part]].drop_duplicates(factor).set_index(factor)[part]
    codes = pd.factorize(named.loc[levels])[0].astype(np.int64)
    return codes if 1 < codes.max() + 1 < len(levels) else None


def _effects(design: _Design, order: int) -> Iterator[tuple[tuple[str, ...], Floats]]:
    """Names and values (n_datasets, replicates ..., levels) of each set of at most `order` factors, the empty first."""
    values = design.values - design.values.mean()
    axes = {name: design.first + i for i, name in enumerate(design.factors)}
    rest = values if len(axes) <= order else values.copy()
    for size in range(min(order, len(axes)) + 1):
        for chosen in combinations(axes, size):
            others = tuple(axis for name, axis in axes.items() if name not in chosen)
            effect = values.mean(axis=others, keepdims=True)
            for name in chosen:
                effect = effect - effect.mean(axis=axes[name], keepdims=True)
            if len(axes) > order:
                rest -= effect
            yield from _parts(design, chosen, effect, axes)
    if len(axes) > order:
        yield (HIGHER,), _flat(rest, design)


def _parts(
    design: _Design, chosen: tuple[str, ...], effect: Floats, axes: dict[str, int]
) -> Iterator[tuple[tuple[str, ...], Floats]]:
    """The effect, split where a factor is nested into the part of what it belongs to and that within."""
    nested = [name for name in chosen if name in design.groups]
    for which in product((0, 1), repeat=len(nested)):
        part, names = effect, list(chosen)
        for name, within in zip(nested, which, strict=True):
            mean = _group_means(part, design.groups[name], axes[name])
            part = part - mean if within else mean
            names[names.index(name)] = _NESTED[name][within]
        yield tuple(names), _flat(part, design)


def _group_means(values: Floats, groups: NDArray[np.int64], axis: int) -> Floats:
    same = (groups[:, None] == groups[None, :]).astype(np.float64)
    return np.moveaxis(np.tensordot(values, same / same.sum(axis=0), axes=([axis], [0])), -1, axis)


def _flat(effect: Floats, design: _Design) -> Floats:
    return effect.reshape(*effect.shape[: design.first], -1)


def _rows(names: tuple[str, ...], design: _Design) -> list[str]:
    """Names of the components of an effect: itself, with the dataset, and with each kind of replicate."""
    replicates = [(*names, replicate) for replicate in design.replicates or ("replicate",)]
    return [TIMES.join(row) for row in (names, ("dataset", *names), *replicates)]


def _table(design: _Design, order: int, resamples: int, seed: int) -> pd.DataFrame:
    shape = design.values.shape
    once_each = drawn(shape[0], shape[1], 0, seed)
    many = drawn(shape[0], shape[1], resamples, seed) if resamples else None
    rows: dict[str, _Row] = {}
    above = _Row(np.nan, 0.0, 0.0, np.zeros(resamples))
    for names, effect in _effects(design, order):
        for name, row in _components(names, effect, design, once_each, many):
            if names == (HIGHER,) or row.order > order:
                above = above.plus(row)
            elif not np.isnan(row.component):
                rows[name] = row
    if len(design.factors) + bool(design.replicates) + (shape[0] > 1) > order:
        rows[HIGHER] = above
    table = _shares(rows)
    table.attrs["totals"] = _totals(rows, design)
    return table


def _components(
    names: tuple[str, ...], effect: Floats, design: _Design, once_each: Draws, many: Draws | None
) -> Iterator[tuple[str, _Row]]:
    """Components of an effect by name; of the mean of everything only those with datasets and replicates."""
    plain = mean_squares(effect)
    points = estimates(effect, once_each)[:, 0]
    draws = np.zeros((len(points), 0)) if many is None else estimates(effect, many)
    for i, row in enumerate(_rows(names, design)):
        if i or names:
            yield row, _Row(len(names) + (i > 0), float(plain[i]), float(points[i]), draws[i])


def _shares(rows: dict[str, _Row]) -> pd.DataFrame:
    size, plain, point = (
        np.array([getattr(row, name) for row in rows.values()]) for name in ("order", "variance", "component")
    )
    draws = np.stack([row.draws for row in rows.values()], axis=1)
    table = pd.DataFrame({"effect": list(rows), "order": pd.Series(size).astype("Int64"), "variance": plain})
    is_dataset = table["effect"].to_numpy() == "dataset"
    for name, base in (("component", None), ("share", ~is_dataset | is_dataset), ("share_centred", ~is_dataset)):
        own, many = (point[None], draws) if base is None else (_share(point[None], base), _share(draws, base))
        table[name], table[f"{name}_low"], table[f"{name}_high"] = _interval(own[0], many)
    table.loc[is_dataset, ["share_centred", "share_centred_low", "share_centred_high"]] = np.nan
    return table.sort_values("order", kind="stable", na_position="last", ignore_index=True)


def _interval(point: Floats, draws: Floats) -> tuple[Floats, Floats, Floats]:
    """Estimates, and the ends of their percentile intervals, moved by what draws are off on average."""
    if not len(draws):
        return (point, *np.full((2, len(point)), np.nan))
    low, high = ends(draws)
    moved = np.mean(draws, axis=0) - point
    return point, low - moved, high - moved


def _totals(rows: dict[str, _Row], design: _Design) -> dict[str, dict[str, float]]:
    """Of each hyperparameter the shares of all effects that it is part of, with their intervals."""
    point = np.array([[row.component for row in rows.values()]])
    draws = np.stack([row.draws for row in rows.values()], axis=1)
    parts = [set(name.split(TIMES)) for name in rows]
    is_dataset = np.array([own == {"dataset"} for own in parts])
    names = {name: {name} for name in ("dataset", *design.replicates)}
    names |= {name: set(_NESTED[name]) if name in design.groups else {name} for name in design.factors}
    found: dict[str, dict[str, float]] = {name: {} for name in names}
    for share, base in (("share", ~is_dataset | is_dataset), ("share_centred", ~is_dataset)):
        own, many = _share(point, base), _share(draws, base)
        for name, of in names.items():
            counted = np.array([bool(of & part) for part in parts]) & base
            value, low, high = _interval(own[:, counted].sum(axis=1), many[:, counted].sum(axis=1, keepdims=True))
            found[name] |= {share: float(value[0]), f"{share}_low": float(low[0]), f"{share}_high": float(high[0])}
    return found


def _share(components: Floats, base: NDArray[np.bool_]) -> Floats:
    return quotient(components, components[:, base].sum(axis=1, keepdims=True))


def _ranks(values: Floats) -> Floats:
    """Average ranks of all values of a dataset, from 0 to 1."""
    flat = values.reshape(len(values), -1)
    order = np.argsort(flat, axis=1, kind="stable")
    ordered = np.take_along_axis(flat, order, axis=1)
    differs = np.ones(flat.shape, dtype=np.bool_)
    differs[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ranks = np.empty_like(flat)
    np.put_along_axis(ranks, order, tied_ranks(differs), axis=1)
    return (ranks.reshape(values.shape) - 0.5) / flat.shape[1]


def _rank_shares(design: _Design) -> dict[str, float]:
    """Shares of the main effects on ranks; of the dataset none, which ranks within it have removed."""
    total = float(np.var(design.values))
    once_each = drawn(design.values.shape[0], design.values.shape[1], 0, 0)
    shares = {}
    for names, effect in _effects(design, 1):
        if names != (HIGHER,):
            for name, row in _components(names, effect, design, once_each, None):
                if row.order == 1 and name != "dataset" and total > 0:
                    shares[name] = row.component / total
    return shares


def _facts(whole: Block, block: Block, design: _Design, n_missing: int) -> dict[str, Any]:
    kept = {name: set(levels) for name, levels in block.levels.items()}
    dropped = {n: [x for x in levels if x not in kept[n]] for n, levels in whole.levels.items()}
    return {
        "factors": design.factors,
        "replicates": dict(design.replicates),
        "parts": {name: list(_NESTED[name]) for name in design.groups},
        "n_datasets": design.values.shape[0],
        "missing": whole.missing() if n_missing else {},
        "dropped": {name: levels for name, levels in dropped.items() if levels},
        "n_missing": n_missing,
        "n_cells": whole.values.size,
        "n_cells_used": block.values.size,
    }


def _note(design: _Design, block: Block, n_missing: int, unknown: str, why: str) -> str:
    said = []
    if n_missing:
        said.append(f"{n_missing:,} scores are missing: a complete block of {block.values.size:,} is decomposed.")
        said.append(unknown)
    if not design.replicates:
        said.append("Every dataset has one replicate: components are not corrected for noise.")
    elif "split" not in design.replicates:
        said.append("There is one split: what splits add can't be told from datasets.")
    return " ".join(filter(None, [*said, why]))
