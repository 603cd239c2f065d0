"""Clustering the candidates and asking for the centres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._clusters import kmeans, one_per_cluster
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["EmbeddingKMeans"]


@dataclass(frozen=True)
class EmbeddingKMeans(Spatial):
    """The candidates nearest to the centres of as many clusters as the batch is large.

    Formula: k-means on the candidates with ``k = batch_size``; of each cluster the row nearest to its
    centre. Where duplicates leave fewer clusters, the rows next nearest to their centres fill the batch.

    Complexity: O(n_candidates * n_features * batch_size) time for an iteration of k-means; O(n_candidates *
    (n_features + batch_size)) memory.

    Source: Yuan, Lin & Boyd-Graber, "Cold-start active learning through self-supervised language
    modeling", EMNLP 2020 (its clustering of embeddings, here of the input features); Xu et al., ECIR 2003.

    Needs: nothing of the learner. Sparse features are used as they are.

    Parameters
    ----------
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "embedding_kmeans"
    source: ClassVar[str] = "Yuan, Lin & Boyd-Graber, EMNLP 2020"

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices, those nearest to their centre first."""
        state = self.seen(state)
        rows = state.unlabeled
        seed = int(state.rng().integers(2**31 - 1))
        labels, distances = kmeans(state.X[rows], state.batch_size, seed)
        return rows[one_per_cluster(labels, distances, state.ties[rows], state.batch_size)]
