"""How many labels are needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.aggregates.base import Aggregate, Beside
from algrid.aggregates.curves import Curves
from algrid.arrays import segment_min, segment_sum

__all__ = ["LabelsToSkyline"]

Floats = NDArray[np.float64]


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

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:
        goal = np.asarray(beside.skylines, dtype=np.float64)
        better = beside.higher_is_better
        goal = goal * self.share if better else -goal / self.share
        gap = (curves.values if better else -curves.values) - np.repeat(goal, curves.lengths)
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
