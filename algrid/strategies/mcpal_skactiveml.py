"""Multi-class probabilistic active learning (McPAL), as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from algrid.strategies._skactiveml import SkactivemlStrategy, labels, predicted
from algrid.strategies.base import QueryState

__all__ = ["McpalSkactiveml"]


@dataclass(frozen=True)
class McpalSkactiveml(SkactivemlStrategy):
    """Rows whose next labels are expected to raise local accuracy most, through scikit-activeml.

    Formula: with k = n(x) P(. | x), n(x) the kernel-weighted count of labels around x, the expected gain in
    accuracy at x per label, over up to `max_labels` labels that are drawn from a Dirichlet distribution with
    parameter k + prior (`ProbabilisticAL`).

    Complexity: O(n_candidates * n_pool * n_features) time for the counts and O(n_candidates * n_classes^(max_labels
    + 1)) for the gains in Python loops; O(n_candidates * (n_pool + n_classes^(max_labels + 2))) memory.

    Source: Kottke, Krempl, Lang, Teschner & Spiliopoulou, "Multi-class probabilistic active learning", ECAI 2016;
    scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba``, dense features, and a pool of at most 8,000 rows.

    Deviation from the paper: counts come from the library's Parzen-window classifier (Gaussian kernel, bandwidth by
    the mean criterion of Chaudhuri et al. 2017) whatever the query learner is, as the library does for classifiers
    without counts; gains are not weighted with density. Exact ties are broken at random (seeded), not by tie ranks.

    Parameters
    ----------
    prior : float
        Added to each count.
    max_labels : int
        How many labels at x are looked ahead.
    """

    name: ClassVar[str] = "mcpal@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense", "predict_proba"})
    metric_space: ClassVar[bool] = True
    max_pool: ClassVar[int | None] = 8_000

    prior: Annotated[float, Field(gt=0)] = 1.0
    max_labels: Annotated[int, Field(ge=1)] = 1

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`ProbabilisticAL`."""
        from skactiveml.pool import ProbabilisticAL

        return ProbabilisticAL(prior=self.prior, m_max=self.max_labels, random_state=seed)

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The query learner, fitted, with the library's counts of labels around each row."""
        from skactiveml.classifier import ParzenWindowClassifier

        window = ParzenWindowClassifier(classes=list(range(state.n_classes)), metric_dict={"gamma": "mean"})
        window.fit(state.X, labels(state))
        proba = state.model.predict_proba()
        counts = np.zeros_like(proba)
        counts[state.unlabeled] = window.predict_freq(state.X[state.unlabeled]).sum(axis=1, keepdims=True)
        return {"clf": predicted(state, frequencies=counts * proba), "fit_clf": False}
