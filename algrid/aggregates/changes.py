"""Changes from cycle to cycle: how steadily a curve improves, and how far it falls back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.aggregates.base import Aggregate, Beside
from algrid.aggregates.curves import Curves, mean_of
from algrid.arrays import offsets_of, ragged_arange, segment_sum

__all__ = ["BiggestDrop", "Drops", "FirstDifference", "LearningStability"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FirstDifference(Aggregate):
    """Mean change from one cycle to the next; the step from cycle 0 counts by default.

    NaN for a curve without two points.
    """

    name = "first_difference"
    source = "arXiv 2506.03817"
    include_start = True

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:  # noqa: ARG002
        return mean_of(_differences(curves))


@dataclass(frozen=True)
class LearningStability(Aggregate):
    """Mean improvement of the last `k` steps over the mean improvement of all; cycle 0 does not count by default.

    Near 0 where a curve has settled, 1 where it still improves as fast as on average. 0 where the curve does not
    improve over all (the paper's convention); fewer steps than `k` are all of them. Lower is better: more settled.
    NaN for a curve without two points.

    Parameters
    ----------
    k : int
        Steps at the end; the paper has 5 and 10.
    """

    k: Annotated[int, Field(ge=1)] = 5

    name = "learning_stability"
    source = "arXiv 2506.03817"
    higher_is_better = False

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:
        steps = _differences(curves)
        last = np.minimum(steps.lengths, self.k)
        late = beside.sign * mean_of(steps.take(steps.offsets[1:] - last, last))
        every = beside.sign * mean_of(steps)
        # sums of steps that cancel: rounding is no improvement
        size = mean_of(Curves(np.abs(steps.values), steps.bought, steps.offsets))
        improves = every > 1e-12 * size
        ratio = np.divide(late, every, out=np.zeros(len(late)), where=improves)
        return np.where(np.isnan(every), np.nan, ratio)


@dataclass(frozen=True)
class BiggestDrop(Aggregate):
    """The largest worsening from one cycle to the next, 0 where there is none; cycle 0 counts by default.

    NaN for a curve without two points.
    """

    name = "biggest_drop"
    source = "arXiv 2506.03817"
    include_start = True
    higher_is_better = False

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:
        steps = _differences(curves)
        drops = np.maximum(-beside.sign * steps.values, 0.0)
        worst = np.full(len(steps.lengths), np.nan)
        filled = steps.lengths > 0
        if filled.any():
            worst[filled] = np.maximum.reduceat(drops, steps.offsets[:-1][filled])
        return worst


@dataclass(frozen=True)
class Drops(Aggregate):
    """In how many cycles the curve is worse than in the one before; cycle 0 counts by default.

    NaN for a curve without two points.
    """

    name = "drops"
    source = "arXiv 2506.03817"
    include_start = True
    higher_is_better = False

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:
        steps = _differences(curves)
        worse = np.where(np.isnan(steps.values), np.nan, (beside.sign * steps.values < 0).astype(np.float64))
        return np.where(steps.lengths > 0, segment_sum(worse, steps.offsets), np.nan)


def _differences(curves: Curves) -> Curves:
    """Changes between neighbouring points: one fewer than points, at the labels of the later one."""
    lengths = np.maximum(curves.lengths - 1, 0)
    later = ragged_arange(curves.offsets[:-1] + 1, lengths)
    return Curves(curves.values[later] - curves.values[later - 1], curves.bought[later], offsets_of(lengths))
