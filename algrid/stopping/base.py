"""What a stopping rule is: a number at every point of a run, and a decision on those numbers.

A rule sees what a learner says of the pool after each cycle, and no true label. Its number needs predictions, which
are not stored. But the stored confusion matrices bound it: of the rows of one true class no more can have kept
their prediction than the smaller of the two counts says. `bound` is the value most in favour of stopping that is
possible with given matrices, so that only those points need predictions at which the rule could stop at all. (The
true labels in the matrices decide only which fits are made again, never whether the rule stops.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.registry import Plugin

__all__ = ["Point", "StoppingRule", "most_agreement"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Point:
    """What a rule may see of a run at one point.

    Parameters
    ----------
    predicted : (n_pool,) int array
        Class codes that the learner predicts on the whole pool.
    entropy : (n_pool,) array
        Entropy of its probabilities, in nats; NaN where no rule needs it.
    unlabeled : (n_pool,) bool array
        Which pool indices have no label yet.
    n_classes : int
        Classes of the dataset.
    """

    predicted: NDArray[np.intp]
    entropy: Floats
    unlabeled: NDArray[np.bool_]
    n_classes: int


@dataclass(frozen=True)
class StoppingRule(Plugin):
    """Base of stopping rules: override `measure`, `stops` and, where matrices say something, `bound`.

    Class variables
    ---------------
    binary : bool
        Whether it is for two classes only.
    needs_proba : bool
        Whether it looks at probabilities.
    """

    binary: ClassVar[bool] = False
    needs_proba: ClassVar[bool] = False

    @property
    def window(self) -> int:
        """How many of the last numbers a decision looks at."""
        return 1

    def measure(self, before: Point | None, now: Point) -> float:
        """The rule's number at a point; NaN where it has none (no point before)."""
        raise NotImplementedError

    def bound(self, before: Ints | None, now: Ints) -> float | None:  # noqa: ARG002
        """The number most in favour of stopping that these (k, k) confusion matrices on the pool allow.

        None where they say nothing of it.
        """
        return None

    def stops(self, numbers: Floats) -> NDArray[np.bool_]:
        """(n_points,) whether the rule says stop at each point, of the (n_points,) numbers; never at NaN."""
        raise NotImplementedError

    def unsupported(self, n_classes: int, provides: frozenset[str]) -> str | None:
        """Why the rule is not for such a dataset or learner (by what it provides), or None where it is."""
        if self.binary and n_classes != 2:
            return f"{self.name} is for two classes only"
        if self.needs_proba and "predict_proba" not in provides:
            return f"{self.name} needs predict_proba, which the learner does not provide"
        return None

    def first_stop(
        self, n_points: int, bound: Callable[[int], float | None], measure: Callable[[int], float]
    ) -> int | None:
        """The first point at which the rule says stop, or None; what bounds decide is not measured.

        Parameters
        ----------
        n_points : int
        bound, measure : callable
            Give the bound and the number of a point.
        """
        numbers = np.full(n_points, np.nan)
        measured = np.zeros(n_points, dtype=np.bool_)
        for now in range(n_points):
            limit = bound(now)
            numbers[now] = measure(now) if limit is None else limit
            measured[now] = limit is None
            window = slice(max(0, now + 1 - self.window), now + 1)
            while self.stops(numbers[window])[-1]:
                unknown = np.flatnonzero(~measured[window])
                if len(unknown) == 0:
                    return now
                at = window.start + int(unknown[-1])
                numbers[at], measured[at] = measure(at), True
        return None


def most_agreement(before: Ints, now: Ints) -> int:
    """The most rows that can have the same prediction, of (k, k) counts or some of their columns: true class first."""
    return int(np.minimum(before, now).sum())
