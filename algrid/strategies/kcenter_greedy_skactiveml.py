"""Core-set selection by greedy k-center, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from algrid.strategies._skactiveml import SkactivemlStrategy
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["KCenterGreedySkactiveml"]


@dataclass(frozen=True)
class KCenterGreedySkactiveml(Spatial, SkactivemlStrategy):
    """The row farthest from all labelled rows, then the next farthest from those and it, through scikit-activeml.

    Formula: ``argmax_x min_{c in labelled and chosen} |x - c|``, Euclidean, repeated for each row of the batch
    (`CoreSet`).

    Complexity: O(n_pool * n_features * (n_labeled + batch_size)) time; O(n_pool * (n_features + batch_size))
    memory, in blocks, no n x n matrix.

    Source: Sener & Savarese, ICLR 2018; scikit-activeml: Kottke et al., 2021.

    Needs: dense features.

    Deviation from `kcenter_greedy`: distances are computed without centring the features and without cutting
    rounding noise to 0, so that rows that are nearly or exactly equidistant may come in another order. Exact ties
    are broken at random (seeded), not by tie ranks.

    Parameters
    ----------
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "kcenter_greedy@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})
    geometric: ClassVar[bool] = True

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`CoreSet`."""
        from skactiveml.pool import CoreSet

        return CoreSet(random_state=seed)
