"""Least-confident sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies.base import QueryState, Strategy

__all__ = ["LeastConfident"]


@dataclass(frozen=True)
class LeastConfident(Strategy):
    """Rows whose most probable class is the least probable.

    Formula: ``u(x) = 1 - max_c P(c | x)``.

    Complexity: O(n_candidates * n_classes) time and memory, on probabilities that all strategies share.

    Source: Lewis & Gale, "A sequential algorithm for training text classifiers", SIGIR 1994; for more
    than two classes Culotta & McCallum, "Reducing labeling effort for structured prediction tasks",
    AAAI 2005.

    Needs: ``predict_proba``. For two classes it orders rows as `margin` and `entropy` do.
    """

    name: ClassVar[str] = "least_confident"
    source: ClassVar[str] = "Lewis & Gale, SIGIR 1994; Culotta & McCallum, AAAI 2005"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) one minus the highest class probability."""
        highest: NDArray[np.float64] = state.model.predict_proba()[state.unlabeled].max(axis=1)
        return 1.0 - highest
