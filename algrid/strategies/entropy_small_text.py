"""Entropy sampling, as small-text does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.strategies._small_text import SmallTextStrategy
from algrid.strategies.base import QueryState

__all__ = ["EntropySmallText"]


@dataclass(frozen=True)
class EntropySmallText(SmallTextStrategy):
    """Rows whose class probabilities have the highest entropy, through small-text.

    Formula: ``u(x) = -sum_c P(c | x) log P(c | x)`` (`PredictionEntropy`).

    Complexity: O(n_pool * n_classes) time and memory.

    Source: Settles & Craven, EMNLP 2008; small-text: Schroeder et al., EACL 2023.

    Needs: ``predict_proba``.

    Deviation from `entropy`: `scipy.stats.entropy`, in a Python loop over the whole pool, divides each row by its
    sum first and adds in another order, so that utilities may differ in the last bits. Exact ties go by the
    position that `numpy.argpartition` happens to leave them at, not by tie ranks, and a batch comes in no
    particular order.
    """

    name: ClassVar[str] = "entropy@small_text"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def library(self, state: QueryState, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """`PredictionEntropy`."""
        from small_text.query_strategies import PredictionEntropy

        return PredictionEntropy()
