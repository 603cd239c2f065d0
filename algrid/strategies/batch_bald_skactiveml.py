"""BatchBALD, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from algrid.strategies._skactiveml import SkactivemlStrategy, committee
from algrid.strategies.base import QueryState

__all__ = ["BatchBaldSkactiveml"]


@dataclass(frozen=True)
class BatchBaldSkactiveml(SkactivemlStrategy):
    """The batch with the highest joint mutual information with the committee member, through scikit-activeml.

    Formula: greedily, row after row, ``argmax_x H(y_1 ... y_i, y_x) - (1/M sum_m H_m(y_1) + ... + H_m(y_x))``; the
    joint entropy of the labels of the i rows that were chosen and of x is exact while n_classes^i is at most the
    number of samples, and is estimated from sampled label vectors above (`BatchBALD`). The members are bagged
    clones of the query learner.

    Complexity: `committee_size` fits and predictions of the pool; then O(batch_size * n_candidates * committee_size
    * S * n_classes) time for S = committee_size * samples_per_member; O(n_candidates * S * n_classes + n_pool *
    batch_size) memory.

    Source: Kirsch, van Amersfoort & Gal, "BatchBALD: efficient and diverse batch acquisition for deep Bayesian
    active learning", NeurIPS 2019; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba``.

    Deviation from the paper: bootstrap resamples stand in for draws from a posterior; probabilities are raised to
    at least 1e-7. scikit-activeml chooses each row twice, once while it computes utilities and once at the end: at
    exact ties the two may differ, and a row that is chosen again is replaced by tie rank.

    Parameters
    ----------
    committee_size : int
        Members; each has a bootstrap resample of the labelled set and a seed of its own.
    samples_per_member : int
        Sampled label vectors, once there are too many for exact sums; the library's default is 1.
    """

    name: ClassVar[str] = "batch_bald@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    committee_size: Annotated[int, Field(ge=2)] = 5
    samples_per_member: Annotated[int, Field(ge=1)] = 20

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`BatchBALD`."""
        from skactiveml.pool import BatchBALD

        return BatchBALD(n_MC_samples=self.committee_size * self.samples_per_member, random_state=seed)

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The members, fitted."""
        return {"ensemble": committee(state, self.committee_size), "fit_ensemble": False}

    def fits_per_query(self, batch_size: int) -> int:  # noqa: ARG002
        """Its members."""
        return self.committee_size
