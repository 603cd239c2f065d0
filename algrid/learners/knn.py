"""Nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.learners.base import Learner

__all__ = ["NearestNeighbors"]


@dataclass(frozen=True)
class NearestNeighbors(Learner):
    """Vote of the nearest labelled rows; probabilities are the shares of the votes.

    Where fewer rows are labelled than neighbours are asked for, all of them vote. Of classes with equally many
    votes the one with the lowest code is predicted. Which of equally distant rows are among the neighbours is
    left to scikit-learn's search: it is deterministic, but neither the labels nor the row order decide it.

    Parameters
    ----------
    n_neighbors : int
        Neighbours that vote.
    weights : {"uniform", "distance"}
        Votes of weight 1, or of 1 / distance (rows at distance 0 then outvote all others).
    metric : {"euclidean", "manhattan", "cosine"}
        The distance.
    """

    name: ClassVar[str] = "knn"
    source: ClassVar[str] = "Fix & Hodges 1951; sklearn.neighbors.KNeighborsClassifier"
    cost: ClassVar[tuple[float, float, float]] = (4e-4, 1e-8, 3e-6)

    n_neighbors: Annotated[int, Field(ge=1)] = 5
    weights: Literal["uniform", "distance"] = "uniform"
    metric: Literal["euclidean", "manhattan", "cosine"] = "euclidean"

    def __post_init__(self) -> None:
        # votes of weight 1 are counted without rounding
        object.__setattr__(self, "predicts_argmax", self.weights == "uniform")

    def build(self, seed: int) -> Any:  # noqa: ARG002
        """`sklearn.neighbors.KNeighborsClassifier`, which draws nothing at random."""
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier(**self.parameters(), n_jobs=1)

    def train(self, X: Features, y: NDArray[np.intp], seed: int) -> Any:
        """A fitted classifier that asks for no more neighbours than there are."""
        return self.build(seed).set_params(n_neighbors=min(self.n_neighbors, len(y))).fit(X, y)
