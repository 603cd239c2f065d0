"""Ramp-up and plateau: the phases before and after the curve of random sampling has got into its stride."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algrid.aggregates.base import Aggregate, Beside
from algrid.aggregates.curves import Curves, mean_of
from algrid.arrays import segment_min

__all__ = ["Plateau", "RampUp", "switch_points"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Points that are averaged to see whether a curve is above its mean.
_WINDOW = 5


def switch_points(reference: Curves, *, budget: float | None = None, include_start: bool = False) -> Ints:
    """How many points the ramp-up has, by the accuracy of random sampling at the same setting.

    Of a curve r of T points it is the earliest i >= 1 with ``mean(r[i:i + 5]) > mean(r)`` (fewer than five at the end
    of the curve), else ``T // 2``; both phases of a setting's runs have the same points, whatever their own curve.

    Parameters
    ----------
    reference : Curves
        Accuracy of random sampling.
    budget, include_start
        Which points count, as of `Aggregate.of`.

    Returns
    -------
    (n_curves,) int array

    References
    ----------
    arXiv 2506.03817, "ramp-up" and "plateau".
    """
    cut = reference.up_to(budget, interpolate=False)
    curves = cut if include_start else cut.without_start()
    n_points, lengths = len(curves.values), curves.lengths
    place = np.arange(n_points) - np.repeat(curves.offsets[:-1], lengths)
    left = np.repeat(lengths, lengths) - place  # points from this one to the end
    windows = curves.values.copy()
    for step in range(1, min(_WINDOW, n_points)):
        windows[: n_points - step] += np.where(left[: n_points - step] > step, curves.values[step:], 0.0)
    windows /= np.minimum(left, _WINDOW)
    mean = np.repeat(mean_of(curves), lengths)
    above = (place >= 1) & (windows > mean + 1e-12 * np.abs(mean))  # a flat curve is not above itself by rounding
    found = segment_min(np.where(above, place, n_points), curves.offsets, n_points)
    return np.where(found < n_points, found, lengths // 2)


@dataclass(frozen=True)
class RampUp(Aggregate):
    """Mean over the cycles of the ramp-up, which random sampling defines; cycle 0 does not count by default.

    The ramp-up ends with the first five cycles in which the accuracy of `random`, at the same setting, is above its
    mean (see `switch_points`). NaN where there is no such run, or no cycle.
    """

    name = "ramp_up"
    source = "arXiv 2506.03817"
    needs_switch = True

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:
        switch = _known(beside)
        means = mean_of(curves.take(curves.offsets[:-1], np.clip(switch, 0, curves.lengths)))
        return np.where(switch < 0, np.nan, means)


@dataclass(frozen=True)
class Plateau(Aggregate):
    """Mean over the cycles after the ramp-up, which random sampling defines; cycle 0 does not count by default.

    See `RampUp`. NaN where there is no run of `random` at the same setting, or no cycle after the ramp-up.
    """

    name = "plateau"
    source = "arXiv 2506.03817"
    needs_switch = True

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:
        switch = _known(beside)
        skipped = np.clip(switch, 0, curves.lengths)
        means = mean_of(curves.take(curves.offsets[:-1] + skipped, curves.lengths - skipped))
        return np.where(switch < 0, np.nan, means)


def _known(beside: Beside) -> Ints:
    assert beside.switch is not None  # `of` sees to it
    return beside.switch
