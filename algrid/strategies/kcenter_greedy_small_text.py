"""Core-set selection by greedy k-center, as small-text does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.strategies._small_text import SmallTextStrategy
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["KCenterGreedySmallText"]


@dataclass(frozen=True)
class KCenterGreedySmallText(Spatial, SmallTextStrategy):
    """The row farthest from all labelled rows, then the next farthest from those and it, through small-text.

    Formula: ``argmax_x min_{c in labelled and chosen} |x - c|``, Euclidean, repeated for each row of the batch
    (`GreedyCoreset`).

    Complexity: O(n_candidates * n_features * batch_size * (n_labeled + batch_size)) time: distances to all centres
    are computed again for each row; O(n_pool * n_features + n_labeled + batch_size) memory, in blocks of 100 rows.

    Source: Sener & Savarese, ICLR 2018; small-text: Schroeder et al., EACL 2023.

    Needs: dense features.

    Deviation from `kcenter_greedy`: rows are scaled to norm 1 (`normalize`), and rounding noise is not cut to 0.
    Exact ties go by position. `greedy_coreset` keeps what it chose as positions among the candidates and uses them
    as row numbers: right only where candidates come first and in order, as its class, which is used here, arranges
    them.

    Parameters
    ----------
    normalize : bool
        Whether rows are scaled to norm 1 first.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "kcenter_greedy@small_text"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})

    normalize: bool = True

    def library(self, state: QueryState, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """`GreedyCoreset`."""
        from small_text.query_strategies import GreedyCoreset

        return GreedyCoreset(distance_metric="euclidean", normalize=self.normalize)
