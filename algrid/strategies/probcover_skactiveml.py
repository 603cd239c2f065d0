"""ProbCover, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from algrid.strategies._skactiveml import SkactivemlStrategy
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["ProbCoverSkactiveml"]


@dataclass(frozen=True)
class ProbCoverSkactiveml(Spatial, SkactivemlStrategy):
    """Rows whose balls cover the most rows that no labelled row covers, through scikit-activeml.

    Formula: greedily, the candidate with the most uncovered rows within distance delta, after the rows within delta
    of labelled and chosen rows were removed. delta is the largest of `deltas` up to which at least the share
    `alpha` of all balls is pure, that is within one cluster of k-means with n_classes clusters; the smallest where
    none is (`ProbCover`).

    Complexity: O(n_pool^2 * (n_features + batch_size + number of deltas)) time; O(n_pool^2) memory: some 12 bytes a
    pair.

    Source: Yehuda, Dekel, Hacohen & Weinshall, "Active learning through a covering lens", NeurIPS 2022;
    scikit-activeml: Kottke et al., 2021.

    Needs: dense features, and a pool of at most 8,000 rows.

    Deviation from `probcover`: delta is chosen among `deltas`, which are made for embeddings of norm 1: give others
    for features of another scale. Exact ties are broken at random (seeded), not by tie ranks. Distances and
    clusters are computed again for each query.

    Parameters
    ----------
    alpha : float
        Share of balls that must be pure, between 0 and 1.
    deltas : tuple of float
        Radii to choose from; the default is the library's.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "probcover@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})
    max_pool: ClassVar[int | None] = 8_000
    geometric: ClassVar[bool] = True

    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.95
    deltas: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] = (
        0.2,
        0.4,
        0.6,
        0.8,
        1.0,
        1.2,
        1.4,
        1.6,
        1.8,
        2.0,
    )

    def library(self, state: QueryState, seed: int) -> Any:
        """`ProbCover`."""
        from skactiveml.pool import ProbCover

        return ProbCover(
            n_classes=max(state.n_classes, 2), deltas=list(self.deltas), alpha=self.alpha, random_state=seed
        )
