"""What a query strategy is, and what it may see."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Features
from algrid.errors import StrategyError
from algrid.learners.base import Fitted, Learner
from algrid.registry import Plugin

__all__ = ["PoolPredictions", "QueryState", "Strategy", "top_k"]

T = TypeVar("T")


class PoolPredictions(Protocol):
    """Predictions of the query learner on the whole pool, computed on first use and then shared."""

    @property
    def fitted(self) -> Fitted:
        """The fitted query learner itself."""

    def predict(self) -> NDArray[np.intp]:
        """(n_pool,) class codes."""

    def predict_proba(self) -> NDArray[np.float64]:
        """(n_pool, n_classes) probabilities."""

    def decision_function(self) -> NDArray[np.float64]:
        """(n_pool,) for two seen classes, (n_pool, n_seen) for more."""

    def embed(self) -> NDArray[np.float64]:
        """(n_pool, n) the learner's own embedding of the rows."""


@dataclass(frozen=True)
class QueryState:
    """All that a strategy may see when it is asked for the next batch.

    True labels of unlabelled rows are not in it, but for the declared oracles. Arrays are read-only.

    Parameters
    ----------
    X : (n_pool, n_features)
        Prepared features of the whole pool.
    labeled : (n_labeled,) int array
        Pool indices of the labelled rows, in the order in which the learner is fitted.
    y_labeled : (n_labeled,) int array
        Their labels, as the oracle gave them.
    unlabeled : (n_candidates,) int array
        Pool indices of the candidates, ascending; at least one.
    n_classes : int
        Classes of the dataset (also those that nobody has seen yet).
    batch_size : int
        How many to ask for; at most ``len(unlabeled)``.
    learner : Learner
        The query learner (for strategies that fit models of their own), and its seed:
    learner_seed : int
    model : PoolPredictions
        The query learner, fitted on the labelled set, with its predictions on the pool.
    ties : (n_pool,) int array
        Rank of each pool index; where utilities are equal, the lower rank is queried first.
    random_order : (n_pool,) int array
        Rank of each pool index in the order of `random`.
    true_labels : (n_pool,) int array or None
        Clean class codes of the whole pool; None for every strategy without ``true_labels`` in its `needs`.
    """

    X: Features
    labeled: NDArray[np.intp]
    y_labeled: NDArray[np.intp]
    unlabeled: NDArray[np.intp]
    n_classes: int
    batch_size: int
    learner: Learner
    learner_seed: int
    model: PoolPredictions
    ties: NDArray[np.intp]
    random_order: NDArray[np.intp]
    _rng: Callable[[], np.random.Generator]
    _shared: dict[Hashable, Any]
    true_labels: NDArray[np.intp] | None = None

    def rng(self) -> np.random.Generator:
        """A fresh generator of this strategy's own stream at this number of labels."""
        return self._rng()

    def shared(self, key: Hashable, compute: Callable[[], T]) -> T:
        """`compute()`, once per cell: for what depends on the pool's features alone (norms, neighbours)."""
        if key not in self._shared:
            self._shared[key] = compute()
        value: T = self._shared[key]
        return value


def top_k(utilities: NDArray[np.float64], ties: NDArray[np.intp], k: int) -> NDArray[np.intp]:
    """Positions of the `k` highest utilities, highest first; equal ones by ascending tie rank.

    Parameters
    ----------
    utilities : (n_candidates,) array
        No NaN; infinities are allowed.
    ties : (n_candidates,) int array
        Tie ranks of the same candidates.
    k : int
        At most n_candidates.
    """
    if k < len(utilities):  # only those that can be among the first k need sorting
        threshold = np.partition(utilities, len(utilities) - k)[len(utilities) - k]
        positions = np.flatnonzero(utilities >= threshold)
    else:
        positions = np.arange(len(utilities))
    order = np.lexsort((ties[positions], -utilities[positions]))
    return positions[order[:k]].astype(np.intp, copy=False)


@dataclass(frozen=True)
class Strategy(Plugin):
    """Base of query strategies: override `utilities`, or `query` where a batch is no top-k.

    A strategy keeps nothing between calls: its answer is a function of the state.

    Class variables
    ---------------
    needs : frozenset of str
        Of ``predict_proba``, ``decision_function``, ``embed`` (what the query learner must provide),
        ``binary`` (two classes only), ``dense`` (no sparse features) and ``true_labels`` (an oracle: it sees
        all clean labels). Where a combination lacks one, it is a skip of the plan, with the reason.
    max_pool : int or None
        Rows of the largest pool that the method is made for (its time or memory grows too fast); above
        it the combination is a skip too. None is no limit.
    """

    needs: ClassVar[frozenset[str]] = frozenset()
    max_pool: ClassVar[int | None] = None
    metric_space: ClassVar[bool] = False

    @classmethod
    def family(cls) -> str:
        """The part of the name before ``@``."""
        return cls.name.partition("@")[0]

    @classmethod
    def implementation(cls) -> str:
        """The part of the name after ``@``; ``own`` for algrid's own."""
        return cls.name.partition("@")[2] or "own"

    def seen(self, state: QueryState) -> QueryState:
        """The state as this strategy looks at it."""
        return state

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) one number for each of `state.unlabeled`; the highest are queried first."""
        raise NotImplementedError

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices of the next batch, best first."""
        utilities = self.utilities(self.seen(state))
        if np.isnan(utilities).any():
            raise StrategyError(f"{self.label} gave NaN utilities. Predictions of {state.learner.label} may be NaN.")
        return state.unlabeled[top_k(utilities, state.ties[state.unlabeled], state.batch_size)]

    def fits_per_query(self, batch_size: int) -> int:  # noqa: ARG002
        """How many models of its own a query fits and asks about the pool: for the planner's guess."""
        return 0

    def unsupported(
        self, query_learner: Learner, n_classes: int, sparse: bool, n_pool: int | None = None
    ) -> str | None:
        """Why this strategy can't run with this learner on such data, or None where it can.

        Parameters
        ----------
        query_learner : Learner
        n_classes : int
            Classes of the dataset.
        sparse : bool
            Whether its features are sparse.
        n_pool : int, optional
            Rows of the pool; None where it is not known.
        """
        lacking = sorted(self.needs & {"predict_proba", "decision_function", "embed"} - query_learner.provides)
        if lacking:
            return f"{self.name} needs {lacking[0]}, which {query_learner.name} does not provide"
        if self.metric_space and query_learner.takes == "tokens":
            return f"{self.name} measures features, and token ids have no distances{_cure(self)}"
        if "binary" in self.needs and n_classes != 2:
            return f"{self.name} is for two classes only"
        if "dense" in self.needs and sparse:
            return f"{self.name} can't use sparse features"
        if self.max_pool is not None and n_pool is not None and n_pool > self.max_pool:
            return f"{self.name} is made for pools of at most {self.max_pool} rows"
        return None


def _cure(strategy: Strategy) -> str:
    return " (space: learner takes the learner's own)" if "space" in strategy.parameters() else ""
