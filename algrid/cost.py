"""What runs will cost: CPU seconds, for slices of about a minute, the order, the time left and core hours; and memory.

A prior of each learner and strategy (rough: within a factor of a few) is corrected by what stored runs took
(`algrid.cost_ladder`). Costs decide when something is computed, never what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.cell import Variant
from algrid.cost_ladder import Keys, Ladder, design
from algrid.learners.base import Learner
from algrid.strategies.base import Strategy

__all__ = [
    "POINT_SECONDS",
    "CostModel",
    "Prices",
    "Shape",
    "VariantTable",
    "learner_costs",
    "memory_key",
    "prior_fit",
    "prior_memory",
    "prior_predict",
    "prior_query",
    "query_key",
]

Floats = NDArray[np.float64]

_QUERY = 3e-4  # seconds that any query costs beside its fits and predictions
#: What a point costs beside its fit, predictions and query: loop, journal, confusion matrices, row, and its way to the
#: store. Measured on the grid `paper_small`: 0.1 ms where it is computed, 0.3 ms in worker and driver.
POINT_SECONDS = 4e-4
#: Bytes of a computing process without data: interpreter and libraries.
_PROCESS = 1.8e8
_COPIES = 3  # of a dataset's features: loaded, prepared, and in whatever works on them
_PARTS = ("fit", "predict", "query", "memory")


@dataclass(frozen=True)
class Shape:
    """What the cost of a cell's runs depends on.

    Parameters
    ----------
    dataset : str
        Its name.
    n_start, n_pool, n_test, n_features, n_classes : int
    """

    dataset: str
    n_start: int
    n_pool: int
    n_test: int
    n_features: int
    n_classes: int


def learner_costs(learner: Learner) -> Floats:
    """(3,) what a learner's class says, for its parameters: see `Learner.cost`."""
    fits, predictions = learner.cost_factors()
    return np.array(learner.cost) * (fits, fits, predictions)


def prior_fit(costs: Floats, n_labeled: Floats, n_features: Floats | int) -> Floats:
    """Seconds of fits, of `learner_costs` of shape (..., 3)."""
    return np.asarray(costs[..., 0] + costs[..., 1] * n_labeled * n_features)


def prior_predict(costs: Floats, n_rows: Floats | int) -> Floats:
    """Seconds of predictions of so many rows, of `learner_costs` of shape (..., 3)."""
    return np.asarray(costs[..., 2] * n_rows)


def prior_query(table: VariantTable, at: NDArray[np.intp], fit: Floats, look: Floats) -> Floats:
    """Seconds of queries, from those of a fit of the learner that is looked at, and of its prediction of the pool.

    Parameters
    ----------
    table : VariantTable
    at : (n,) int array
        Positions of the queries' variants in it.
    fit, look : (n,) arrays
    """
    own = table.own[at]
    return np.asarray(_QUERY + (table.refits[at] + own) * fit + (table.looks[at] + own) * look)


def prior_memory(n_rows: Floats | int, n_features: Floats | int) -> Floats:
    """Bytes of a computing process that has so many rows."""
    return np.asarray(_PROCESS + 8.0 * _COPIES * n_rows * n_features)


class VariantTable:
    """The variants of a grid as arrays, for cells with one learner.

    Parameters
    ----------
    variants : sequence of Variant
    learner : Learner
        The learner that is scored.
    """

    def __init__(self, variants: Sequence[Variant], learner: Learner) -> None:
        looked_at = [v.query_learner or learner for v in variants]
        self.learner = learner
        self.sizes = np.array([v.batch_size for v in variants])
        self.own = np.array([v.strategy.fits_per_query(v.batch_size) for v in variants])
        self.looks = np.array([bool(v.strategy.needs) for v in variants])
        self.refits = self.looks & [v.query_learner is not None for v in variants]
        self.looked_at = {q: np.flatnonzero([other == q for other in looked_at]) for q in dict.fromkeys(looked_at)}
        self.keys = [query_key(v.strategy, q) for v, q in zip(variants, looked_at, strict=True)]
        self.memory_keys = [memory_key(learner, v.strategy, q) for v, q in zip(variants, looked_at, strict=True)]


def query_key(strategy: Strategy, looked_at: Learner) -> tuple[str, str]:
    """Name and label of a query's cost: the strategy's, and what it looks at."""
    return strategy.name, f"{strategy.label} {looked_at.label}"


def memory_key(learner: Learner, strategy: Strategy, looked_at: Learner) -> tuple[str, str]:
    """Name and label of what a run's memory depends on: the scored learner's, and with it the query's."""
    return learner.name, f"{learner.label} {strategy.label} {looked_at.label}"


@dataclass(frozen=True)
class Prices:
    """Predicted CPU seconds of each variant of a cell: (n_variants,) arrays.

    Parameters
    ----------
    scored : array
        Fits and predictions of the learner that is scored: the run's share of what its cell spends on them.
    queried : array
        Queries.
    rest : array
        All else.
    """

    scored: Floats
    queried: Floats
    rest: Floats

    @property
    def total(self) -> Floats:
        """All of it."""
        return self.scored + self.queried + self.rest

    def totals(
        self, table: VariantTable, shape: Shape, chosen: NDArray[np.bool_]
    ) -> Iterator[tuple[tuple[str, Keys], float]]:
        """The terms of the sum over the chosen variants, keyed as `CostModel.spread` takes them."""
        learner = table.learner
        yield ("fit", (learner.name, learner.label, shape.dataset)), float((self.scored + self.rest)[chosen].sum())
        for i in np.flatnonzero(chosen):
            yield ("query", (*table.keys[i], shape.dataset)), float(self.queried[i])


