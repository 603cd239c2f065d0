"""Where a strategy measures distances: in the features, or in what the query learner makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from algrid.strategies.base import QueryState, Strategy

__all__ = ["Spatial"]


@dataclass(frozen=True)
class Spatial(Strategy):
    """Base of strategies that measure distances or products of rows, and of nothing else that has features.

    The features are those of the grid's preprocessing: columns of a table, TF-IDF, frozen embeddings of a text. The
    learner's space is its own embedding of the pool after its last fit (`embed`: the last hidden layer of a network),
    dense whatever the features are, another one after every fit.

    Parameters
    ----------
    space : {"features", "learner"}
        Where distances are measured.
    """

    legacy: ClassVar[Mapping[str, object]] = {"space": "features"}
    metric_space: ClassVar[bool] = True

    space: Literal["features", "learner"] = field(default="features", kw_only=True)

    def __post_init__(self) -> None:
        if self.space == "learner":
            object.__setattr__(self, "needs", self.needs - {"dense"} | {"embed"})
            object.__setattr__(self, "metric_space", False)

    def seen(self, state: QueryState) -> QueryState:
        """The state with the learner's embedding in place of the features, if that is the space."""
        if self.space == "features":
            return state
        # what is shared within the cell is about the features
        return replace(state, X=state.model.embed(), _shared={})
