"""Random sampling, as ALiPy does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._alipy import SOURCE
from algrid.strategies.base import QueryState, Strategy

__all__ = ["RandomAlipyCompatible"]


@dataclass(frozen=True)
class RandomAlipyCompatible(Strategy):
    """Random rows, drawn anew in every query.

    Formula: the first of a permutation of the candidates that is drawn for this query.

    Complexity: O(n_candidates) time and memory.

    Source: uniform sampling without replacement; ALiPy: Tang, Li & Huang, arXiv 1901.03802.

    Needs: nothing.

    Deviation from `random`: batches of 1 and of 10 are not nested, as every query draws from this strategy's
    own stream. ALiPy draws from numpy's global generator: the same distribution, other rows.
    """

    name: ClassVar[str] = "random@alipy_compatible"
    source: ClassVar[str] = SOURCE

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of the permutation."""
        return state.rng().permutation(state.unlabeled)[: state.batch_size]
