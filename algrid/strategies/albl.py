"""Active learning by learning: a portfolio of strategies, weighted by their rewards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._combining import Combinator, inner_state
from algrid.strategies._refits import PoolRefit
from algrid.strategies.base import QueryState

__all__ = ["ActiveLearningByLearning"]


@dataclass(frozen=True)
class ActiveLearningByLearning(Combinator):
    """A portfolio of strategies; those that would have helped most on the labelled rows are followed more often.

    Formula: in each of `rounds` rounds a random half of the labelled set counts as labelled and the other half H as
    the pool; every strategy i asks for a batch of H (half of it at most), and its reward is the accuracy on H of
    the query learner fitted with that batch. With mean rewards r_i, ``p_i = (1 - explore) exp(eta r_i) / sum_j exp(eta
    r_j) + explore / n``. For each row of the batch a strategy is drawn with p, and its next row that is not in the
    batch yet is taken. Below four labels all p are equal.

    Complexity: ``rounds * (1 + n_strategies)`` fits of the query learner on labelled rows, and ``rounds + 1`` queries
    of every strategy in time; the largest memory of those, and O(n_pool * n_classes).

    Source: Hsu & Lin, "Active learning by learning", AAAI 2015. There the weights come from the rewards of the
    queries so far (EXP4.P on the importance-weighted accuracy). A strategy here is a function of the state, which
    does not say who asked for which row: the rewards are replayed on the labelled set instead, for all
    strategies (full information, hence no importance weights), and forgotten after the query.

    Needs: what its strategies need.

    Parameters
    ----------
    strategies : list of str
        Names of at least two strategies, which run at their defaults.
    rounds : int
        Replays in a query.
    eta : float
        How much a reward counts: a strategy that is right on 0.1 more of H is ``exp(0.1 eta)`` times as likely.
    explore : float
        Share of the draws in which all strategies are alike.
    """

    name: ClassVar[str] = "albl"
    source: ClassVar[str] = "Hsu & Lin, AAAI 2015"

    strategies: Annotated[tuple[str, ...], Field(min_length=2)] = ("margin", "kcenter_greedy", "random")
    rounds: Annotated[int, Field(ge=1)] = 3
    eta: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 20.0
    explore: Annotated[float, Field(ge=0, le=1)] = 0.2

    def inner_names(self) -> tuple[str, ...]:
        """The portfolio."""
        return self.strategies

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in the order in which they were drawn."""
        rng = state.rng()
        shares = self.shares(self.rewards(state, rng))
        drawn = rng.choice(len(self.inner), size=state.batch_size, p=shares)
        # only those that were drawn are asked
        advice = {i: iter(self.inner[i].query(inner_state(state, self.inner[i], i)).tolist()) for i in np.unique(drawn)}
        batch: dict[int, None] = {}
        for i in drawn:
            batch[next(row for row in advice[i] if row not in batch)] = None
        return np.array(list(batch), dtype=np.intp)

    def shares(self, rewards: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n_strategies,) probabilities, from mean rewards."""
        powers = np.exp(self.eta * (rewards - rewards.max()))
        likely: NDArray[np.float64] = powers / powers.sum()
        return (1.0 - self.explore) * likely + self.explore / len(rewards)

    def rewards(self, state: QueryState, rng: np.random.Generator) -> NDArray[np.float64]:
        """(n_strategies,) mean accuracies over the replays."""
        total = np.zeros(len(self.inner))
        if len(state.labeled) >= 4:
            for turn in range(self.rounds):
                total += self._replay(state, rng.permutation(len(state.labeled)), turn)
        return total / self.rounds

    def _replay(self, state: QueryState, order: NDArray[np.intp], turn: int) -> NDArray[np.float64]:
        """(n_strategies,) accuracies on the held half, positions in the labelled set `order[half:]`."""
        half = (len(order) + 1) // 2
        known, held = np.sort(order[:half]), np.sort(order[half:])
        labeled, y = state.labeled, state.y_labeled
        model = PoolRefit(state, labeled[known], y[known])
        found = []
        for place, strategy in enumerate(self.inner):
            seen = inner_state(
                state,
                strategy,
                (turn + 1) * len(self.inner) + place,
                labeled=labeled[known],
                y_labeled=y[known],
                unlabeled=np.sort(labeled[held]),
                batch_size=min(state.batch_size, len(held) // 2),
                model=model,
            )
            # in the order of the labelled set, as the learner is always fitted
            chosen = np.isin(labeled, np.concatenate([labeled[known], strategy.query(seen)]))
            fitted = PoolRefit(state, labeled[chosen], y[chosen]).fitted
            found.append(np.mean(fitted.predict(state.X[labeled[held]]) == y[held]))
        return np.array(found)

    def fits_per_query(self, batch_size: int) -> int:
        """Its own, and those of its strategies in every replay and for the batch."""
        return self.rounds * (1 + len(self.inner)) + (self.rounds + 1) * super().fits_per_query(batch_size)
