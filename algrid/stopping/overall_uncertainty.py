"""Stop when the learner is sure of what is not labelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.stopping.base import Floats, Point, StoppingRule

__all__ = ["OverallUncertainty"]


@dataclass(frozen=True)
class OverallUncertainty(StoppingRule):
    """Stop when the mean uncertainty of the unlabelled rows is small.

    Formula: the mean over the unlabelled rows of the entropy of the probabilities, divided by the logarithm of the
    number of classes; stop below `threshold`. Confusion matrices say nothing of it: every point is fitted again.

    Source: Zhu, Wang & Hovy, "Multi-criteria-based strategy to stop active learning for data annotation", COLING
    2008; as small-text's `OverallUncertainty`.

    Parameters
    ----------
    threshold : float
        Uncertainty, from 0 to 1, below which the rule stops.
    """

    name: ClassVar[str] = "overall_uncertainty"
    source: ClassVar[str] = "Zhu, Wang & Hovy, COLING 2008"
    needs_proba: ClassVar[bool] = True

    threshold: Annotated[float, Field(ge=0, lt=1)] = 0.05

    def measure(self, before: Point | None, now: Point) -> float:  # noqa: ARG002
        """Mean normalised entropy of the unlabelled rows; NaN where all are labelled."""
        if not now.unlabeled.any():
            return float("nan")
        return float(now.entropy[now.unlabeled].mean() / np.log(now.n_classes))

    def stops(self, numbers: Floats) -> NDArray[np.bool_]:
        """(n_points,) whether the uncertainty is small enough."""
        return np.asarray(numbers < self.threshold)
