"""Margin sampling, as libact does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._libact import SOURCE, LibactRanking
from algrid.strategies._measures import top_two_gap
from algrid.strategies.base import QueryState

__all__ = ["MarginLibactCompatible"]


@dataclass(frozen=True)
class MarginLibactCompatible(LibactRanking):
    """Rows whose two most probable classes are closest, ranked as libact does.

    Formula: ``u(x) = -(P(c1 | x) - P(c2 | x))``, c1 and c2 being the two most probable classes.

    Complexity: O(n_candidates * (n_classes + log n_candidates)) time, O(n_candidates * n_classes) memory.

    Source: Scheffer, Decomain & Wrobel, IDA 2001; libact: Yang et al., arXiv 1710.00379.

    Needs: ``predict_proba`` (libact takes decision values of models that have no probabilities).

    Deviation from `margin`: exact ties go to the earlier pool index, not by tie ranks; the batch is the best of
    one state, libact asks for one row at a time.
    """

    name: ClassVar[str] = "margin@libact_compatible"
    source: ClassVar[str] = SOURCE
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) the negated gap between the two highest class probabilities."""
        return -top_two_gap(state.model.predict_proba()[state.unlabeled])
