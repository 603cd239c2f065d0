"""Resampling that all influences share: datasets are drawn with replacement, and replicates within each drawn one.

Everything is computed from sums per replicate, so that a resample is a product with weights and never touches a
row of the scores table. Each time that a dataset is drawn it is a *copy* with replicates of its own; statistics
that belong to a dataset (centring, ranks) are made for each copy before copies are added (Davison and Hinkley,
Bootstrap Methods and their Application, 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.arrays import offsets_of
from algrid.errors import AlgridError
from algrid.leaderboard import MIN_DATASETS
from algrid.seeds import generator
from algrid.ticks import ticking
from algrid.wording import are_too_few

__all__ = ["Copies", "copies_of", "ends", "once", "quotient", "why_no_interval"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Copies:
    """How often a dataset was drawn, and with which replicates.

    Parameters
    ----------
    dataset : int
        Its position.
    weights : (n_copies, n_replicates) array
        How often each replicate counts in each copy; a row sums to n_replicates.
    offsets : (resamples + 1,) int array
        Resample b has the copies ``offsets[b]:offsets[b + 1]``.
    """

    dataset: int
    weights: Floats
    offsets: Ints


def copies_of(sizes: Ints, resamples: int, seed: int) -> Iterator[Copies]:
    """The copies of every dataset in turn; `sizes` are their numbers of replicates."""
    rng = generator(seed, "bootstrap")
    n = len(sizes)
    drawn = rng.multinomial(n, np.full(n, 1.0 / n), size=resamples)
    for dataset, size in ticking(enumerate(sizes.tolist()), n, "resampling datasets"):
        weights = rng.multinomial(size, np.full(size, 1.0 / size), size=int(drawn[:, dataset].sum()))
        yield Copies(dataset, weights.astype(np.float64), offsets_of(drawn[:, dataset]))


def once(sizes: Ints) -> Iterator[Copies]:
    """Every dataset and replicate once: what gives the point estimates."""
    for dataset, size in enumerate(sizes.tolist()):
        yield Copies(dataset, np.ones((1, size)), np.array([0, 1]))


def ends(draws: Floats) -> tuple[Floats, Floats]:
    """Ends of the 95 % percentile interval over the first axis, of the draws that are not NaN; NaN without any."""
    flat = draws.reshape(len(draws), -1)
    low, high = np.full((2, flat.shape[1]), np.nan)
    some = ~np.isnan(flat).all(axis=0)
    if some.any():
        low[some], high[some] = np.nanquantile(flat[:, some], (0.025, 0.975), axis=0)
    return low.reshape(draws.shape[1:]), high.reshape(draws.shape[1:])


def quotient(numerator: Floats, denominator: Floats) -> Floats:
    """Their quotient; NaN where the denominator is not positive."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    out = np.full(shape, np.nan)
    np.divide(numerator, denominator, out=out, where=np.broadcast_to(np.asarray(denominator) > 0, shape))
    return out


def why_no_interval(n_datasets: int, resamples: int) -> str:
    """The reason that there are no intervals; nothing where there are.

    Raises
    ------
    AlgridError
        For a negative number of resamples.
    """
    if resamples < 0:
        raise AlgridError(f"resamples is a number of draws, 0 or more, not {resamples}.")
    if not resamples:
        return "No intervals: no resamples were asked for."
    if n_datasets < MIN_DATASETS:
        return f"No intervals: {are_too_few(n_datasets)} to be resampled (at least {MIN_DATASETS})."
    return ""
