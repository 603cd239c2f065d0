"""Discriminative active learning (DAL)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies.base import QueryState, Strategy, top_k

__all__ = ["Discriminative"]


@dataclass(frozen=True)
class Discriminative(Strategy):
    """Rows that a classifier tells from the labelled ones most surely.

    Formula: a clone of the query learner is fitted to tell candidates (class 1), at most `unlabeled_factor` random
    ones for each labelled row, from labelled rows (class 0); ``u(x) = P(1 | x)``. The batch is bought in
    `sub_batches` parts: what was chosen counts as labelled for the next part.

    Complexity: the time of min(sub_batches, batch_size) fits on (1 + unlabeled_factor) * n_labeled rows at most,
    and of as many predictions of the pool; O(n_pool * n_features) memory.

    Source: Gissin & Shalev-Shwartz, "Discriminative active learning", arXiv 1907.06347, 2019, on the input
    features instead of a network's.

    Needs: ``predict_proba``.

    Parameters
    ----------
    sub_batches : int
        Fits in a query, at most.
    unlabeled_factor : int or None
        Candidates in a fit for each labelled row, at most; None for all candidates.
    """

    name: ClassVar[str] = "discriminative"
    source: ClassVar[str] = "Gissin & Shalev-Shwartz, arXiv 1907.06347, 2019"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    sub_batches: Annotated[int, Field(ge=1)] = 10
    unlabeled_factor: Annotated[int, Field(ge=1)] | None = 10

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of choice."""
        rng = state.rng()
        labeled, rest = state.labeled, state.unlabeled
        batch: list[NDArray[np.intp]] = []
        for part in np.array_split(np.arange(state.batch_size), min(self.sub_batches, state.batch_size)):
            seed = int(rng.integers(2**31 - 1))
            seen = rest
            if self.unlabeled_factor is not None and len(rest) > self.unlabeled_factor * len(labeled):
                seen = rng.choice(rest, self.unlabeled_factor * len(labeled), replace=False)
            rows = np.sort(np.concatenate([labeled, seen]))
            is_candidate = np.isin(rows, seen, assume_unique=True).astype(np.intp)
            model = state.learner.fit(state.X[rows], is_candidate, 2, seed)
            chosen = rest[top_k(model.predict_proba(state.X)[rest, 1], state.ties[rest], len(part))]
            batch.append(chosen)
            labeled, rest = np.concatenate([labeled, chosen]), np.setdiff1d(rest, chosen, assume_unique=True)
        return np.concatenate(batch)

    def fits_per_query(self, batch_size: int) -> int:
        """One a part of the batch (on more rows than are labelled: they cost more than the guess)."""
        return min(self.sub_batches, batch_size)
