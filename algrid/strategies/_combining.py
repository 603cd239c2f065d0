"""Strategies that ask other strategies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from algrid.learners.base import Learner
from algrid.strategies.base import QueryState, Strategy

__all__ = ["Combinator", "inner_state"]


@dataclass(frozen=True)
class Combinator(Strategy):
    """Base of strategies that ask others, which are named by parameters and built at their defaults.

    What the others need is what an instance needs; a true-label oracle stays one inside a combinator. The others'
    versions are part of the identity.

    Raises
    ------
    PluginError
        For a name that is no strategy's.
    """

    def inner_names(self) -> tuple[str, ...]:
        """Names of the strategies that are asked."""
        raise NotImplementedError

    def __post_init__(self) -> None:
        needs: Iterable[frozenset[str]] = (strategy.needs for strategy in self.inner)
        object.__setattr__(self, "needs", frozenset().union(*needs))

    @cached_property
    def inner(self) -> tuple[Strategy, ...]:
        """The strategies that are asked."""
        from algrid.strategies import STRATEGIES  # which scans this package

        return tuple(STRATEGIES.build(name) for name in self.inner_names())

    def identity(self) -> dict[str, Any]:
        """As of every plugin, with the identities of the strategies that are asked."""
        return {**super().identity(), "inner": [strategy.identity() for strategy in self.inner]}

    def fits_per_query(self, batch_size: int) -> int:
        """Those of the strategies that are asked."""
        return sum(strategy.fits_per_query(batch_size) for strategy in self.inner)

    def unsupported(
        self, query_learner: Learner, n_classes: int, sparse: bool, n_pool: int | None = None
    ) -> str | None:
        """Why one of the strategies that are asked can't run."""
        for strategy in self.inner:
            if (reason := strategy.unsupported(query_learner, n_classes, sparse, n_pool)) is not None:
                return f"{self.name}: {reason}"
        return None


def inner_state(state: QueryState, strategy: Strategy, place: int = 0, **changes: Any) -> QueryState:
    """The state that a strategy inside a combinator sees.

    Parameters
    ----------
    state : QueryState
        What the combinator sees.
    strategy : Strategy
        Who will be asked; true labels are kept for a declared oracle only.
    place : int
        Number of its stream of randomness, which is independent of the combinator's own and of other places'.
    **changes
        Fields of the state that differ.
    """
    truth = state.true_labels if "true_labels" in strategy.needs else None
    # a generator is made anew for each call, so that its children are the same ones every time
    return replace(state, true_labels=truth, _rng=lambda: state.rng().spawn(place + 1)[place], **changes)
