"""What an aggregate is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.aggregates.curves import Curves
from algrid.errors import PluginError
from algrid.registry import Plugin

__all__ = ["Aggregate", "Beside"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Beside:
    """What an aggregate may need beside the curves.

    Parameters
    ----------
    higher_is_better : bool
        The metric's direction.
    skylines : (n_curves,) array or None
        The metric of the learner fitted on the whole pool.
    switch : (n_curves,) int array or None
        How many points belong to the ramp-up; -1 where it is not known.
    """

    higher_is_better: bool
    skylines: Floats | None
    switch: NDArray[np.int64] | None

    @property
    def sign(self) -> float:
        """1 where higher is better, else -1."""
        return 1.0 if self.higher_is_better else -1.0


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
    needs_skyline, needs_switch : bool
        Whether `of` needs the skylines' values, or where the ramp-up ends.
    """

    include_start: ClassVar[bool] = False
    interpolates: ClassVar[bool] = False
    higher_is_better: ClassVar[bool | None] = None
    needs_skyline: ClassVar[bool] = False
    needs_switch: ClassVar[bool] = False

    def of(
        self,
        curves: Curves,
        *,
        budget: float | None = None,
        include_start: bool | None = None,
        skylines: Floats | None = None,
        switch: NDArray[np.int64] | None = None,
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
        switch : (n_curves,) int array, optional
            How many points belong to the ramp-up (`algrid.aggregates.phases.switch_points`), for aggregates that need
            it; -1 where it is not known.
        higher_is_better : bool
            The metric's direction, for aggregates that need it.

        Raises
        ------
        PluginError
            If skylines or switch points are needed and missing.
        """
        if self.needs_skyline and skylines is None:
            raise PluginError(f"the aggregate {self.name!r} needs the skylines: pass the store's table of skylines.")
        if self.needs_switch and switch is None:
            raise PluginError(
                f"the aggregate {self.name!r} needs to know where the ramp-up ends: pass the switch points of "
                "'random' at the same settings."
            )
        cut = curves.up_to(budget, interpolate=self.interpolates)
        counts = self.include_start if include_start is None else include_start
        points = cut if counts else cut.without_start()
        return self._of_points(points, Beside(higher_is_better, skylines, switch))

    def _of_points(self, curves: Curves, beside: Beside) -> Floats:
        """(n_curves,) values from exactly the points that count."""
        raise NotImplementedError
