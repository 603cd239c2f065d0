"""How libact ranks candidates, for variants of ours that behave as it does.

libact (Yang, Lee, Chung, Wu, Chen & Lin, arXiv 1710.00379) asks for one row at a time, the first of the highest
scores; a batch here is the best rows of one state. A score that is not a number is the highest, as for
`numpy.argmax`. None of its code runs here: the variants are written from its documented formulae and say where
they differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies.base import QueryState, Strategy

__all__ = ["SOURCE", "LibactRanking", "first"]

SOURCE = "libact 0.1.6: Yang et al., arXiv 1710.00379"


def first(scores: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """(k,) positions of the highest scores, highest first; NaN before all; equal ones by ascending position."""
    ordered = np.where(np.isnan(scores), -np.inf, -scores)
    return np.lexsort((ordered, ~np.isnan(scores)))[:k].astype(np.intp, copy=False)


@dataclass(frozen=True)
class LibactRanking(Strategy):
    """Base of variants that rank candidates by `utilities`, in libact's order."""

    source: ClassVar[str] = SOURCE

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices, best first."""
        return state.unlabeled[first(self.utilities(state), state.batch_size)]
