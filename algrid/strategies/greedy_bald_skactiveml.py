"""BALD, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from algrid.strategies._skactiveml import SkactivemlStrategy, committee
from algrid.strategies.base import QueryState

__all__ = ["GreedyBaldSkactiveml"]


@dataclass(frozen=True)
class GreedyBaldSkactiveml(SkactivemlStrategy):
    """Rows with the highest mutual information between their label and the committee member, through scikit-activeml.

    Formula: ``u(x) = H(P(. | x)) - 1/M sum_m H(P_m(. | x))`` with P the mean of the M members' probabilities P_m;
    the batch is the top k (`GreedyBALD`). The members are bagged clones of the query learner.

    Complexity: `committee_size` fits and predictions of the pool; then O(n_candidates * committee_size * n_classes
    + n_pool * batch_size) time; O(n_pool * (committee_size * n_classes + batch_size)) memory.

    Source: Houlsby, Huszar, Ghahramani & Lengyel, "Bayesian active learning for classification and preference
    learning", arXiv 1112.5745, 2011; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba``.

    Deviation from the paper: bootstrap resamples stand in for draws from a posterior; probabilities are raised to
    at least 1e-7. Up to that it is the formula of `qbc` with ``disagreement=kl``. Exact ties are broken at random
    (seeded), not by tie ranks.

    Parameters
    ----------
    committee_size : int
        Members; each has a bootstrap resample of the labelled set and a seed of its own.
    """

    name: ClassVar[str] = "greedy_bald@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    committee_size: Annotated[int, Field(ge=2)] = 5

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`GreedyBALD`."""
        from skactiveml.pool import GreedyBALD

        return GreedyBALD(random_state=seed)

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The members, fitted."""
        return {"ensemble": committee(state, self.committee_size), "fit_ensemble": False}

    def fits_per_query(self, batch_size: int) -> int:  # noqa: ARG002
        """Its members."""
        return self.committee_size
