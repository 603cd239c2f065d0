"""Predicted seconds: by hand, and in the right direction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from cells import variant
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.cell import Variant
from algrid.cost import CostModel, Shape, VariantTable
from algrid.cost_ladder import Ladder
from algrid.learners import LEARNERS
from algrid.learners.base import Learner
from algrid.strategies import STRATEGIES

SIZES = {"n_start": 4, "n_pool": 60, "n_test": 40, "n_features": 2, "n_classes": 2}
QUERY, POINT = 3e-4, 4e-4


@dataclass(frozen=True)
class Scored(Learner):
    """A learner of round prices."""

    name: ClassVar[str] = "scored"
    cost: ClassVar[tuple[float, float, float]] = (1.0, 0.1, 0.01)


@dataclass(frozen=True)
class Looked(Learner):
    """Another."""

    name: ClassVar[str] = "looked"
    cost: ClassVar[tuple[float, float, float]] = (2.0, 0.0, 0.001)


def prices(variants: list[Variant], targets: list[int], learner: Learner | None = None, **sizes: int) -> Any:
    model, shape = CostModel(), Shape("some", **{**SIZES, **sizes})
    return model.prices(VariantTable(variants, learner or Scored()), np.array(targets), shape)


def seconds(one: Variant, target: int, learner: Learner | None = None, **sizes: int) -> float:
    (found,) = prices([one], [target], learner, **sizes).total
    return float(found)


# 20 labels in batches of 5 are 4 queries and 5 fits of 14 labels on average: 1 + 0.1 * 14 * 2 = 3.8 seconds each, and a
# prediction of 60 + 40 rows, 1 second. What looks at the pool predicts 60 rows once more.
FITS_AND_SCORES = 5 * (3.8 + 1.0 + POINT)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (variant("random"), FITS_AND_SCORES + 4 * QUERY),
        (variant("margin"), FITS_AND_SCORES + 4 * (QUERY + 0.6)),
        (Variant(STRATEGIES.build("margin"), Looked(), 5), FITS_AND_SCORES + 4 * (QUERY + 0.06 + 2.0)),
        (Variant(STRATEGIES.build("random"), Looked(), 5), FITS_AND_SCORES + 4 * QUERY),
        (variant("qbc", committee_size=3), FITS_AND_SCORES + 4 * (QUERY + 3 * (3.8 + 0.6))),
        (variant("qbc@modal", committee_size=2), FITS_AND_SCORES + 4 * (QUERY + 2 * (3.8 + 0.6))),
        (variant("discriminative", sub_batches=2), FITS_AND_SCORES + 4 * (QUERY + 0.6 + 2 * (3.8 + 0.6))),
        (variant("discriminative", sub_batches=9), FITS_AND_SCORES + 4 * (QUERY + 0.6 + 5 * (3.8 + 0.6))),
    ],
    ids=lambda value: value.strategy.label if isinstance(value, Variant) else "",
)
def test_by_hand(one: Variant, expected: float) -> None:
    assert seconds(one, 20) == pytest.approx(expected)


def test_nothing_to_buy_is_one_fit_and_its_scores() -> None:
    for one in (variant("random"), variant("qbc"), variant("margin", 50)):
        assert seconds(one, 0) == pytest.approx(1 + 0.1 * 4 * 2 + 1.0 + POINT)


@pytest.mark.parametrize(("batch_size", "queries"), [(1, 20), (5, 4), (6, 4), (7, 3), (20, 1), (50, 1)])
def test_a_last_batch_is_a_query_too(batch_size: int, queries: int) -> None:
    assert seconds(variant("random", batch_size), 20) == pytest.approx((queries + 1) * (4.8 + POINT) + queries * QUERY)


def test_each_run_on_its_own() -> None:
    variants = [variant("random", 1), variant("margin", 5), variant("qbc", 10)]
    together = prices(variants, [10, 20, 0]).total
    assert together.dtype == np.float64
    assert together.tolist() == [
        pytest.approx(seconds(one, target)) for one, target in zip(variants, (10, 20, 0), strict=True)
    ]


@given(
    st.sampled_from(["random", "margin", "qbc"]),
    st.integers(1, 20),
    st.integers(0, 200),
    st.sampled_from(["target", *SIZES]),
    st.integers(1, 100),
)
@settings(deadline=None, max_examples=60)
def test_more_is_never_cheaper(strategy: str, batch_size: int, target: int, what: str, more: int) -> None:
    one = variant(strategy, batch_size)
    before: dict[str, Any] = {"target": target, **SIZES}
    after = {**before, what: before[what] + more}
    assert 0 < seconds(one, **before) <= seconds(one, **after)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 200))
@settings(deadline=None, max_examples=30)
def test_smaller_batches_are_never_cheaper(first: int, second: int, target: int) -> None:
    small, large = sorted((first, second))
    assert seconds(variant("margin", small), target) >= seconds(variant("margin", large), target)


def test_every_learner_has_a_price() -> None:
    for cls in LEARNERS.classes():
        assert all(price > 0 for price in cls.cost), cls
        assert len(cls.cost) == 3


def test_shared_fits_are_paid_for_once() -> None:
    table = VariantTable([variant("random")], Scored())
    shape = Shape("some", **SIZES)
    alone, shared = (
        CostModel(sharing=sharing).prices(table, np.array([20]), shape)
        for sharing in ({"": 1.0, "other": 0.1}, {"": 1.0, "some": 0.25})
    )
    assert alone.scored[0] == pytest.approx(5 * 4.8)
    assert shared.scored[0] == pytest.approx(0.25 * 5 * 4.8)
    assert shared.queried[0] == alone.queried[0]


def test_a_correction_is_a_factor_of_what_it_is_for() -> None:
    doubled = Ladder(everything=float(np.log(2)))
    table, shape = VariantTable([variant("margin")], Scored()), Shape("some", **SIZES)
    for part, expected in {
        # fits and predictions of 5 points; queries that predict the pool: 4 * (QUERY + 0.6)
        "fit": (5 * (2 * 3.8 + 1.0), 4 * (QUERY + 0.6)),
        "predict": (5 * (3.8 + 2 * 1.0), 4 * (QUERY + 2 * 0.6)),
        "query": (5 * (3.8 + 1.0), 2 * 4 * (QUERY + 0.6)),
    }.items():
        model = CostModel({**CostModel().ladders, part: (doubled,)})
        found = model.prices(table, np.array([20]), shape)
        assert (found.scored[0], found.queried[0]) == tuple(map(pytest.approx, expected))


def test_memory_by_hand() -> None:
    table, shape = VariantTable([variant("margin"), variant("random")], Scored()), Shape("some", **SIZES)
    found = CostModel().memory(table, np.array([20, 0]), shape)
    # an interpreter and its libraries, and three copies of 60 + 40 rows of two features of 8 bytes
    assert found.tolist() == [1.8e8 + 3 * 100 * 2 * 8] * 2
    names = {"scored": (float(np.log(2)), 0, 0, 0, 0, 0)}
    ladder = Ladder(names=names, labels={"scored margin scored": float(np.log(3))}, datasets={})
    learned = CostModel({**CostModel().ladders, "memory": (ladder,)})
    assert learned.memory(table, np.array([20, 0]), shape) / found == pytest.approx(np.array([6.0, 2.0]))
    assert (
        learned.prices(table, np.array([20, 0]), shape).total.tolist()
        == prices([variant("margin"), variant("random")], [20, 0]).total.tolist()
    )


def test_every_learner_s_parameters_are_priced() -> None:
    def factors(name: str, **parameters: Any) -> tuple[float, float]:
        return LEARNERS.build(name, parameters).cost_factors()

    assert factors("svm_rbf", C=3.0) == (1.0, 1.0)
    assert factors("random_forest", n_estimators=50) == (0.5, 0.5)
    assert factors("hist_gradient_boosting", max_iter=50) == (0.5, 0.5)
    assert factors("mlp") == (1.0, 1.0)
    assert factors("mlp", max_iter=30, hidden_layer_sizes=(20, 30)) == (0.1, 0.5)
    assert factors("mlp", max_iter=5000) == (1.0, 1.0), "fits end by themselves"


def test_uncertainty_of_a_sum() -> None:
    model = CostModel()
    one, two = {("fit", ("a", "a", "iris")): 10.0}, {("fit", ("b", "b", "wine")): 10.0}
    # nothing is known: the machine (0.8, and 0.1 of drift), a name (0.6), a label (0.4), a dataset (0.3)
    own = 0.6**2 + 0.4**2 + 0.3**2
    approx = np.log1p(sum(np.expm1(v) for v in (0.36, 0.16, 0.09)))
    assert model.spread(one, common=False) == pytest.approx(np.sqrt(approx))
    assert model.spread(one, common=False) == pytest.approx(np.sqrt(own), rel=0.2)
    # two that have nothing in common but the machine are known better together, and much less so where it counts
    assert model.spread(one | two, common=False) < 0.8 * model.spread(one, common=False)
    assert model.spread(one | two) > 0.8
    # more of the same is no news
    assert model.spread(dict.fromkeys(one, 20.0)) == pytest.approx(model.spread(one))


def test_a_model_goes_through_plain_data() -> None:
    ladder = Ladder(0.5, {"a": (1.0, 0, 0, 0, 0, 0.5)}, {"a": 0.25}, {"a\tiris": 0.125}, {"0": 0.5})
    ladders = {"fit": (ladder,), "predict": (), "query": (ladder, ladder), "memory": (ladder,)}
    model = CostModel(ladders, {"": 0.5, "iris": 0.25}, 7)
    plain = model.to_plain()
    again = CostModel.from_plain(json.loads(json.dumps(plain)))
    assert again.to_plain() == plain
    assert again.ladders["fit"][0].log_ratio([("a", "a", "iris")], np.ones((1, 6)))[0] == pytest.approx(2.375)
