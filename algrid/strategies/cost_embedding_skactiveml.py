"""Active learning with cost embedding (ALCE), as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from algrid.strategies._skactiveml import SkactivemlStrategy
from algrid.strategies.base import QueryState

__all__ = ["CostEmbeddingSkactiveml"]


@dataclass(frozen=True)
class CostEmbeddingSkactiveml(SkactivemlStrategy):
    """Rows whose predicted place in an embedding of the costs is far from every class, through scikit-activeml.

    Formula: classes get points whose distances to the points of predictions are ordered like the costs (0 and 1
    here; non-metric multidimensional scaling); one support vector regression a dimension predicts the point of x,
    and ``u(x)`` is its distance to the nearest prediction's point (`CostEmbeddingAL`).

    Complexity: O(n_classes^3) time for an iteration of the scaling (8 starts of at most 300), n_classes regressions
    on the labelled rows and predictions of the candidates; O(n_pool * (n_features + batch_size) + n_classes^2)
    memory.

    Source: Huang & Lin, "A novel uncertainty sampling algorithm for cost-sensitive multiclass active learning",
    ICDM 2016; scikit-activeml: Kottke et al., 2021.

    Needs: dense features. The query learner is not used.

    Deviation from `cost_embedding`: the scaling starts from points drawn again for each query (seeded). Exact ties
    are broken at random (seeded), not by tie ranks.
    """

    name: ClassVar[str] = "cost_embedding@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})
    metric_space: ClassVar[bool] = True
    geometric: ClassVar[bool] = True

    def library(self, state: QueryState, seed: int) -> Any:
        """`CostEmbeddingAL`."""
        from skactiveml.pool import CostEmbeddingAL

        return CostEmbeddingAL(classes=list(range(state.n_classes)), random_state=seed)
