"""The value in the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.aggregates.base import Aggregate, Beside
from algrid.aggregates.curves import Curves, ends_of, values_at

__all__ = ["Final"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Final(Aggregate):
    """Value at the budget (interpolated), or at the last point of a curve that ends before it.

    `include_start` changes it only for a curve that has no point but cycle 0: NaN without it.
    """

    name = "final"
    source = "arXiv 2506.03817"
    include_start = True
    interpolates = True

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:  # noqa: ARG002
        return values_at(curves.values, ends_of(curves)[1])
