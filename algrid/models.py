"""A fit and its predictions: computed once for all runs that reach a labelled set, charged to each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Features
from algrid.learners.base import Fitted, Learner
from algrid.pool import Pool

__all__ = ["Meter", "Model", "ModelView"]

T = TypeVar("T")
A = TypeVar("A", bound=NDArray[Any])


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


class Meter:
    """What a stage of a run's cycle would have cost the run alone.

    Work that is shared costs whoever comes first the time and the others nothing; a meter takes the
    time that was really spent inside shared work out and puts the full price of all that was used
    in, once a cycle.
    """

    def __init__(self, paid: set[Hashable]) -> None:
        self._paid = paid
        self._start = _now()
        self._spent = self._price = (0.0, 0.0)

    def use(self, item: Hashable, price: tuple[float, float], spent: tuple[float, float]) -> None:
        """Count an item of shared work: its price, and what getting it took just now."""
        self._spent = self._spent[0] + spent[0], self._spent[1] + spent[1]
        if item not in self._paid:
            self._paid.add(item)
            self._price = self._price[0] + price[0], self._price[1] + price[1]

    @property
    def price(self) -> tuple[float, float]:
        """Wall and CPU seconds of the shared work that was used and not paid for before."""
        return self._price

    def read(self) -> tuple[float, float]:
        """Wall and CPU seconds since the meter was made, as if alone."""
        wall, cpu = _now()
        return (
            max(0.0, wall - self._start[0] - self._spent[0]) + self._price[0],
            max(0.0, cpu - self._start[1] - self._spent[1]) + self._price[1],
        )


class Model:
    """A learner on one labelled set: the fit, and predictions on pool and test part, each on first use.

    Predictions are made on the whole pool or test part: those of a subset of rows can differ in the
    last bits.

    Parameters
    ----------
    learner : Learner
    pool : Pool
    labeled : (n_labeled,) int array
        Pool indices in fitting order.
    seed : int
        The learner's seed.
    """

    def __init__(self, learner: Learner, pool: Pool, labeled: NDArray[np.intp], seed: int) -> None:
        self.learner, self._pool, self._labeled, self._seed = learner, pool, labeled, seed
        self._done: dict[Hashable, tuple[Any, tuple[float, float]]] = {}

    def put(self, fitted: Fitted) -> None:
        """Hand in the fit, where it was made together with others."""
        self._done["fit"] = fitted, (fitted.fit_seconds, fitted.fit_cpu_seconds)

    def fitted(self, meter: Meter) -> Fitted:
        """The fitted learner."""
        pool = self._pool
        return self._once(
            "fit",
            meter,
            lambda: self.learner.fit(pool.X[self._labeled], pool.labels[self._labeled], pool.n_classes, self._seed),
        )

    def predict(self, part: str, meter: Meter) -> NDArray[np.intp]:
        """Class codes on the ``pool`` or the ``test`` part."""
        fitted = self.fitted(meter)
        if self.learner.predicts_argmax:
            proba = self.predict_proba(part, meter)
            return self._once(("predict", part), meter, lambda: _frozen(fitted.argmax(proba)))
        return self._once(("predict", part), meter, lambda: _frozen(fitted.predict(self._features(part))))

    def predict_proba(self, part: str, meter: Meter) -> NDArray[np.float64]:
        """(n, n_classes) probabilities on the ``pool`` or the ``test`` part."""
        fitted = self.fitted(meter)
        return self._once(("predict_proba", part), meter, lambda: _frozen(fitted.predict_proba(self._features(part))))

    def decision_function(self, meter: Meter) -> NDArray[np.float64]:
        """Decision values on the pool."""
        fitted = self.fitted(meter)
        return self._once("decision", meter, lambda: _frozen(fitted.decision_function(self._pool.X)))

    def embed(self, meter: Meter) -> NDArray[np.float64]:
        """(n_pool, n) the learner's own embedding of the pool."""
        fitted = self.fitted(meter)
        return self._once("embed", meter, lambda: _frozen(fitted.embed(self._pool.X)))

    def _features(self, part: str) -> Features:
        return self._pool.X if part == "pool" else self._pool.X_test

    def _once(self, item: Hashable, meter: Meter, compute: Callable[[], T]) -> T:
        if item in self._done:
            value, price = self._done[item]
            spent = (0.0, 0.0)
        else:
            wall, cpu = _now()
            value = compute()
            end_wall, end_cpu = _now()
            price = spent = (end_wall - wall, end_cpu - cpu)
            self._done[item] = value, price
        meter.use((id(self), item), price, spent)
        result: T = value
        return result


class ModelView:
    """A model as one run's query sees it (`strategies.base.PoolPredictions`): every use is metered."""

    def __init__(self, model: Model, meter: Meter) -> None:
        self._model, self._meter = model, meter

    @property
    def fitted(self) -> Fitted:
        """The fitted query learner itself."""
        return self._model.fitted(self._meter)

    def predict(self) -> NDArray[np.intp]:
        """(n_pool,) class codes."""
        return self._model.predict("pool", self._meter)

    def predict_proba(self) -> NDArray[np.float64]:
        """(n_pool, n_classes) probabilities."""
        return self._model.predict_proba("pool", self._meter)

    def decision_function(self) -> NDArray[np.float64]:
        """(n_pool,) for two seen classes, (n_pool, n_seen) for more."""
        return self._model.decision_function(self._meter)

    def embed(self) -> NDArray[np.float64]:
        """(n_pool, n) the learner's own embedding of the rows."""
        return self._model.embed(self._meter)


def _frozen(array: A) -> A:
    array.setflags(write=False)
    return array
