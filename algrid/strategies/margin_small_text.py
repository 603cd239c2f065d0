"""Margin sampling, as small-text does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.strategies._small_text import SmallTextStrategy
from algrid.strategies.base import QueryState

__all__ = ["MarginSmallText"]


@dataclass(frozen=True)
class MarginSmallText(SmallTextStrategy):
    """Rows whose two most probable classes are closest, through small-text.

    Formula: ``u(x) = -(P(c1 | x) - P(c2 | x))`` (`BreakingTies`).

    Complexity: O(n_pool * n_classes) time and memory.

    Source: Scheffer, Decomain & Wrobel, IDA 2001; as breaking ties: Luo et al., JMLR 2005; small-text: Schroeder et
    al., EACL 2023.

    Needs: ``predict_proba``.

    Deviation from `margin`: the same utilities, bit for bit, from the same probabilities, in a Python loop over the
    whole pool. Exact ties go by the position that `numpy.argpartition` happens to leave them at, not by tie ranks,
    and a batch comes in no particular order.
    """

    name: ClassVar[str] = "margin@small_text"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def library(self, state: QueryState, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """`BreakingTies`."""
        from small_text.query_strategies import BreakingTies

        return BreakingTies()
