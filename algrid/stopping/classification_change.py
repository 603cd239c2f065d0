"""Stop when no prediction changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.stopping.base import Floats, Ints, Point, StoppingRule, most_agreement

__all__ = ["ClassificationChange"]


@dataclass(frozen=True)
class ClassificationChange(StoppingRule):
    """Stop when the predictions on the pool are those of the point before.

    Formula: stop where at least ``1 - threshold`` of the pool has the prediction that it had at the point before.

    Source: Zhu, Wang & Hovy, "Multi-criteria-based strategy to stop active learning for data annotation", COLING
    2008; as small-text's `ClassificationChange`, which added the threshold.

    Parameters
    ----------
    threshold : float
        Share of the predictions that may change.
    """

    name: ClassVar[str] = "classification_change"
    source: ClassVar[str] = "Zhu, Wang & Hovy, COLING 2008"

    threshold: Annotated[float, Field(ge=0, le=1)] = 0.0

    def measure(self, before: Point | None, now: Point) -> float:
        """Share of unchanged predictions."""
        return float("nan") if before is None else float(np.mean(before.predicted == now.predicted))

    def bound(self, before: Ints | None, now: Ints) -> float:
        """The largest share of unchanged predictions."""
        return float("nan") if before is None else most_agreement(before, now) / int(now.sum())

    def stops(self, numbers: Floats) -> NDArray[np.bool_]:
        """(n_points,) whether the share is large enough."""
        return np.asarray(numbers >= 1 - self.threshold)
