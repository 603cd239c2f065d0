"""Discriminative active learning (DAL), as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.strategies._skactiveml import SkactivemlStrategy, seed_of
from algrid.strategies.base import QueryState

__all__ = ["DiscriminativeSkactiveml"]


@dataclass(frozen=True)
class DiscriminativeSkactiveml(SkactivemlStrategy):
    """Rows that a classifier tells from the labelled ones most surely, through scikit-activeml.

    Formula: a clone of the query learner is fitted to tell unlabelled rows (class 1) from labelled ones (class 0);
    the candidate with the highest ``P(1 | x)`` is chosen, counts as labelled, and the clone is fitted again for the
    next (`DiscriminativeAL`; with `greedy` there is one fit and the batch is the top k).

    Complexity: the time of `batch_size` fits on the whole pool (1 with `greedy`) and of as many predictions of it;
    O(n_pool * (n_features + batch_size)) memory.

    Source: Gissin & Shalev-Shwartz, arXiv 1907.06347, 2019; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba``.

    Deviation from `discriminative`: a fit for each row of the batch instead of at most 10; all fits have the same
    seed; rows that are neither labelled nor candidates count as unlabelled. Exact ties are broken at random
    (seeded), not by tie ranks.

    Parameters
    ----------
    greedy : bool
        Whether there is one fit for the whole batch.
    """

    name: ClassVar[str] = "discriminative@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    greedy: bool = False

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`DiscriminativeAL`."""
        from skactiveml.pool import DiscriminativeAL

        return DiscriminativeAL(greedy_selection=self.greedy, random_state=seed)

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:
        """A clone of the query learner, which the library fits."""
        from algrid.strategies._skactiveml_classifiers import Refitted

        return {"discriminator": Refitted(state, seed_of(rng))}

    def fits_per_query(self, batch_size: int) -> int:
        """One a row of the batch (on the whole pool: they cost more than the guess)."""
        return 1 if self.greedy else batch_size
