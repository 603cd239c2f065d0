"""MaxHerding, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from algrid.strategies._skactiveml import SkactivemlStrategy
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["MaxHerdingSkactiveml"]


@dataclass(frozen=True)
class MaxHerdingSkactiveml(Spatial, SkactivemlStrategy):
    """Rows that raise the generalized coverage of the candidates most, through scikit-activeml.

    Formula: with ``k(a, b) = exp(-|a - b|^2 / n_features)``, greedily ``argmax_x mean_c max(k(c, x) - max_s k(c,
    s), 0)`` over the candidates c and the labelled and chosen rows s; rows are first scaled to norm 1
    (`MaxHerding`).

    Complexity: O(n_candidates^2 * (n_features + batch_size)) time; O(n_candidates^2) memory (three such matrices).

    Source: Bae, Noh & Sutherland, "Generalized coverage for more robust low-budget active learning", ECCV 2024;
    scikit-activeml: Kottke et al., 2021.

    Needs: dense features, and a pool of at most 8,000 rows.

    Deviation from the paper: the prepared features instead of a self-supervised embedding; coverage is averaged
    over the candidates, not over the whole pool. Exact ties are broken at random (seeded), not by tie ranks.

    Parameters
    ----------
    normalize : bool
        Whether rows are scaled to norm 1 first.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "max_herding@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})
    max_pool: ClassVar[int | None] = 8_000
    geometric: ClassVar[bool] = True

    normalize: bool = True

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`MaxHerding`."""
        from skactiveml.pool import MaxHerding

        return MaxHerding(normalize_samples=self.normalize, random_state=seed)
