"""Predicted seconds: by hand, and in the right direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from cells import variant
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.cell import Variant
from algrid.cost import run_seconds
from algrid.learners import LEARNERS
from algrid.learners.base import Learner
from algrid.strategies import STRATEGIES

SIZES = {"n_start": 4, "n_pool": 60, "n_test": 40, "n_features": 2}
QUERY = 3e-4


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


def seconds(one: Variant, target: int, learner: Learner | None = None, **sizes: int) -> float:
    (found,) = run_seconds(learner or Scored(), [one], np.array([target]), **{**SIZES, **sizes})
    return float(found)


# 20 labels in batches of 5 are 4 queries and 5 fits of 14 labels on average: 1 + 0.1 * 14 * 2 = 3.8 seconds each, and a
# prediction of 60 + 40 rows, 1 second. What looks at the pool predicts 60 rows once more.
FITS_AND_SCORES = 5 * (3.8 + 1.0)


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
        assert seconds(one, 0) == pytest.approx(1 + 0.1 * 4 * 2 + 1.0)


@pytest.mark.parametrize(("batch_size", "queries"), [(1, 20), (5, 4), (6, 4), (7, 3), (20, 1), (50, 1)])
def test_a_last_batch_is_a_query_too(batch_size: int, queries: int) -> None:
    assert seconds(variant("random", batch_size), 20) == pytest.approx((queries + 1) * 4.8 + queries * QUERY)


def test_each_run_on_its_own() -> None:
    variants = [variant("random", 1), variant("margin", 5), variant("qbc", 10)]
    together = run_seconds(Scored(), variants, np.array([10, 20, 0]), **SIZES)
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
