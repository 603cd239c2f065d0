"""Means over cycles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.aggregates.base import Aggregate, Beside
from algrid.aggregates.curves import Curves, mean_of

__all__ = ["FirstFive", "LastFive", "Mean"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mean(Aggregate):
    """Mean over cycles, the paper's "full mean"; cycle 0 does not count by default.

    Cycles of a batch size weigh alike, whatever they cost: to compare batch sizes, take `aubc`. NaN where the
    budget is below the first batch.
    """

    name = "mean"
    source = "arXiv 2506.03817"

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:  # noqa: ARG002
        return mean_of(curves)


@dataclass(frozen=True)
class FirstFive(Aggregate):
    """Mean over the first five cycles, or as many as there are; cycle 0 does not count by default."""

    name = "first_5"
    source = "arXiv 2506.03817"

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:  # noqa: ARG002
        return mean_of(curves.take(curves.offsets[:-1], np.minimum(curves.lengths, 5)))


@dataclass(frozen=True)
class LastFive(Aggregate):
    """Mean over the last five cycles, or as many as there are; cycle 0 does not count by default."""

    name = "last_5"
    source = "arXiv 2506.03817"

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:  # noqa: ARG002
        lengths = np.minimum(curves.lengths, 5)
        return mean_of(curves.take(curves.offsets[1:] - lengths, lengths))
