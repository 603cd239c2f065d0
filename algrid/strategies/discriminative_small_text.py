"""Discriminative active learning (DAL), as small-text does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from algrid.strategies._small_text import RefittedFactory, SmallTextStrategy
from algrid.strategies.base import QueryState

__all__ = ["DiscriminativeSmallText"]


@dataclass(frozen=True)
class DiscriminativeSmallText(SmallTextStrategy):
    """Rows that a classifier tells from the labelled ones most surely, through small-text.

    Formula: a clone of the query learner is fitted to tell candidates (class 1) from labelled rows (class 0);
    ``u(x) = P(1 | x)``. The batch is bought in `sub_batches` parts: what was chosen counts as labelled for the next
    part (`DiscriminativeActiveLearning`).

    Complexity: the time of min(sub_batches, batch_size) fits on labelled rows and at most `unlabeled_factor` times
    as many candidates, and of as many predictions of the candidates; O(n_pool * n_features) memory.

    Source: Gissin & Shalev-Shwartz, arXiv 1907.06347, 2019; small-text: Schroeder et al., EACL 2023.

    Needs: ``predict_proba``.

    Deviation from `discriminative`: fitted on a random subset of the candidates (`unlabeled_factor` times the
    labelled rows; drawn from the global generator, which is seeded and restored), and the last part takes what
    division leaves over. Exact ties go by the position that `numpy.argpartition` happens to leave them at, not by
    tie ranks, and a batch comes in no particular order.

    Parameters
    ----------
    sub_batches : int
        Fits in a query, at most.
    unlabeled_factor : int
        Candidates in a fit for each labelled row, at most.
    """

    name: ClassVar[str] = "discriminative@small_text"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    sub_batches: Annotated[int, Field(ge=1)] = 10
    unlabeled_factor: Annotated[int, Field(ge=1)] = 10

    def library(self, state: QueryState, rng: np.random.Generator) -> Any:
        """`DiscriminativeActiveLearning`."""
        from small_text.query_strategies import DiscriminativeActiveLearning

        return DiscriminativeActiveLearning(
            RefittedFactory(state, rng),
            min(self.sub_batches, state.batch_size),
            unlabeled_factor=self.unlabeled_factor,
            pbar=None,
        )

    def fits_per_query(self, batch_size: int) -> int:
        """One a part of the batch."""
        return min(self.sub_batches, batch_size)
