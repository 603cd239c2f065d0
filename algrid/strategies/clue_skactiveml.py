"""CLUE, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from algrid.strategies._skactiveml import SkactivemlStrategy, predicted
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["ClueSkactiveml"]


@dataclass(frozen=True)
class ClueSkactiveml(Spatial, SkactivemlStrategy):
    """Rows nearest to centres of the candidates, clustered with uncertainty as weight, through scikit-activeml.

    Formula: k-means with ``k = batch_size`` on the candidates, each weighted with its uncertainty (entropy, or 1 -
    margin, or least confidence); of each centre the nearest row that is not chosen yet (`Clue`).

    Complexity: O(n_candidates * n_features * batch_size) time for an iteration of k-means; O(n_candidates *
    n_features + n_pool * batch_size) memory.

    Source: Prabhu, Chandrasekaran, Saenko & Hoffman, "Active domain adaptation via clustering uncertainty-weighted
    embeddings", ICCV 2021; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba`` and dense features.

    Deviation from the paper: the prepared features instead of a network's embedding, and no temperature. Exact ties
    are broken at random (seeded), not by tie ranks.

    Parameters
    ----------
    uncertainty : "entropy", "margin" or "least_confident"
        The weight of a candidate.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "clue@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense", "predict_proba"})

    uncertainty: Literal["entropy", "margin", "least_confident"] = "entropy"

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`Clue`."""
        from skactiveml.pool import Clue

        return Clue(
            predict_dict={"return_embeddings": True},
            method={"margin": "margin_sampling"}.get(self.uncertainty, self.uncertainty),
            cluster_algo_dict={"random_state": seed},
            random_state=seed,
        )

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The query learner, fitted, with the features as its embedding."""
        return {"estimator": predicted(state, embedding=state.X), "fit_estimator": False}
