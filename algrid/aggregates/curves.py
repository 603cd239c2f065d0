"""Ragged learning curves, and what aggregates share of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.arrays import offsets_of, ragged_arange, segment_sum

__all__ = ["Curves", "ends_of", "mean_of", "values_at"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """Ragged learning curves.

    Parameters
    ----------
    values : (n_points,) array
        Metric at every point, curve after curve, in the order of the cycles.
    bought : (n_points,) array
        Labels bought up to the point: 0 at cycle 0, strictly ascending within a curve.
    offsets : (n_curves + 1,) int array
        Curve i is the points ``offsets[i]:offsets[i + 1]``.
    """

    values: Floats
    bought: NDArray[np.float64]
    offsets: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(n_curves,) number of points of each."""
        return np.diff(self.offsets)

    def take(self, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Curves:
        """The curves made of `lengths` points from the flat positions `starts` on."""
        if np.array_equal(starts, self.offsets[:-1]) and np.array_equal(lengths, self.lengths):
            return self
        points = ragged_arange(starts, lengths)
        return Curves(self.values[points], self.bought[points], offsets_of(lengths))

    def up_to(self, budget: float | None, *, interpolate: bool) -> Curves:
        """Their points with at most `budget` labels bought; all for None.

        With `interpolate`, a curve that has points before and after the budget but none at it ends with one that is
        interpolated linearly.
        """
        if budget is None:
            return self
        kept = segment_sum((self.bought <= budget).astype(np.float64), self.offsets).astype(np.int64)
        if not interpolate:
            return self.take(self.offsets[:-1], kept)
        between = np.flatnonzero((kept > 0) & (kept < self.lengths))
        before = self.offsets[between] + kept[between] - 1
        exact = self.bought[before] == budget
        between, before = between[~exact], before[~exact]
        added = kept.copy()
        added[between] += 1
        curves = self.take(self.offsets[:-1], added)
        if len(between):
            if curves is self:
                curves = Curves(self.values.copy(), self.bought.copy(), self.offsets)
            ends = curves.offsets[between + 1] - 1
            share = (budget - self.bought[before]) / (self.bought[before + 1] - self.bought[before])
            curves.values[ends] = (1.0 - share) * self.values[before] + share * self.values[before + 1]
            curves.bought[ends] = budget
        return curves

    def without_start(self) -> Curves:
        """The curves without cycle 0."""
        skipped = np.minimum(self.lengths, 1)
        return self.take(self.offsets[:-1] + skipped, self.lengths - skipped)


def ends_of(curves: Curves) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Flat positions of the first and the last point of each curve; -1 for a curve without one."""
    filled = curves.lengths > 0
    return np.where(filled, curves.offsets[:-1], -1), np.where(filled, curves.offsets[1:] - 1, -1)


def values_at(values: Floats, positions: NDArray[np.int64]) -> Floats:
    """Values at these positions; NaN at -1."""
    out = np.full(len(positions), np.nan)
    filled = positions >= 0
    out[filled] = values[positions[filled]]
    return out


def mean_of(curves: Curves) -> Floats:
    """(n_curves,) mean over the points of each; NaN for a curve without one."""
    lengths = curves.lengths
    means = np.full(len(lengths), np.nan)
    np.divide(segment_sum(curves.values, curves.offsets), lengths, out=means, where=lengths > 0)
    return means
