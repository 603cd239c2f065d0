"""Another strategy on some random candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._combining import Combinator, inner_state
from algrid.strategies._refits import draw_candidates
from algrid.strategies.base import QueryState

__all__ = ["Subsampled"]


@dataclass(frozen=True)
class Subsampled(Combinator):
    """Another strategy that may choose among some random candidates only.

    Formula: in each cycle `candidates` random rows are drawn (a batch at least), and the other strategy is asked
    with those as the only candidates. The pool itself stays: a strategy that is made for small pools is not
    made for larger ones by this.

    Complexity: the other strategy's time and memory with n_candidates = `candidates`, and O(n_candidates) for the
    draw.

    Source: random subsampling of the candidates, as in Roy & McCallum, ICML 2001.

    Needs: what the other strategy needs.

    Parameters
    ----------
    strategy : str
        Name of the other strategy, which runs at its defaults.
    candidates : int
        How many rows it may choose among.
    """

    name: ClassVar[str] = "subsampled"
    source: ClassVar[str] = "Roy & McCallum, ICML 2001"

    strategy: str = "margin"
    candidates: Annotated[int, Field(ge=1)] = 100

    def inner_names(self) -> tuple[str, ...]:
        """The other strategy."""
        return (self.strategy,)

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the other strategy's order."""
        (other,) = self.inner
        drawn = draw_candidates(state, state.rng(), self.candidates)
        return other.query(inner_state(state, other, unlabeled=drawn))
