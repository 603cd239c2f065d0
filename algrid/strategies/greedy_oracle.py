"""The greedy oracle: the best of some random batches, by true labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._refits import accuracy, known_labels, random_batch, refit
from algrid.strategies.base import QueryState, Strategy

__all__ = ["GreedyOracle"]


@dataclass(frozen=True)
class GreedyOracle(Strategy):
    """Of some random batches the one after which the learner is best on the pool: it sees the true labels.

    Formula: draw `batches` random batches B, fit the query learner on the labelled set and B with its true
    labels, and take the B of the highest accuracy on the whole pool (labelled rows included), against
    true labels; of equal ones the first drawn. An upper reference, no strategy for use.

    Complexity: the time of `batches` fits and predictions of the pool; O(n_pool) memory.

    Source: "Survey of active learning hyperparameters", arXiv 2506.03817, 2025 (with 10 and 20 batches).

    Needs: ``true_labels``.

    Parameters
    ----------
    batches : int
        How many random batches are tried.
    """

    name: ClassVar[str] = "greedy_oracle"
    source: ClassVar[str] = "arXiv 2506.03817, 2025"
    needs: ClassVar[frozenset[str]] = frozenset({"true_labels"})

    batches: Annotated[int, Field(ge=1)] = 10

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices, ascending."""
        truth, rng = known_labels(state, self.name), state.rng()
        drawn = [random_batch(state.unlabeled, state.batch_size, rng) for _ in range(self.batches)]
        scores = [accuracy(state, refit(state, batch, truth[batch]), truth) for batch in drawn]
        return drawn[int(np.argmax(scores))]

    def fits_per_query(self, batch_size: int) -> int:  # noqa: ARG002
        """One a random batch."""
        return self.batches
