"""Variance components of one effect, from its values in every replicate of every dataset.

The model is mixed: hyperparameters are fixed, datasets a random sample, and replicates (splits, start sets in them,
seeds in those) random and nested. An effect, such as strategy x learner, has in each replicate a value at each of its
levels (cells of the functional ANOVA, which sum to zero). Their mean squares over levels have the expectations of a
balanced nested design, so that components are estimated without bias by differences of mean squares; an estimate
can therefore be below zero, which is noise about zero.

References
----------
Searle, S. R., Casella, G., McCulloch, C. E. (1992). Variance Components, chapter 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
from numpy.typing import NDArray

from algrid.arrays import segment_sum
from algrid.influence._resampling import Copies, copies_of, once

__all__ = ["Draws", "drawn", "estimates", "mean_squares"]

Floats = NDArray[np.float64]

#: Entries of a product that are held at a time.
_ENTRIES = 1 << 24


@dataclass(frozen=True)
class Draws:
    """Datasets and their outermost replicates as drawn.

    Parameters
    ----------
    copies : list of Copies
        One a dataset.
    total : (resamples, n_datasets, n_units) array
        How often each unit counts in each resample.
    """

    copies: list[Copies]
    total: Floats


def drawn(n_datasets: int, n_units: int, resamples: int, seed: int) -> Draws:
    """Draws of datasets and of their units (the outermost replicates); 0 resamples for everything once."""
    sizes = np.full(n_datasets, n_units, dtype=np.int64)
    copies = list(copies_of(sizes, resamples, seed) if resamples else once(sizes))
    return Draws(copies, np.stack([segment_sum(own.weights, own.offsets) for own in copies], axis=1))


def estimates(effect: Floats, draws: Draws) -> Floats:
    """Noise-corrected variance components of an effect.

    Parameters
    ----------
    effect : (n_datasets, n_1, ..., n_r, K) array
        Its value at each of K levels, in each replicate; r >= 1 nested kinds of replicates, outermost first.
    draws : Draws
        What is drawn, with n_1 units.

    Returns
    -------
    (2 + r, resamples) array
        Component of the effect itself, of its interaction with the dataset (NaN with one dataset), and with each kind
        of replicate. Where there is one replicate only (n_1 = 1), noise can't be told from the dataset's part: the
        replicates' component is NaN, and counted as none.
    """
    n_datasets, n_units = effect.shape[:2]
    means = _means(effect)
    units = means[-1]
    gram = units @ units.transpose(0, 2, 1) / units.shape[-1]
    inner = [_within(finer, coarser, n_units) for finer, coarser in pairwise(means)][::-1]
    n_draws = len(draws.total)
    squares, spread = np.zeros(n_draws), np.zeros(n_draws)
    within = np.zeros((len(inner), n_draws))
    for copies, own, *finer in zip(draws.copies, gram, *inner, strict=True):
        weights = copies.weights
        square = np.einsum("cu,cu->c", weights @ own, weights) / n_units**2
        raw = weights @ np.diag(own) - n_units * square
        squares += segment_sum(square, copies.offsets)
        spread += segment_sum(raw / max(n_units - 1, 1), copies.offsets)
        for i, variance in enumerate(finer):
            within[i] += segment_sum(weights @ variance / n_units, copies.offsets)
    mean_square = _mean_squares(units, draws.total)
    sizes = effect.shape[1:-1]
    return _solved(mean_square, squares, np.vstack([spread, within]) / n_datasets, (n_datasets, *sizes))


def _solved(mean_square: Floats, squares: Floats, variances: Floats, sizes: tuple[int, ...]) -> Floats:
    """Components from the squared mean, the sum of the datasets' squared means, and the variances within."""
    n_datasets, n_units = sizes[:2]
    parts = [variances[i] - _next(variances, i, sizes) for i in range(len(variances))]
    if n_units == 1:
        parts[0] = np.full_like(parts[0], np.nan)
    noise = variances[0] / n_units
    if n_datasets == 1:
        return np.stack([mean_square - noise, np.full_like(noise, np.nan), *parts])
    between = (squares - n_datasets * mean_square) / (n_datasets - 1)
    return np.stack([mean_square - between / n_datasets, between - noise, *parts])


def _next(variances: Floats, i: int, sizes: tuple[int, ...]) -> Floats:
    """What the next finer kind of replicates adds to the variance of one's means."""
    if i + 1 == len(variances):
        return np.zeros_like(variances[i])
    return cast("Floats", variances[i + 1] / sizes[i + 2])


def mean_squares(effect: Floats) -> Floats:
    """(2 + r,) the plain functional ANOVA: what each part of an effect has of the variance of the array, uncorrected.

    They add up to the mean square of `effect`.
    """
    means = _means(effect)
    means.append(means[-1].mean(axis=1))
    means.append(means[-1].mean(axis=0))
    squares = np.array([float(np.mean(np.square(m).mean(axis=-1))) for m in means])
    return np.diff(squares[::-1], prepend=0.0)


def _means(effect: Floats) -> list[Floats]:
    """The effect, and its means over ever more kinds of replicates, down to (n_datasets, n_1, K)."""
    means = [effect]
    while means[-1].ndim > 3:
        means.append(means[-1].mean(axis=-2))
    return means


def _within(finer: Floats, coarser: Floats, n_units: int) -> Floats:
    """(n_datasets, n_1) unbiased variance of finer means about coarser ones, averaged over levels and replicates."""
    n = finer.shape[-2]
    squares = np.square(finer - coarser[..., None, :]).mean(axis=-1).sum(axis=-1) / (n - 1)
    return cast("Floats", squares.reshape(len(finer), n_units, -1).mean(axis=-1))


def _mean_squares(units: Floats, total: Floats) -> Floats:
    """(resamples,) squared mean over datasets and units, averaged over levels."""
    n_datasets, n_units, n_levels = units.shape
    weights = total.reshape(len(total), -1) / (n_datasets * n_units)
    flat = units.reshape(-1, n_levels)
    step = max(1, _ENTRIES // len(weights))
    chunks = (weights @ flat[:, i : i + step] for i in range(0, n_levels, step))
    return cast("Floats", sum(np.square(chunk).sum(axis=1) for chunk in chunks) / n_levels)
