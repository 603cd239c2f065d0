"""BADGE, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.strategies._skactiveml import SkactivemlStrategy, predicted
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["BadgeSkactiveml"]


@dataclass(frozen=True)
class BadgeSkactiveml(Spatial, SkactivemlStrategy):
    """Rows with large and diverse gradients of the loss, drawn as k-means++ draws centres, through scikit-activeml.

    Formula: the gradient embedding of x is the outer product of ``P(. | x) - e_c``, c the predicted class, and the
    features; the first row is the one with the largest norm, each next one is drawn with probability proportional
    to the squared distance to the nearest chosen one (`Badge`).

    Complexity: O(batch_size * n_candidates * n_features * n_classes) time; O(n_candidates * n_features * n_classes
    + n_pool * batch_size) memory.

    Source: Ash, Zhang, Krishnamurthy, Langford & Agarwal, "Deep batch active learning by diverse, uncertain
    gradient lower bounds", ICLR 2020; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba`` and dense features.

    Deviation from `badge`: the origin counts as chosen too, so that sure rows, whose gradient is 0, are drawn last; the
    embeddings themselves are made, so that distances are rounded otherwise; other draws. A row that rounding lets
    be drawn a second time is replaced by tie rank.

    Parameters
    ----------
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "badge@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense", "predict_proba"})

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`Badge`."""
        from skactiveml.pool import Badge

        return Badge(clf_embedding_flag_name="return_embeddings", random_state=seed)

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The query learner, fitted, with the features as its embedding."""
        return {"clf": predicted(state, embedding=state.X), "fit_clf": False}
