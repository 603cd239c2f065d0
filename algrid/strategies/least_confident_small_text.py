"""Least-confident sampling, as small-text does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.strategies._small_text import SmallTextStrategy
from algrid.strategies.base import QueryState

__all__ = ["LeastConfidentSmallText"]


@dataclass(frozen=True)
class LeastConfidentSmallText(SmallTextStrategy):
    """Rows whose most probable class is the least probable, through small-text.

    Formula: ``u(x) = -max_c P(c | x)`` (`LeastConfidence`).

    Complexity: O(n_pool * n_classes) time and memory.

    Source: Lewis & Gale, SIGIR 1994; small-text: Schroeder et al., EACL 2023.

    Needs: ``predict_proba``.

    Deviation from `least_confident`: the same order from the same probabilities. Exact ties go by the position that
    `numpy.argpartition` happens to leave them at, not by tie ranks, and a batch comes in no particular order.
    """

    name: ClassVar[str] = "least_confident@small_text"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def library(self, state: QueryState, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """`LeastConfidence`."""
        from small_text.query_strategies import LeastConfidence

        return LeastConfidence()
