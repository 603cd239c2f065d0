"""Shared fits and predictions: computed once, charged in full to every run that uses them, and read-only."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from cells import TREE, make_cell, pool_of

from algrid import models
from algrid.learners import LEARNERS
from algrid.learners.base import Fitted, Learner
from algrid.learners.external import External
from algrid.models import Meter, Model, ModelView
from algrid.pool import Pool

# Prices are powers of two, so that sums show what is in them; CPU time runs at half the speed.
PRICES = {"fit": 8.0, "predict": 4.0, "predict_proba": 2.0, "decision_function": 1.0}
FIT, PREDICT, PROBA, DECISION = ((wall, wall / 2) for wall in PRICES.values())


class Clock:
    """Stands still unless somebody spends time; knows what was done."""

    def __init__(self) -> None:
        self.now = 0.0
        self.done: list[tuple[str, int]] = []

    def __call__(self) -> tuple[float, float]:
        return self.now, self.now / 2

    def spend(self, seconds: float) -> None:
        self.now += seconds

    def work(self, what: str, X: Any) -> None:
        self.done.append((what, X.shape[0]))
        self.spend(PRICES[what])


@dataclass
class Classifier:
    """Takes time and says class 1."""

    clock: Clock

    def fit(self, X: Any, y: Any) -> Classifier:
        self.clock.work("fit", X)
        return self

    def predict(self, X: Any) -> Any:
        self.clock.work("predict", X)
        return np.ones(X.shape[0], dtype=int)

    def predict_proba(self, X: Any) -> Any:
        self.clock.work("predict_proba", X)
        return np.tile([0.25, 0.5, 0.25], (X.shape[0], 1))

    def decision_function(self, X: Any) -> Any:
        self.clock.work("decision_function", X)
        return np.zeros((X.shape[0], 3))


@dataclass(frozen=True)
class Timed(Learner):
    """A learner whose time is made up."""

    name: ClassVar[str] = "timed"
    clock: ClassVar[Clock]

    def build(self, seed: int) -> Any:
        return Classifier(self.clock)


@dataclass(frozen=True)
class TimedArgmax(Timed):
    """Predicts by its probabilities."""

    name: ClassVar[str] = "timed_argmax"
    predicts_argmax: ClassVar[bool] = True


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(models, "_now", clock)
    monkeypatch.setattr(Timed, "clock", clock, raising=False)
    return clock


@pytest.fixture(name="pool", scope="module")
def _pool() -> Pool:
    return pool_of(make_cell())  # iris: 90 rows, and 60 of the test part


def model_of(pool: Pool, learner: Learner | None = None, labeled: Any = range(0, 90, 5)) -> Model:
    return Model(learner or Timed(), pool, np.array(labeled), seed=1)


def plus(*prices: tuple[float, float]) -> tuple[float, float]:
    wall, cpu = map(sum, zip(*prices, strict=True))
    return wall, cpu


# --- meters ---


def test_a_meter_counts_own_work(clock: Clock) -> None:
    clock.spend(100)
    meter = Meter(set())
    assert meter.read() == (0.0, 0.0)
    clock.spend(3)
    assert meter.read() == (3.0, 1.5)
    assert meter.price == (0.0, 0.0)


def test_a_meter_takes_out_what_was_spent_and_puts_in_the_price(clock: Clock) -> None:
    meter = Meter(set())
    clock.spend(3)
    meter.use("shared", price=(16.0, 8.0), spent=(2.0, 1.0))
    assert meter.price == (16.0, 8.0)
    assert meter.read() == (17.0, 8.5)


def test_a_clock_that_jumps_makes_no_negative_time(clock: Clock) -> None:
    meter = Meter(set())
    meter.use("shared", price=(0.0, 0.0), spent=(2.0, 1.0))
    assert meter.read() == (0.0, 0.0)


def test_an_item_is_paid_once_in_a_cycle(clock: Clock) -> None:
    paid: set[Hashable] = set()
    first, second = Meter(paid), Meter(paid)
    for meter in (first, first, second):
        meter.use("shared", price=FIT, spent=(0.0, 0.0))
    assert first.price == FIT
    assert second.price == (0.0, 0.0)
    assert paid == {"shared"}
    other_cycle = Meter(set())
    other_cycle.use("shared", price=FIT, spent=(0.0, 0.0))
    assert other_cycle.price == FIT


# --- models ---


def test_everything_is_computed_once(clock: Clock, pool: Pool) -> None:
    model = model_of(pool)
    for _ in range(2):
        meter = Meter(set())
        model.predict("pool", meter)
        model.predict("test", meter)
        model.predict_proba("pool", meter)
        model.decision_function(meter)
        assert meter.read() == plus(FIT, PREDICT, PREDICT, PROBA, DECISION)
    assert clock.done == [
        ("fit", 18),
        ("predict", 90),
        ("predict", 60),
        ("predict_proba", 90),
        ("decision_function", 90),
    ]


def test_whoever_comes_second_pays_as_much(clock: Clock, pool: Pool) -> None:
    """Three runs: one finds nothing done, one everything, one a part; all are charged as if alone."""
    model = model_of(pool)
    read = []
    for predicts in (True, True, False):
        meter = Meter(set())
        clock.spend(0.5)
        if predicts:
            model.predict("pool", meter)
        model.predict_proba("pool", meter)
        clock.spend(0.25)
        read.append(meter.read())
    own = (0.75, 0.375)
    assert read == [plus(own, FIT, PREDICT, PROBA)] * 2 + [plus(own, FIT, PROBA)]


def test_fit_and_predictions_of_a_cycle_are_told_apart(clock: Clock, pool: Pool) -> None:
    """As the loop does: one meter for the fit, one for the scores, one for the query, and one purse."""
    model = model_of(pool)
    for _ in range(2):  # the second run finds all done
        paid: set[Hashable] = set()
        fit, score = Meter(paid), Meter(paid)
        model.fitted(fit)
        model.predict("pool", score)
        query = Meter(paid)
        view = ModelView(model, query)
        view.predict()
        view.predict_proba()
        clock.spend(1)
        assert (fit.price, score.price) == (FIT, PREDICT)
        assert query.read() == plus((1.0, 0.5), PROBA)


def test_two_models_are_two_items(clock: Clock, pool: Pool) -> None:
    meter = Meter(set())
    for model in (model_of(pool), model_of(pool)):
        model.fitted(meter)
    assert meter.price == plus(FIT, FIT)


def test_a_fit_that_was_handed_in(clock: Clock, pool: Pool) -> None:
    model = model_of(pool)
    fitted = Timed().fit(pool.X[:10], pool.y[:10], 3, 1)
    fitted.fit_seconds, fitted.fit_cpu_seconds = 32.0, 16.0
    clock.done.clear()
    model.put(fitted)
    meter = Meter(set())
    assert model.fitted(meter) is fitted
    assert meter.read() == (32.0, 16.0)
    assert clock.done == []


def test_argmax_needs_no_second_pass(clock: Clock, pool: Pool) -> None:
    model, meter = model_of(pool, TimedArgmax()), Meter(set())
    assert model.predict("pool", meter).tolist() == [1] * 90
    model.predict_proba("pool", meter)
    assert [what for what, _ in clock.done] == ["fit", "predict_proba"]
    assert meter.price == plus(FIT, PROBA)


def test_what_fails_leaves_nothing_behind(clock: Clock, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Fitted, X: Any) -> Any:
        raise MemoryError("too large")

    model = model_of(pool)
    with monkeypatch.context() as patched:
        patched.setattr(Fitted, "predict_proba", fails)
        with pytest.raises(MemoryError):
            model.predict_proba("pool", Meter(set()))
    assert model.predict_proba("pool", Meter(set())).shape == (90, 3)
    assert [what for what, _ in clock.done] == ["fit", "predict_proba"]


# --- with learners that really learn ---


@dataclass(frozen=True)
class ArgmaxTree(External):
    """A decision tree, which predicts by its probabilities."""

    predicts_argmax: ClassVar[bool] = True


@pytest.mark.parametrize("labeled", [np.arange(0, 90, 3), np.array([4]), np.array([0, 1, 2, 3])])
def test_argmax_is_predict(pool: Pool, labeled: Any) -> None:
    for part in ("pool", "test"):
        by_argmax = model_of(pool, ArgmaxTree(TREE), labeled).predict(part, Meter(set()))
        by_predict = model_of(pool, LEARNERS.build(TREE), labeled).predict(part, Meter(set()))
        assert by_argmax.dtype == by_predict.dtype == np.intp
        assert by_argmax.tolist() == by_predict.tolist()


def test_predictions_are_those_of_a_bare_classifier(pool: Pool) -> None:
    from sklearn.linear_model import LogisticRegression

    labeled = np.sort(np.random.default_rng(0).permutation(90)[:30])
    noisy = replace(pool, labels=(pool.y + (np.arange(90) % 7 == 0)) % 3)  # the oracle's labels, not the true ones
    bare = LogisticRegression().fit(pool.X[labeled], noisy.labels[labeled])
    model = model_of(noisy, LEARNERS.build("sklearn.linear_model:LogisticRegression"), labeled)
    meter = Meter(set())
    assert model.predict("pool", meter).tolist() == bare.predict(pool.X).tolist()
    assert model.predict("test", meter).tolist() == bare.predict(pool.X_test).tolist()
    assert np.array_equal(model.predict_proba("test", meter), bare.predict_proba(pool.X_test))
    assert np.array_equal(model.decision_function(meter), bare.decision_function(pool.X))


def test_arrays_are_read_only(pool: Pool) -> None:
    view = ModelView(model_of(pool, LEARNERS.build("sklearn.linear_model:LogisticRegression")), Meter(set()))
    for array in (view.predict(), view.predict_proba(), view.decision_function()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert view.predict() is view.predict()
    assert view.predict().tolist() == view.fitted.predict(pool.X).tolist()
