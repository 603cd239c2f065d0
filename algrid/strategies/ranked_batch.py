"""Ranked batch-mode sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._geometry import geometry
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState, top_k

__all__ = ["RankedBatch"]


@dataclass(frozen=True)
class RankedBatch(Spatial):
    """Uncertain rows that are unlike what is labelled or chosen already.

    Formula: rows are chosen one after another by the highest ``a (1 - s(x)) + (1 - a) u(x)``, with
    ``u(x) = 1 - max_c P(c | x)``, ``s(x) = 1 / (1 + min_l |x - l|)`` over the rows l that are labelled or chosen
    already (Euclidean), and ``a = n_candidates / (n_candidates + n_labeled)``, counted anew after each
    choice: few labels explore, many exploit.

    Complexity: O(n_pool * n_features * (n_labeled + batch_size)) time, in blocks; O(n_pool) memory beside
    the shared geometry.

    Source: Cardoso, Silva, Canuto, Moro & Goncalves, "Ranked batch-mode active learning", Information
    Sciences 379, 2017.

    Needs: ``predict_proba``. Sparse features are used as they are.

    Parameters
    ----------
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "ranked_batch"
    source: ClassVar[str] = "Cardoso et al., Information Sciences 379, 2017"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of choice."""
        state = self.seen(state)
        space, rows = geometry(state), state.unlabeled
        uncertainty = 1.0 - state.model.predict_proba()[rows].max(axis=1)
        nearest = space.nearest_squared(state.labeled)[rows]
        known = len(state.labeled)
        total = known + len(rows)
        free = np.ones(len(rows), dtype=np.bool_)
        batch = np.empty(state.batch_size, dtype=np.intp)
        for position in range(state.batch_size):
            explore = (total - known - position) / total
            scores = explore * (1 - 1 / (1 + np.sqrt(nearest))) + (1 - explore) * uncertainty
            scores[~free] = -np.inf
            chosen = top_k(scores, state.ties[rows], 1)
            free[chosen] = False
            batch[position] = rows[chosen[0]]
            np.minimum(nearest, space.squared(rows[chosen])[rows, 0], out=nearest)
        return batch
