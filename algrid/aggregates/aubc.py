"""The area under the budget curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.aggregates.base import Aggregate, Beside
from algrid.aggregates.curves import Curves, ends_of, values_at
from algrid.arrays import segment_sum

__all__ = ["Aubc"]

Floats = NDArray[np.float64]


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

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:  # noqa: ARG002
        areas = np.zeros(len(curves.values))
        areas[1:] = 0.5 * (curves.values[1:] + curves.values[:-1]) * np.diff(curves.bought)
        filled = curves.offsets[:-1][curves.lengths > 0]
        areas[filled] = 0.0  # the step from the curve before
        first, last = ends_of(curves)
        span = values_at(curves.bought, last) - values_at(curves.bought, first)
        # a lone point: its value; no point: NaN
        return np.divide(segment_sum(areas, curves.offsets), span, out=values_at(curves.values, first), where=span > 0)
