"""k-means on embeddings, as small-text does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.strategies._small_text import SmallTextStrategy
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["EmbeddingKMeansSmallText"]


@dataclass(frozen=True)
class EmbeddingKMeansSmallText(Spatial, SmallTextStrategy):
    """The rows most similar to the centres of clusters of the candidates, through small-text.

    Formula: k-means with ``k = batch_size`` on the candidates' features; of each centre the row with the highest
    cosine similarity, for rows that several centres would choose the next one that is not chosen
    (`EmbeddingKMeans`).

    Complexity: O(n_candidates * n_features * batch_size) time for an iteration of k-means; O(n_pool * n_features +
    n_candidates * batch_size) memory.

    Source: Yuan, Lin & Boyd-Graber, EMNLP 2020, without their surprisal embedding; small-text: Schroeder et al.,
    EACL 2023.

    Needs: dense features.

    Deviation from `embedding_kmeans`: rows are scaled to norm 1 (`normalize`), and the nearest row is the one with
    the highest scalar product. k-means starts from the global generator, which is seeded and restored. Exact ties
    go by position.

    Parameters
    ----------
    normalize : bool
        Whether rows are scaled to norm 1 first.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "embedding_kmeans@small_text"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})

    normalize: bool = True

    def library(self, state: QueryState, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """`EmbeddingKMeans`."""
        from small_text.query_strategies import EmbeddingKMeans

        return EmbeddingKMeans(normalize=self.normalize)
