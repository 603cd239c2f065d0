"""Ranked batch-mode sampling, as modAL does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._modal import FittedEstimator
from algrid.strategies.base import QueryState, Strategy

__all__ = ["RankedBatchModal"]


@dataclass(frozen=True)
class RankedBatchModal(Strategy):
    """Uncertain rows that are unlike what is labelled or chosen already, through modAL.

    Formula: rows are chosen one after another by the highest ``a (1 - s(x)) + (1 - a) u(x)``, with
    ``u(x) = 1 - max_c P(c | x)``, ``s(x) = 1 / (1 + min_l |x - l|)`` over the rows l that are labelled or chosen
    already, and ``a = n_candidates / (n_candidates + n_labeled)``, counted anew after each choice
    (`modAL.batch.uncertainty_batch_sampling`).

    Complexity: O(batch_size * n_candidates * (n_labeled + batch_size) * n_features) time: all distances are
    computed again for each row of the batch. O(n_candidates * n_features) memory.

    Source: Cardoso, Silva, Canuto, Moro & Goncalves, Information Sciences 379, 2017; modAL: Danka & Horvath,
    arXiv 1805.00979.

    Needs: ``predict_proba``. Sparse features are used as they are.

    Deviation from `ranked_batch`: equal scores go by pool index, not by tie ranks; distances come from
    scikit-learn and differ in the last bits.
    """

    name: ClassVar[str] = "ranked_batch@modal"
    source: ClassVar[str] = "modAL-python: Danka & Horvath, arXiv 1805.00979"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})
    metric_space: ClassVar[bool] = True

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order of choice."""
        from modAL.batch import uncertainty_batch_sampling
        from modAL.models import ActiveLearner

        learner = ActiveLearner(
            estimator=_OfCandidates(state),
            query_strategy=uncertainty_batch_sampling,
            X_training=state.X[state.labeled],
            y_training=state.y_labeled,
        )
        positions, _ = learner.query(state.X[state.unlabeled], n_instances=state.batch_size)
        return state.unlabeled[np.asarray(positions, dtype=np.intp)]


class _OfCandidates(FittedEstimator):
    """Here modAL needs the features for its distances: it asks about exactly the candidates, in their order."""

    def __init__(self, state: QueryState) -> None:
        super().__init__(state)
        self._candidates = state.unlabeled[:, None]

    def predict_proba(self, features: Any) -> NDArray[np.float64]:  # noqa: ARG002
        """(n_candidates, n_classes) probabilities."""
        return super().predict_proba(self._candidates)
