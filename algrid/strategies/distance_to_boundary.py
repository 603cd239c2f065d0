"""Distance to the decision boundary: uncertainty sampling without probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._measures import top_two_gap
from algrid.strategies.base import QueryState, Strategy

__all__ = ["DistanceToBoundary"]


@dataclass(frozen=True)
class DistanceToBoundary(Strategy):
    """Rows closest to the decision boundary.

    Formula: ``u(x) = -|f(x)|`` for two seen classes; for more ``-(f1 - f2)``, f1 and f2 being the two
    highest decision values. With one class seen there is no boundary: all rows tie.

    Complexity: O(n_candidates * n_seen) time and memory.

    Source: Tong & Koller, "Support vector machine active learning with applications to text
    classification", JMLR 2, 2001 (simple margin); Campbell, Cristianini & Smola, ICML 2000.

    Needs: ``decision_function`` with one value a class (scikit-learn's ``ovr`` shape).
    """

    name: ClassVar[str] = "distance_to_boundary"
    source: ClassVar[str] = "Tong & Koller, JMLR 2, 2001"
    needs: ClassVar[frozenset[str]] = frozenset({"decision_function"})

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) the negated distance, in the unit of the learner's decision function."""
        values = state.model.decision_function()[state.unlabeled]
        return -np.abs(values) if values.ndim == 1 else -top_two_gap(values)
