"""Entropy sampling, as libact does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._libact import SOURCE, LibactRanking
from algrid.strategies.base import QueryState

__all__ = ["EntropyLibactCompatible"]


@dataclass(frozen=True)
class EntropyLibactCompatible(LibactRanking):
    """Rows whose class probabilities have the highest entropy, or are 0: those first.

    Formula: ``u(x) = -sum_c P(c | x) log P(c | x)`` over the classes c that have a label, which is not a number
    where a probability is exactly 0; such a row is asked for before all others.

    Complexity: O(n_candidates * (n_classes + log n_candidates)) time, O(n_candidates * n_classes) memory.

    Source: Settles & Craven, EMNLP 2008; libact: Yang et al., arXiv 1710.00379.

    Needs: ``predict_proba``.

    Deviation from `entropy`: 0 log 0 is not 0, so that with learners that give probabilities of 0 (trees,
    forests, neighbours, naive Bayes far from a class) the most certain rows are chosen. Exact ties, and these
    rows, go by pool index, not by tie ranks; the batch is the best of one state.
    """

    name: ClassVar[str] = "entropy@libact_compatible"
    source: ClassVar[str] = SOURCE
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) entropies in nats; NaN where a probability is 0."""
        proba = state.model.predict_proba()[np.ix_(state.unlabeled, np.unique(state.y_labeled))]
        with np.errstate(divide="ignore", invalid="ignore"):
            negated: NDArray[np.float64] = (proba * np.log(proba)).sum(axis=1)
        return -negated
