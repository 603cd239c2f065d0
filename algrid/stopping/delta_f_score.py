"""Stop when the predicted change of the F-score is small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.stopping.base import Floats, Ints, Point, StoppingRule, most_agreement

__all__ = ["DeltaFScore"]


@dataclass(frozen=True)
class DeltaFScore(StoppingRule):
    """Stop when the F-score, as far as predictions tell, hardly changes any more.

    Formula: ``dF = 1 - 2a / (2a + b + c)``, a being the rows of the pool that are predicted positive (class code 1) at
    this point and at the one before, b and c those that are so at one of the two only; stop where the last
    `window_size` values are all below `threshold`. Without any positive prediction dF is undefined, and nothing
    stops.

    Source: Altschuler & Bloodgood, "Stopping active learning based on predicted change of F measure for text
    classification", ICSC 2019; as small-text's `DeltaFScore`. For two classes.

    Parameters
    ----------
    window_size : int
        Values that all have to be small.
    threshold : float
        What small means.
    """

    name: ClassVar[str] = "delta_f_score"
    source: ClassVar[str] = "Altschuler & Bloodgood, ICSC 2019"
    binary: ClassVar[bool] = True

    window_size: Annotated[int, Field(ge=1)] = 3
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.05

    @property
    def window(self) -> int:
        """How many of the last numbers a decision looks at."""
        return self.window_size

    def measure(self, before: Point | None, now: Point) -> float:
        """The predicted change of the F-score since the point before."""
        if before is None:
            return float("nan")
        old, new = before.predicted == 1, now.predicted == 1
        return _delta(int(np.count_nonzero(old & new)), int(np.count_nonzero(old) + np.count_nonzero(new)))

    def bound(self, before: Ints | None, now: Ints) -> float:
        """The smallest change: how often the positive class is predicted is known."""
        if before is None:
            return float("nan")
        return _delta(most_agreement(before[:, 1], now[:, 1]), int(before[:, 1].sum() + now[:, 1].sum()))

    def stops(self, numbers: Floats) -> NDArray[np.bool_]:
        """(n_points,) whether all values of the window that ends at each point are small."""
        found = np.zeros(len(numbers), dtype=np.bool_)
        if len(numbers) >= self.window_size:
            windows = np.lib.stride_tricks.sliding_window_view(numbers, self.window_size)
            found[self.window_size - 1 :] = (windows < self.threshold).all(axis=1)
        return found


def _delta(both: int, positives: int) -> float:
    return 1.0 - 2.0 * both / positives if positives else float("nan")