@dataclass(frozen=True)
class CostModel:
    """Priors, corrected by what runs took.

    Parameters
    ----------
    ladders : mapping from str to tuple of Ladder
        Corrections of ``fit``, ``predict``, ``query`` and ``memory``, one on top of another: shipped ones, then those
        of a store.
    sharing : mapping from str to float
        By dataset: the part of the fits and predictions of the runs of a cell that has to be computed, as the others
        are shared. The entry ``""`` is for any other dataset.
    n_runs : int
        Runs that it was learned from.
    """

    ladders: Mapping[str, tuple[Ladder, ...]] = field(default_factory=lambda: dict.fromkeys(_PARTS, ()))
    sharing: Mapping[str, float] = field(default_factory=lambda: {"": 1.0})
    n_runs: int = 0

    def prices(self, table: VariantTable, targets: NDArray[np.int64], shape: Shape) -> Prices:
        """What the runs of a cell cost.

        Parameters
        ----------
        table : VariantTable
        targets : (n_variants,) int array
            Labels to buy.
        shape : Shape
        """
        queries = np.ceil(targets / table.sizes)
        n_labeled = shape.n_start + targets / 2
        x = design(n_labeled, shape.n_pool, shape.n_features, shape.n_classes, table.sizes)
        fit, predict = self._model(table.learner, n_labeled, shape.n_pool + shape.n_test, shape, x)
        query = np.zeros(len(x))
        for learner, at in table.looked_at.items():
            query[at] = prior_query(table, at, *self._model(learner, n_labeled[at], shape.n_pool, shape, x[at]))
        query *= self.ratio("query", [(*key, shape.dataset) for key in table.keys], x)
        share = self.sharing.get(shape.dataset, self.sharing[""])
        return Prices(
            scored=(queries + 1) * (fit + predict) * share, queried=queries * query, rest=(queries + 1) * POINT_SECONDS
        )

    def memory(self, table: VariantTable, targets: NDArray[np.int64], shape: Shape) -> Floats:
        """(n_variants,) most bytes of the process that computes a run; parameters as for `prices`."""
        n_labeled = shape.n_start + targets / 2
        x = design(n_labeled, shape.n_pool, shape.n_features, shape.n_classes, table.sizes)
        prior = prior_memory(shape.n_pool + shape.n_test, shape.n_features)
        return prior * self.ratio("memory", [(*key, shape.dataset) for key in table.memory_keys], x)

    def _model(
        self, learner: Learner, n_labeled: Floats, n_rows: int, shape: Shape, x: Floats
    ) -> tuple[Floats, Floats]:
        key, costs = [(learner.name, learner.label, shape.dataset)], learner_costs(learner)
        fit = prior_fit(costs, n_labeled, shape.n_features) * self.ratio("fit", key, x)
        return fit, prior_predict(costs, n_rows) * self.ratio("predict", key, x)

    def ratio(self, part: str, keys: Sequence[Keys], x: Floats) -> Floats:
        """(n,) factors by which a part's prior is corrected; see `Ladder.log_ratio`."""
        return np.exp(sum((ladder.log_ratio(keys, x) for ladder in self.ladders[part]), np.zeros(len(x))))

    def spread(self, totals: Mapping[tuple[str, Keys], float], *, common: bool = True) -> float:
        """Standard deviation of the logarithm of a sum of costs.

        Parameters
        ----------
        totals : mapping from (part, keys) to seconds
            The sum's terms: ``fit`` or ``query``, what they are of, and how much it is together.
        common : bool
            Whether what is uncertain about all costs alike (the machine) counts.
        """
        by_rung: dict[tuple[str, ...], dict[str, float]] = {}
        whole = 0.0
        for (part, keys), seconds in totals.items():
            whole += seconds
            for rung, variance in _last(self.ladders[part]).uncertain(keys):
                # the machine is one and the same for all parts
                terms = by_rung.setdefault((part, *rung) if rung else (), {"seconds": 0.0, "variance": 0.0})
                terms["seconds"] += seconds
                terms["variance"] += seconds * variance
        kept = [terms for rung, terms in by_rung.items() if common or rung]
        # of a rung all is off by one factor: its variance is the mean of its terms'
        variance = sum(t["seconds"] ** 2 * np.expm1(t["variance"] / t["seconds"]) for t in kept if t["seconds"] > 0)
        return float(np.sqrt(np.log1p(variance / max(whole, 1e-12) ** 2)))

    def to_plain(self) -> dict[str, Any]:
        """Plain data that `from_plain` reads back."""
        ladders = {part: [ladder.to_plain() for ladder in self.ladders[part]] for part in _PARTS}
        return {"ladders": ladders, "sharing": dict(self.sharing), "n_runs": self.n_runs}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> CostModel:
        """The model of `to_plain`'s data."""
        ladders = {part: tuple(map(Ladder.from_plain, data["ladders"][part])) for part in _PARTS}
        return cls(ladders, dict(data["sharing"]), int(data["n_runs"]))


def _last(ladders: Sequence[Ladder]) -> Ladder:
    return ladders[-1] if ladders else Ladder()
