"""Contrastive active learning (CAL)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._geometry import geometry
from algrid.strategies._measures import entropies, logs
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["Contrastive"]


@dataclass(frozen=True)
class Contrastive(Spatial):
    """Rows whose labelled neighbours get predictions unlike their own.

    Formula: ``u(x) = 1/k sum_l KL(P(. | l) || P(. | x))`` over the k labelled rows l nearest to x (Euclidean;
    all labelled rows while there are fewer than k).

    Complexity: O(n_pool * n_labeled * n_features + n_pool * k * n_classes) time, in blocks; O(n_pool * (k +
    n_classes)) memory.

    Source: Margatina, Vernikos, Barrault & Aletras, "Active learning by acquiring contrastive examples",
    EMNLP 2021, on the input features instead of a transformer's embedding.

    Needs: ``predict_proba``. Sparse features are used as they are.

    Parameters
    ----------
    neighbors : int
        How many labelled rows a candidate is compared with.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "contrastive"
    source: ClassVar[str] = "Margatina, Vernikos, Barrault & Aletras, EMNLP 2021"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    neighbors: Annotated[int, Field(ge=1)] = 10

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) mean divergences, in nats; at least 0."""
        proba = state.model.predict_proba()
        near = geometry(state).k_nearest(state.labeled, self.neighbors)[state.unlabeled]
        # KL(p || q) = -H(p) - sum p log q, and its second part is linear in p
        mean_proba = np.zeros((len(state.unlabeled), proba.shape[1]))
        for column in near.T:
            mean_proba += proba[column]
        mean_proba /= near.shape[1]
        cross: NDArray[np.float64] = np.einsum("ij,ij->i", mean_proba, logs(proba[state.unlabeled]))
        own: NDArray[np.float64] = entropies(proba)[near].mean(axis=1)
        return np.maximum(-cross - own, 0.0)
