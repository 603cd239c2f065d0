"""Least-confident sampling, as libact does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._libact import SOURCE, LibactRanking
from algrid.strategies.base import QueryState

__all__ = ["LeastConfidentLibactCompatible"]


@dataclass(frozen=True)
class LeastConfidentLibactCompatible(LibactRanking):
    """Rows whose most probable class is the least probable, ranked as libact does.

    Formula: ``u(x) = -max_c P(c | x)``.

    Complexity: O(n_candidates * (n_classes + log n_candidates)) time, O(n_candidates * n_classes) memory.

    Source: Lewis & Gale, SIGIR 1994; libact: Yang et al., arXiv 1710.00379.

    Needs: ``predict_proba`` (libact takes decision values of models that have no probabilities).

    Deviation from `least_confident`: exact ties go to the earlier pool index, not by tie ranks; the batch is the
    best of one state, libact asks for one row at a time.
    """

    name: ClassVar[str] = "least_confident@libact_compatible"
    source: ClassVar[str] = SOURCE
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) the negated highest class probability."""
        highest: NDArray[np.float64] = state.model.predict_proba()[state.unlabeled].max(axis=1)
        return -highest
