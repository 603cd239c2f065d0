"""Random sampling, as small-text does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.strategies._small_text import SmallTextStrategy
from algrid.strategies.base import QueryState

__all__ = ["RandomSmallText"]


@dataclass(frozen=True)
class RandomSmallText(SmallTextStrategy):
    """Rows drawn at random, through small-text.

    Formula: `numpy.random.choice` without replacement (`RandomSampling`).

    Complexity: O(n_pool) time and memory.

    Source: the baseline of every study; small-text: Schroeder et al., EACL 2023.

    Needs: nothing.

    Deviation from `random`: the rows are drawn afresh in each cycle (seeded), so that batches of 1 and of 10 are
    not nested.
    """

    name: ClassVar[str] = "random@small_text"

    def library(self, state: QueryState, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """`RandomSampling`."""
        from small_text.query_strategies import RandomSampling

        return RandomSampling()
