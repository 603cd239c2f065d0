"""Stop when predictions agree from cycle to cycle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.stopping.base import Floats, Ints, Point, StoppingRule, most_agreement

__all__ = ["KappaAverage"]


@dataclass(frozen=True)
class KappaAverage(StoppingRule):
    """Stop when the mean agreement of successive predictions on the pool is high.

    Formula: Cohen's kappa between the predictions on the whole pool at a point and at the one before; stop where the
    mean of the last `window_size` kappas is at least `kappa`. Equal predictions have kappa 1.

    Source: Bloodgood & Vijay-Shanker, "A method for stopping active learning based on stabilizing predictions and
    the need for user-adjustable stopping", CoNLL 2009; as small-text's `KappaAverage`.

    Parameters
    ----------
    window_size : int
        Kappas that are averaged.
    kappa : float
        Agreement from which on the rule stops.
    """

    name: ClassVar[str] = "kappa_average"
    source: ClassVar[str] = "Bloodgood & Vijay-Shanker, CoNLL 2009"

    window_size: Annotated[int, Field(ge=1)] = 3
    kappa: Annotated[float, Field(ge=-1, le=1)] = 0.99

    @property
    def window(self) -> int:
        """How many of the last numbers a decision looks at."""
        return self.window_size

    def measure(self, before: Point | None, now: Point) -> float:
        """Cohen's kappa with the point before."""
        if before is None:
            return float("nan")
        k = now.n_classes
        old, new = (np.bincount(p.predicted, minlength=k) for p in (before, now))
        return _kappa(int(np.count_nonzero(before.predicted == now.predicted)), old, new)

    def bound(self, before: Ints | None, now: Ints) -> float:
        """The highest kappa: how often classes are predicted is known, and so is agreement by chance."""
        if before is None:
            return float("nan")
        return _kappa(most_agreement(before, now), before.sum(axis=0), now.sum(axis=0))

    def stops(self, numbers: Floats) -> NDArray[np.bool_]:
        """(n_points,) whether the mean of the window that ends at each point is high enough."""
        found = np.zeros(len(numbers), dtype=np.bool_)
        if len(numbers) >= self.window_size:
            windows = np.lib.stride_tricks.sliding_window_view(numbers, self.window_size)
            found[self.window_size - 1 :] = windows.mean(axis=1) >= self.kappa
        return found


def _kappa(agreed: int, old: NDArray[np.integer], new: NDArray[np.integer]) -> float:
    """Cohen's kappa of predictions that agree in so many rows and have these counts of classes."""
    n = int(old.sum())
    if agreed == n:
        return 1.0
    chance = float(old @ new) / n
    return (agreed - chance) / (n - chance)
