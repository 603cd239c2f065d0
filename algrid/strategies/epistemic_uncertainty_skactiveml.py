"""Epistemic uncertainty sampling, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.strategies._skactiveml import SkactivemlStrategy, seed_of
from algrid.strategies.base import QueryState

__all__ = ["EpistemicUncertaintySkactiveml"]


@dataclass(frozen=True)
class EpistemicUncertaintySkactiveml(SkactivemlStrategy):
    """Rows for which both classes are plausible for want of labels, through scikit-activeml.

    Formula: with n and p the kernel-weighted counts of the two classes' labels around x, ``u(x) = min(pi_0,
    pi_1)``, ``pi_1 = sup_t min(t^p (1 - t)^n / ((p/(n+p))^p (n/(n+p))^n), 2t - 1)`` and pi_0 likewise with 1 - 2t
    (`EpistemicUncertaintySampling`).

    Complexity: O(n_candidates * n_pool * n_features) time for the counts and two scalar minimisations a candidate;
    O(n_candidates * n_pool) memory.

    Source: Nguyen, Destercke & Huellermeier, "Epistemic uncertainty sampling", Discovery Science 2019;
    scikit-activeml: Kottke et al., 2021.

    Needs: two classes, dense features, and a pool of at most 8,000 rows. The query learner is not used: the formula
    is for the library's Parzen-window classifier (Gaussian kernel with gamma = 1/n_features).

    Deviation from the paper: none known for this classifier. Exact ties are broken at random (seeded), not by tie
    ranks. The library's variant for logistic regression is left out: it takes labels 0 and 1 where its likelihood
    needs -1 and +1.
    """

    name: ClassVar[str] = "epistemic_uncertainty@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"binary", "dense"})
    metric_space: ClassVar[bool] = True
    max_pool: ClassVar[int | None] = 8_000
    geometric: ClassVar[bool] = True

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`EpistemicUncertaintySampling`."""
        from skactiveml.pool import EpistemicUncertaintySampling

        return EpistemicUncertaintySampling(random_state=seed)

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The Parzen-window classifier, which the library fits."""
        from skactiveml.classifier import ParzenWindowClassifier

        return {"clf": ParzenWindowClassifier(classes=[0, 1], random_state=seed_of(rng)), "fit_clf": True}
