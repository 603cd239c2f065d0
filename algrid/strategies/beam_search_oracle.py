"""The beam search oracle: looks several batches ahead, by true labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._refits import accuracy, known_labels, random_batch, refit
from algrid.strategies.base import QueryState, Strategy

__all__ = ["BeamSearchOracle"]

_EMPTY = np.empty(0, dtype=np.intp)


@dataclass(frozen=True)
class BeamSearchOracle(Strategy):
    """The first batch of the best sequence of batches that a beam search finds: it sees the true labels.

    Formula: a sequence of batches scores the accuracy on the whole pool of the query learner fitted on the
    labelled set and the sequence with its true labels. The beam starts with the empty sequence; `depth` times
    each sequence in it is continued by `batches` random batches, and the `width` best stay (of equal ones the
    first drawn). The first batch of the best sequence of the last step is asked for. In the next cycle the
    search starts anew. ``depth = 1`` is `greedy_oracle` (with other draws). Where the pool ends, so do sequences.

    Complexity: the time of at most ``batches + (depth - 1) * width * batches`` fits and predictions of the pool;
    O(n_pool + width * batches * depth * batch_size) memory.

    Source: named by "Survey of active learning hyperparameters", arXiv 2506.03817, 2025, as too slow for it.

    Needs: ``true_labels``.

    Parameters
    ----------
    width : int
        Sequences kept.
    depth : int
        Batches in a sequence.
    batches : int
        Random batches that each sequence is continued by.
    """

    name: ClassVar[str] = "beam_search_oracle"
    source: ClassVar[str] = "arXiv 2506.03817, 2025"
    needs: ClassVar[frozenset[str]] = frozenset({"true_labels"})

    width: Annotated[int, Field(ge=1)] = 3
    depth: Annotated[int, Field(ge=1)] = 2
    batches: Annotated[int, Field(ge=1)] = 5

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices, ascending."""
        truth, rng = known_labels(state, self.name), state.rng()
        beam = [_EMPTY]
        for _ in range(self.depth):
            longer = [sequence for start in beam for sequence in self._continued(state, start, rng)]
            if not longer:
                break
            scores = np.array([accuracy(state, refit(state, rows, truth[rows]), truth) for rows in longer])
            beam = [longer[i] for i in np.argsort(-scores, kind="stable")[: self.width]]
        return beam[0][: state.batch_size].copy()

    def _continued(
        self, state: QueryState, start: NDArray[np.intp], rng: np.random.Generator
    ) -> list[NDArray[np.intp]]:
        free = np.setdiff1d(state.unlabeled, start, assume_unique=True)
        size = min(state.batch_size, len(free))
        if size == 0:
            return []
        return [np.concatenate([start, random_batch(free, size, rng)]) for _ in range(self.batches)]

    def fits_per_query(self, batch_size: int) -> int:  # noqa: ARG002
        """One a sequence that is scored."""
        return self.batches * (1 + (self.depth - 1) * min(self.width, self.batches))
