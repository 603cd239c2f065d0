"""Active learning by cost embedding (ALCE)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from algrid.sandbox import sandboxed
from algrid.strategies.base import QueryState, Strategy

__all__ = ["CostEmbedding"]


@dataclass(frozen=True)
class CostEmbedding(Strategy):
    """Rows that a regression into a space of classes puts farthest from every class.

    Formula: each class is embedded as a point z_c, so that distances between points are the square roots of
    costs; a regression g from the features to the point of the label is fitted on the labelled set; ``u(x) =
    min_c |g(x) - z_c|``. With unit costs (1 for a wrong class, 0 for the right one) the embedding that the paper
    gets by multidimensional scaling is known: its stress is 0 for the corners of a regular simplex, ``z_c = e_c /
    sqrt(2)``, and for no other points but their rotations and shifts. g has one regression for each
    class that is seen; other coordinates are 0.

    Complexity: n_seen fits of the regressor on the labelled set and predictions of the pool (``svr``:
    O(n_labeled^2 * n_features) to O(n_labeled^3) time each); O(n_pool * n_classes) memory.

    Source: Huang & Lin, "A novel uncertainty sampling algorithm for cost-sensitive multiclass active learning",
    ICDM 2016, with unit costs.

    Needs: nothing of the learner: the regression is its own. Sparse features are used as they are.

    Parameters
    ----------
    regressor : "svr" or "ridge"
        scikit-learn's support vector regression with a Gaussian kernel, as in the paper, or ridge regression, both
        at their defaults.
    """

    name: ClassVar[str] = "cost_embedding"
    source: ClassVar[str] = "Huang & Lin, ICDM 2016"
    metric_space: ClassVar[bool] = True

    regressor: Literal["svr", "ridge"] = "svr"

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) distances to the nearest class, in the unit in which two classes are 1 apart."""
        points = np.zeros((len(state.unlabeled), state.n_classes))
        X = state.X[state.labeled]
        for label in np.unique(state.y_labeled):
            target = np.where(state.y_labeled == label, np.sqrt(0.5), 0.0)
            with sandboxed(state.rng()):  # libsvm is seeded from numpy's global generator, and draws nothing here
                points[:, label] = self._model().fit(X, target).predict(state.X)[state.unlabeled]
        # |g - z_c|^2 = |g|^2 - sqrt(2) g_c + 1/2
        squares = np.einsum("ij,ij->i", points, points) - np.sqrt(2.0) * points.max(axis=1) + 0.5
        distances: NDArray[np.float64] = np.sqrt(np.maximum(squares, 0.0))
        return distances

    def _model(self) -> Any:
        from sklearn.linear_model import Ridge
        from sklearn.svm import SVR

        return SVR() if self.regressor == "svr" else Ridge()
