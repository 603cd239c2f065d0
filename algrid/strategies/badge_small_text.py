"""BADGE, as small-text does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from unittest.mock import patch

import numpy as np

from algrid.strategies._small_text import SmallTextStrategy
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["BadgeSmallText"]


@dataclass(frozen=True)
class BadgeSmallText(Spatial, SmallTextStrategy):
    """k-means++ seeds of the features, scaled by the probabilities, through small-text.

    Formula: the embedding of x is ``-P(. | x) (outer) x``, for two classes x alone; the batch are the seeds of
    k-means++ (`BADGE`).

    Complexity: O(batch_size * n_candidates * n_features * n_classes * log batch_size) time; O(n_candidates *
    n_features * n_classes) memory.

    Source: Ash, Zhang, Krishnamurthy, Langford & Agarwal, ICLR 2020; small-text: Schroeder et al., EACL 2023.

    Needs: ``predict_proba`` and dense features.

    Deviation from `badge`: no 1 is taken off the probability of the predicted class (the line that is to do it
    changes nothing), so that sure rows have the largest embeddings; with two classes probabilities are not used at
    all; k-means++ is handed norms where it expects squared norms, starts at random instead of at the largest
    embedding and tries several draws. small-text draws from a new unseeded generator: within the call it draws
    from the global one, which is seeded and restored.

    Parameters
    ----------
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "badge@small_text"
    needs: ClassVar[frozenset[str]] = frozenset({"dense", "predict_proba"})

    def library(self, state: QueryState, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """`BADGE`, with rows of zeros behind fewer candidates than classes: it takes classes for row numbers there."""
        from small_text.integrations.pytorch.query_strategies.strategies import BADGE

        class Padded(BADGE):  # type: ignore[misc]
            def get_badge_embeddings(self, embeddings: Any, proba: Any) -> Any:
                padding = ((0, max(0, proba.shape[1] - len(proba))), (0, 0))
                return super().get_badge_embeddings(np.pad(embeddings, padding), np.pad(proba, padding))[: len(proba)]

        return Padded(state.n_classes)

    def ask(self, strategy: Any, state: QueryState) -> Any:
        """As the base does, with k-means++ drawing from the global generator (in the sandbox: seeded)."""
        from small_text.integrations.pytorch.query_strategies import strategies as module

        def from_global(*arguments: Any, random_state: Any, **options: Any) -> Any:  # noqa: ARG001
            return original(*arguments, random_state=None, **options)

        original = module.init_kmeans_plusplus_safe
        with patch.object(module, "init_kmeans_plusplus_safe", from_global):
            return super().ask(strategy, state)
