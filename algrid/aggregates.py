"""Aggregates: one number for a learning curve, for millions of curves at once.

A curve is its values against the labels bought; curves are ragged, so they come flat with offsets. Every
aggregate can be read at a budget B, which means the curve's points with at most B labels bought. Those that
compare scores at equal labels (`aubc`, `final`, `labels_to_skyline`) add the point at B itself, linearly
interpolated between its neighbours where the curve goes on beyond B; those that are means over cycles do not.
A curve that ends before B is taken as it is: whether that is fair (empty pool) or not (timeout) is decided by
the caller. A NaN value in the points that an aggregate uses makes it NaN, and so does a curve without points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.arrays import offsets_of, ragged_arange, segment_min, segment_sum
from algrid.errors import PluginError
from algrid.registry import Plugin, Registry

__all__ = [
    "AGGREGATES",
    "Aggregate",
    "Aubc",
    "Curves",
    "Final",
    "FirstFive",
    "LabelsToSkyline",
    "LastFive",
    "Mean",
]

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


@dataclass(frozen=True)
class Aggregate(Plugin):
    """Base of all aggregates.

    Class variables
    ---------------
    include_start : bool
        Whether cycle 0 counts by default.
    interpolates : bool
        Whether the curve at a budget ends with the interpolated point at it.
    higher_is_better : bool or None
        None: as its metric.
    needs_skyline : bool
        Whether `of` needs the skylines' values.
    """

    include_start: ClassVar[bool] = False
    interpolates: ClassVar[bool] = False
    higher_is_better: ClassVar[bool | None] = None
    needs_skyline: ClassVar[bool] = False

    def of(
        self,
        curves: Curves,
        *,
        budget: float | None = None,
        include_start: bool | None = None,
        skylines: Floats | None = None,
        higher_is_better: bool = True,
    ) -> Floats:
        """(n_curves,) values of this aggregate; NaN for a curve without a point to count.

        Parameters
        ----------
        curves : Curves
        budget : float, optional
            Labels bought at which the curves are read; None for whole curves.
        include_start : bool, optional
            Whether cycle 0 counts; None for this aggregate's default.
        skylines : (n_curves,) array, optional
            The metric of the learner fitted on the whole pool, for aggregates that need it.
        higher_is_better : bool
            The metric's direction, for aggregates that need it.

        Raises
        ------
        PluginError
            If skylines are needed and missing.
        """
        if self.needs_skyline and skylines is None:
            raise PluginError(f"the aggregate {self.name!r} needs the skylines: pass the store's table of skylines.")
        cut = curves.up_to(budget, interpolate=self.interpolates)
        counts = self.include_start if include_start is None else include_start
        return self._of_points(cut if counts else cut.without_start(), skylines, higher_is_better)

    def _of_points(self, curves: Curves, skylines: Floats | None, higher_is_better: bool) -> Floats:
        """(n_curves,) values from exactly the points that count."""
        raise NotImplementedError


@dataclass(frozen=True)
class Aubc(Aggregate):
    """Area under the budget curve: trapezoids over the labels bought, divided by the range of labels.

    It is the mean height of the curve, on the metric's own scale. A single point gives its value. Cycle 0 counts
    by default. A curve that used up its pool before the budget is averaged over its own range.
    """

    name = "aubc"
    source = "Zhan et al., A Comparative Survey of Deep Active Learning (2022)"
    include_start = True
    interpolates = True

    def _of_points(self, curves: Curves, skylines: Floats | None, higher_is_better: bool) -> Floats:  # noqa: ARG002
        areas = np.zeros(len(curves.values))
        areas[1:] = 0.5 * (curves.values[1:] + curves.values[:-1]) * np.diff(curves.bought)
        filled = curves.offsets[:-1][curves.lengths > 0]
        areas[filled] = 0.0  # the step from the curve before
        first, last = _ends(curves)
        span = _at(curves.bought, last) - _at(curves.bought, first)
        # a lone point: its value; no point: NaN
        return np.divide(segment_sum(areas, curves.offsets), span, out=_at(curves.values, first), where=span > 0)


@dataclass(frozen=True)
class Mean(Aggregate):
    """Mean over cycles, the paper's "full mean"; cycle 0 does not count by default.

    Cycles of a batch size weigh alike, whatever they cost: to compare batch sizes, take `aubc`. NaN where the
    budget is below the first batch.
    """

    name = "mean"
    source = "arXiv 2506.03817"

    def _of_points(self, curves: Curves, skylines: Floats | None, higher_is_better: bool) -> Floats:  # noqa: ARG002
        return _mean(curves)


@dataclass(frozen=True)
class FirstFive(Aggregate):
    """Mean over the first five cycles, or as many as there are; cycle 0 does not count by default."""

    name = "first_5"
    source = "arXiv 2506.03817"

    def _of_points(self, curves: Curves, skylines: Floats | None, higher_is_better: bool) -> Floats:  # noqa: ARG002
        return _mean(curves.take(curves.offsets[:-1], np.minimum(curves.lengths, 5)))


@dataclass(frozen=True)
class LastFive(Aggregate):
    """Mean over the last five cycles, or as many as there are; cycle 0 does not count by default."""

    name = "last_5"
    source = "arXiv 2506.03817"

    def _of_points(self, curves: Curves, skylines: Floats | None, higher_is_better: bool) -> Floats:  # noqa: ARG002
        lengths = np.minimum(curves.lengths, 5)
        return _mean(curves.take(curves.offsets[1:] - lengths, lengths))


@dataclass(frozen=True)
class Final(Aggregate):
    """Value at the budget (interpolated), or at the last point of a curve that ends before it.

    `include_start` changes it only for a curve that has no point but cycle 0: NaN without it.
    """

    name = "final"
    source = "arXiv 2506.03817"
    include_start = True
    interpolates = True

    def _of_points(self, curves: Curves, skylines: Floats | None, higher_is_better: bool) -> Floats:  # noqa: ARG002
        return _at(curves.values, _ends(curves)[1])


@dataclass(frozen=True)
class LabelsToSkyline(Aggregate):
    """Labels bought until the curve first reaches a share of the skyline; fewer are better.

    The target is ``share * skyline``, for a metric where lower is better ``skyline / share``. The crossing is
    interpolated linearly between points; 0 where the start set suffices. A curve that never reaches the target has
    the value inf, not NaN: it is an outcome (more labels than were bought), not a missing one. NaN where the skyline
    is. Cycle 0 counts by default, else a first batch would be charged that nobody needed.

    Parameters
    ----------
    share : float
        Share of the skyline that is to be reached, in (0, 1].
    """

    share: Annotated[float, Field(gt=0, le=1)] = 0.95

    name = "labels_to_skyline"
    source = "algrid"
    include_start = True
    interpolates = True
    higher_is_better = False
    needs_skyline = True

    def _of_points(self, curves: Curves, skylines: Floats | None, higher_is_better: bool) -> Floats:
        goal = np.asarray(skylines, dtype=np.float64)
        goal = goal * self.share if higher_is_better else -goal / self.share
        gap = (curves.values if higher_is_better else -curves.values) - np.repeat(goal, curves.lengths)
        # 0.95 * 0.8 is not 0.76 to the last bit: what rounding took is given back
        gap[np.abs(gap) <= 1e-12 * np.abs(curves.values)] = 0.0
        n_points = len(gap)
        reached = np.where(gap >= 0.0, np.arange(n_points), n_points)
        at = segment_min(reached, curves.offsets, n_points)
        out = np.full(len(at), np.inf)
        hit = np.flatnonzero(at < n_points)
        out[hit] = _crossing(gap, curves.bought, at[hit], at[hit] == curves.offsets[hit])
        undefined = segment_sum(np.isnan(gap).astype(np.float64), curves.offsets) > 0
        out[undefined | np.isnan(goal) | (curves.lengths == 0)] = np.nan
        return out


def _crossing(gap: Floats, bought: Floats, at: NDArray[np.int64], is_first: NDArray[np.bool_]) -> Floats:
    """Labels at which the line from the point before `at` to it has gap 0."""
    before = np.where(is_first, at, at - 1)
    rise = gap[at] - gap[before]
    back = np.divide(gap[at], rise, out=np.zeros(len(at)), where=rise > 0)
    return np.asarray(bought[at] - back * (bought[at] - bought[before]), dtype=np.float64)


def _ends(curves: Curves) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Flat positions of the first and the last point of each curve; -1 for a curve without one."""
    filled = curves.lengths > 0
    return np.where(filled, curves.offsets[:-1], -1), np.where(filled, curves.offsets[1:] - 1, -1)


def _at(values: Floats, positions: NDArray[np.int64]) -> Floats:
    """Values at these positions; NaN at -1."""
    out = np.full(len(positions), np.nan)
    filled = positions >= 0
    out[filled] = values[positions[filled]]
    return out


def _mean(curves: Curves) -> Floats:
    lengths = curves.lengths
    means = np.full(len(lengths), np.nan)
    np.divide(segment_sum(curves.values, curves.offsets), lengths, out=means, where=lengths > 0)
    return means


#: All aggregates.
AGGREGATES: Registry[Aggregate] = Registry("aggregate", Aggregate, __name__)
