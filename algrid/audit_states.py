"""Implementations of a strategy asked from the same state, and why two of them answer differently."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from algrid.cell import Cell
from algrid.datasets.base import Features
from algrid.learners.base import Fitted
from algrid.models import Meter, Model, ModelView
from algrid.pool import Pool
from algrid.strategies.base import QueryState, Strategy

__all__ = ["CAUSES", "Asked", "cause", "jaccard"]

#: Why two batches differ, in the order in which causes are looked for; each state has one.
CAUSES = ("ties", "batch_policy", "probability_source", "refits", "seed", "formula")
#: Other streams of randomness that a strategy is asked with.
_STREAMS = 3
#: Utilities that are nearer to one another than rounding can tell are equal.
_RTOL, _ATOL = 1e-9, 1e-12

T = TypeVar("T")
Batch = frozenset[int]


@dataclass
class _Watched:
    """Predictions of a model, and which of them were looked at."""

    view: ModelView
    used: set[str] = field(default_factory=set)

    @property
    def fitted(self) -> Fitted:
        self.used.add("fitted")
        return self.view.fitted

    def predict(self) -> NDArray[np.intp]:
        return self.view.predict()

    def predict_proba(self) -> NDArray[np.float64]:
        self.used.add("predict_proba")
        return self.view.predict_proba()

    def embed(self) -> NDArray[np.float64]:
        self.used.add("embed")
        return self.view.embed()

    def decision_function(self) -> NDArray[np.float64]:
        self.used.add("decision_function")
        return self.view.decision_function()


class Asked:
    """One implementation in one state; everything about its answer that causes are found by, on first use.

    Parameters
    ----------
    strategy : Strategy
    cell : Cell
    pool : Pool
    model : Model
        The learner on the labelled set, shared by all that are asked from this state.
    labeled : (n_labeled,) int array
        Pool indices in fitting order.
    batch_size : int
        At most the number of candidates.
    """

    def __init__(  # noqa: PLR0917
        self, strategy: Strategy, cell: Cell, pool: Pool, model: Model, labeled: NDArray[np.intp], batch_size: int
    ) -> None:
        self.strategy, self._watched = strategy, _Watched(ModelView(model, Meter(set())))
        parameters, n_labeled = strategy.identity()["parameters"], len(labeled)
        self._state = QueryState(
            X=pool.X,
            labeled=labeled,
            y_labeled=pool.labels[labeled],
            unlabeled=np.setdiff1d(np.arange(pool.n_pool), labeled),
            n_classes=pool.n_classes,
            batch_size=batch_size,
            learner=cell.learner,
            learner_seed=cell.streams.learner_seed(),
            model=self._watched,
            ties=pool.ties,
            random_order=pool.random_order,
            _rng=lambda: cell.streams.strategy_rng(strategy.name, parameters, n_labeled),
            _shared=pool.shared,
            true_labels=pool.y if "true_labels" in strategy.needs else None,
        )

    @cached_property
    def batch(self) -> Batch:
        """Its answer."""
        return self._ask(self._state)

    @cached_property
    def one_by_one(self) -> Batch:
        """Its answers for batches of one: the rows asked for are candidates no more, but are not labelled either."""
        state, chosen = replace(self._state, batch_size=1), set[int]()
        while len(chosen) < self._state.batch_size:
            chosen |= self._ask(state)
            rest = np.setdiff1d(self._state.unlabeled, list(chosen))
            state = replace(state, unlabeled=rest)
        return frozenset(chosen)

    @cached_property
    def on_other_streams(self) -> list[Batch]:
        """Its answers with other random numbers."""
        return [self._ask(replace(self._state, _rng=_stream(seed))) for seed in range(_STREAMS)]

    @property
    def is_random(self) -> bool:
        """Whether its answer depends on its stream of randomness."""
        return any(other != self.batch for other in self.on_other_streams)

    @property
    def source(self) -> str:
        """What it looks at of the query learner: probabilities, decision values, the model itself, or nothing."""
        used = self._watched.used if self.batch else set()
        return next((s for s in ("predict_proba", "decision_function", "embed", "fitted") if s in used), "nothing")

    @cached_property
    def fits(self) -> int:
        """Models that it fits itself in a query, as it declares."""
        return self.strategy.fits_per_query(self._state.batch_size)

    @cached_property
    def utilities(self) -> NDArray[np.float64] | None:
        """(n_pool,) its utilities, NaN for rows that are no candidates; None where it has none."""
        if type(self.strategy).utilities is Strategy.utilities:
            return None
        values = np.full(self._state.X.shape[0], np.nan)
        values[self._state.unlabeled] = self.strategy.utilities(self._state)
        return values

    @property
    def duplicates(self) -> NDArray[np.float64]:
        """(n_pool,) the same number for rows with the same features, other numbers for others."""
        state = self._state
        return state.shared("audit: duplicates", lambda: _duplicates(state.X))

    def _ask(self, state: QueryState) -> Batch:
        return frozenset(self.strategy.query(state).tolist())


def _stream(seed: int) -> Callable[[], np.random.Generator]:
    return lambda: np.random.default_rng(seed)


def _duplicates(X: Features) -> NDArray[np.float64]:
    dense = X if isinstance(X, np.ndarray) else X.toarray()
    return np.unique(dense, axis=0, return_inverse=True)[1].ravel().astype(np.float64)


def jaccard(a: Batch, b: Batch) -> float:
    """Share of the rows of either batch that are in both."""
    return len(a & b) / len(a | b)


def cause(a: Asked, b: Asked, reference: Asked) -> str | None:
    """Why the batches of two implementations differ in a state, None where they don't; see `algrid.audit.audit`."""
    if a.batch == b.batch:
        return None
    rankings = [u for one in (a, b, reference) if (u := one.utilities) is not None] + [a.duplicates]
    if _tied(a.batch, b.batch, rankings):
        return "ties"
    if a.one_by_one == b.one_by_one or _tied(a.one_by_one, b.one_by_one, rankings):
        return "batch_policy"
    if a.source != b.source:
        return "probability_source"
    if a.fits != b.fits:
        return "refits"
    own = [jaccard(one.batch, other) for one in (a, b) if one.is_random for other in one.on_other_streams]
    return "seed" if own and jaccard(a.batch, b.batch) >= min(own) else "formula"


def _tied(a: Batch, b: Batch, rankings: Sequence[NDArray[np.float64]]) -> bool:
    """Whether the rows that only one of them has are worth the same by some ranking."""
    one, other = sorted(a - b), sorted(b - a)
    return any(
        np.allclose(np.sort(values[one]), np.sort(values[other]), rtol=_RTOL, atol=_ATOL, equal_nan=True)
        for values in rankings
    )
