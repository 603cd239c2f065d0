"""Lightweight core-set sampling, as small-text does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.strategies._small_text import SmallTextStrategy
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["LightweightCoresetSmallText"]


@dataclass(frozen=True)
class LightweightCoresetSmallText(Spatial, SmallTextStrategy):
    """Rows drawn half uniformly, half by squared angle to the mean, through small-text.

    Formula: ``p(x) = 1/2 * 1/n + 1/2 * d(x)^2 / sum d^2``, d the angle between x and the candidates' mean in parts
    of pi; drawn without replacement (`LightweightCoreset`).

    Complexity: O(n_candidates * n_features) time and O(n_pool * n_features) memory.

    Source: Bachem, Lucic & Krause, KDD 2018; small-text: Schroeder et al., EACL 2023.

    Needs: dense features.

    Deviation from `lightweight_coreset`: the angle instead of the Euclidean distance. Where rounding makes a cosine
    exceed 1, or all angles are 0, small-text's probabilities are NaN and it fails: the rows are then drawn
    uniformly.

    Parameters
    ----------
    normalize : bool
        Whether rows are scaled to norm 1 first.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "lightweight_coreset@small_text"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})

    normalize: bool = True

    def library(self, state: QueryState, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """`LightweightCoreset`."""
        from small_text.query_strategies import LightweightCoreset

        return LightweightCoreset(normalize=self.normalize)

    def ask(self, strategy: Any, state: QueryState) -> Any:
        """As the base does, or a uniform draw where small-text's probabilities are NaN."""
        try:
            return super().ask(strategy, state)
        except ValueError as error:
            if "NaN" not in str(error):
                raise
            return state.rng().choice(state.unlabeled, state.batch_size, replace=False)
