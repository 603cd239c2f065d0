"""DropQuery, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from algrid.strategies._skactiveml import SkactivemlStrategy
from algrid.strategies.base import QueryState

__all__ = ["DropQuerySkactiveml"]


@dataclass(frozen=True)
class DropQuerySkactiveml(SkactivemlStrategy):
    """One row of each cluster of those whose prediction changes when features are dropped, through scikit-activeml.

    Formula: of the candidates whose predicted class changes in more than half of `samples` predictions with each
    feature set to 0 with probability `dropout` (at least as many as the batch, by that share), k-means with ``k =
    batch_size``; of each centre the nearest row that is not chosen yet (`DropQuery`).

    Complexity: `samples` + 1 predictions of the candidates; O(n_candidates * n_features * batch_size) time for an
    iteration of k-means; O(n_candidates * n_features + n_pool * batch_size) memory.

    Source: Gupte, Aklilu, Nirschl & Yeung-Levy, "Revisiting active learning in the era of vision foundation
    models", TMLR 2024; scikit-activeml: Kottke et al., 2021.

    Needs: dense features.

    Deviation from the paper: the prepared features instead of a foundation model's embedding; the features that are
    kept are not scaled up. Exact ties are broken at random (seeded), not by tie ranks.

    Parameters
    ----------
    dropout : float
        Probability that a feature is dropped, between 0 and 1.
    samples : int
        Predictions with features dropped; at least 3.
    """

    name: ClassVar[str] = "dropquery@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})
    metric_space: ClassVar[bool] = True
    geometric: ClassVar[bool] = True

    dropout: Annotated[float, Field(gt=0, lt=1)] = 0.75
    samples: Annotated[int, Field(ge=3)] = 5

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`DropQuery`."""
        from skactiveml.pool import DropQuery

        return DropQuery(
            dropout_rate=self.dropout,
            n_dropout_samples=self.samples,
            cluster_algo_dict={"random_state": seed},
            random_state=seed,
        )

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The query learner, fitted."""
        from algrid.strategies._skactiveml_classifiers import OnFeatures

        return {"clf": OnFeatures(state.n_classes, state.model.fitted), "fit_clf": False}
