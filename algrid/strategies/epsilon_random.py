"""Epsilon mix of a strategy with random sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._combining import Combinator, inner_state
from algrid.strategies.base import QueryState

__all__ = ["EpsilonRandom"]


@dataclass(frozen=True)
class EpsilonRandom(Combinator):
    """Another strategy's rows, each replaced by a random one with probability epsilon.

    Formula: of a batch of b, r ~ Binomial(b, epsilon) rows are random; the other strategy is asked for a batch of b
    - r (which comes first), and the r are drawn from what it left, all alike.

    Complexity: the other strategy's time and memory, and O(n_candidates) for the draw.

    Source: epsilon-greedy exploration, Watkins 1989; mixed with queries as in Osugi, Kun & Scott, "Balancing
    exploration and exploitation", ICDM 2005, with a constant epsilon.

    Needs: what the other strategy needs.

    Parameters
    ----------
    strategy : str
        Name of the other strategy, which runs at its defaults.
    epsilon : float
        Probability of a random row.
    """

    name: ClassVar[str] = "epsilon_random"
    source: ClassVar[str] = "Watkins 1989; Osugi, Kun & Scott, ICDM 2005"

    strategy: str = "margin"
    epsilon: Annotated[float, Field(ge=0, le=1)] = 0.1

    def inner_names(self) -> tuple[str, ...]:
        """The other strategy."""
        return (self.strategy,)

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices: the other strategy's, then the random ones."""
        rng, (other,) = state.rng(), self.inner
        n_random = int(rng.binomial(state.batch_size, self.epsilon))
        asked = np.empty(0, dtype=np.intp)
        if n_random < state.batch_size:
            asked = other.query(inner_state(state, other, batch_size=state.batch_size - n_random))
        rest = np.setdiff1d(state.unlabeled, asked, assume_unique=True)
        return np.concatenate([asked, rng.choice(rest, n_random, replace=False)])
