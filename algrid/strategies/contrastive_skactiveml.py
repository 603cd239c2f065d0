"""Contrastive active learning (CAL), as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from algrid.strategies._skactiveml import SkactivemlStrategy, predicted
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["ContrastiveSkactiveml"]


@dataclass(frozen=True)
class ContrastiveSkactiveml(Spatial, SkactivemlStrategy):
    """Rows whose labelled neighbours get predictions unlike their own, through scikit-activeml.

    Formula: ``u(x) = 1/k sum_l KL(P(. | l) || P(. | x))`` over the k labelled rows l nearest to x (Euclidean; all
    labelled rows while there are fewer than k) (`ContrastiveAL`).

    Complexity: O(n_candidates * n_labeled * n_features + n_candidates * k * n_classes) time; O(n_candidates * (k *
    n_classes + n_features) + n_pool * batch_size) memory.

    Source: Margatina, Vernikos, Barrault & Aletras, EMNLP 2021; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba`` and dense features.

    Deviation from `contrastive`: 5 neighbours instead of 10; probabilities are raised to at least 1e-7 and scaled
    to a sum of 1 again; neighbours at equal distances may be others. Exact ties are broken at random (seeded), not
    by tie ranks.

    Parameters
    ----------
    neighbors : int
        How many labelled rows a candidate is compared with.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "contrastive@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense", "predict_proba"})

    neighbors: Annotated[int, Field(ge=1)] = 5

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`ContrastiveAL`."""
        from skactiveml.pool import ContrastiveAL

        return ContrastiveAL(
            nearest_neighbors_dict={"n_neighbors": self.neighbors},
            clf_embedding_flag_name="return_embeddings",
            random_state=seed,
        )

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The query learner, fitted, with the features as its embedding."""
        return {"clf": predicted(state, embedding=state.X), "fit_clf": False}
