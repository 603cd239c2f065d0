"""Informative and diverse: margin sampling with the pool's share of each cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._clusters import kmeans
from algrid.strategies._measures import top_two_gap
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState, top_k

__all__ = ["InformativeDiverse"]


@dataclass(frozen=True)
class InformativeDiverse(Spatial):
    """The smallest margins, but no more of a cluster than its share of the pool.

    Formula: the pool is clustered once by k-means with ``k = n_classes``. Candidates are gone through by
    rising margin ``P(c1 | x) - P(c2 | x)``; one is taken while its cluster's share of the batch is below the
    cluster's share of the pool. What is then missing is filled in the same order.

    Complexity: O(n_pool * n_features * n_classes) time for an iteration of k-means, once per cell; then
    O(n_candidates * (n_classes + log n_candidates)) time a query; O(n_pool * n_classes) memory.

    Source: the informative and diverse sampler of google/active-learning (2017); margin: Scheffer,
    Decomain & Wrobel, IDA 2001.

    Needs: ``predict_proba``. Sparse features are used as they are.

    Parameters
    ----------
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "informative_diverse"
    source: ClassVar[str] = "google/active-learning, 2017"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices: those within the shares, then the filling, each by rising margin."""
        state = self.seen(state)
        rows = state.unlabeled
        # the learner's seed is the cell's: the clusters must not depend on how many labels there are
        clusters = state.shared(
            ("k-means of the pool", state.n_classes), lambda: kmeans(state.X, state.n_classes, state.learner_seed)[0]
        )
        order = rows[top_k(-top_two_gap(state.model.predict_proba()[rows]), state.ties[rows], len(rows))]
        # one is taken while count / batch_size < size / n_pool: the quota is rounded up, in whole numbers
        quotas = -(-np.bincount(clusters) * state.batch_size // len(clusters))
        within = _place_in_group(clusters[order]) < quotas[clusters[order]]
        return np.concatenate([order[within], order[~within]])[: state.batch_size]


def _place_in_group(groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """(n,) how many earlier entries have the same value."""
    by_group = np.argsort(groups, kind="stable")
    ordered = groups[by_group]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    places = np.empty(len(groups), dtype=np.intp)
    places[by_group] = np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))
    return places
