"""TypiClust, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from algrid.strategies._skactiveml import SkactivemlStrategy
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["TypiClustSkactiveml"]


@dataclass(frozen=True)
class TypiClustSkactiveml(Spatial, SkactivemlStrategy):
    """The most typical rows of the largest clusters without a label, through scikit-activeml.

    Formula: k-means on the pool with ``k = n_labeled + batch_size``; of the largest cluster that holds no labelled
    or chosen row, the candidate with the highest ``(1/m sum of the distances to its m nearest rows of the
    cluster)^-1``, m = min(neighbors, cluster size - 1) (`TypiClust`).

    Complexity: O(n_pool * n_features * k) time for an iteration of k-means; then the neighbours within `batch_size`
    clusters; O(n_pool * (n_features + k + batch_size)) memory.

    Source: Hacohen, Dekel & Weinshall, ICML 2022; scikit-activeml: Kottke et al., 2021.

    Needs: dense features.

    Deviation from `typiclust`: 5 neighbours instead of 20, small clusters are used like others, k is not capped,
    labelled rows count as neighbours, and ties are broken at random (seeded). Where fewer clusters than rows to
    choose are without a label the library breaks off or chooses a row twice; what is lacking is then filled up by
    tie rank.

    Parameters
    ----------
    neighbors : int
        Nearest neighbours that typicality is measured with, at most.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "typiclust@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})
    geometric: ClassVar[bool] = True

    neighbors: Annotated[int, Field(ge=1)] = 5

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`TypiClust`."""
        from skactiveml.pool import TypiClust

        return TypiClust(k=self.neighbors, random_state=seed)

    def ask(self, strategy: Any, state: QueryState, rng: np.random.Generator) -> Any:
        """As the base does, or no rows where each cluster has a label: there the library reads an unset variable."""
        try:
            return super().ask(strategy, state, rng)
        except UnboundLocalError:
            return []
