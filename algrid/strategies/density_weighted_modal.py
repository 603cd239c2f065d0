"""Information density, as modAL does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from algrid.strategies._modal import FittedEstimator, ask
from algrid.strategies.base import QueryState, Strategy

__all__ = ["DensityWeightedModal"]


@dataclass(frozen=True)
class DensityWeightedModal(Strategy):
    """Uncertain rows that are near to many other candidates, through modAL.

    Formula: ``u(x) = H(P(. | x)) * 1/n sum_u 1 / (1 + d(x, u))`` over the n candidates u, x among them
    (`modAL.density.information_density`, multiplied with `modAL.uncertainty.classifier_entropy`, as its
    documentation proposes).

    Complexity: O(n_candidates^2 * n_features) time, O(n_candidates^2) memory, four matrices at a time: pools of
    at most 7,000 rows.

    Source: Settles & Craven, EMNLP 2008; modAL: Danka & Horvath, arXiv 1805.00979.

    Needs: ``predict_proba``. Sparse features are used as they are.

    Deviation from `density_weighted`: the similarity is ``1 / (1 + d)`` of a distance, not the cosine, and has no
    exponent. Exact ties go by the position that `numpy.argpartition` happens to leave them at, not by tie
    ranks, and a batch comes in no particular order.

    Parameters
    ----------
    metric : "euclidean" or "cosine"
        The distance.
    """

    name: ClassVar[str] = "density_weighted@modal"
    source: ClassVar[str] = "modAL-python: Danka & Horvath, arXiv 1805.00979"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})
    metric_space: ClassVar[bool] = True
    max_pool: ClassVar[int | None] = 7_000

    metric: Literal["euclidean", "cosine"] = "euclidean"

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in modAL's order."""
        from modAL.density import information_density
        from modAL.models import ActiveLearner
        from modAL.uncertainty import classifier_entropy
        from modAL.utils.selection import multi_argmax

        density = information_density(state.X[state.unlabeled], self.metric)

        def sampling(classifier: Any, indices: NDArray[np.intp], n_instances: int = 1) -> Any:
            return multi_argmax(classifier_entropy(classifier, indices) * density, n_instances)

        return ask(state, ActiveLearner(estimator=FittedEstimator(state), query_strategy=sampling))
