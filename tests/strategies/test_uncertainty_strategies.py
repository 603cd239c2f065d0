"""least_confident, margin, entropy, distance_to_boundary, random: by hand, and against each other."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategy_states import linear_svc, make_state

from algrid.strategies import STRATEGIES

# rows 0 and 1 are labelled; candidates 2 ... 5
PROBA = np.array([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0], [0.4, 0.3, 0.3], [0.6, 0.2, 0.2], [1, 0, 0]])


def by_hand(**keywords: Any) -> Any:
    return make_state(np.zeros((6, 1)), [0, 1], [0, 1], n_classes=3, **{"proba": PROBA, **keywords})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("least_confident", [0.5, 0.6, 0.4, 0.0]),
        ("margin", [0.0, -0.1, -0.4, -1.0]),
        ("entropy", [log(2), -0.4 * log(0.4) - 0.6 * log(0.3), -0.6 * log(0.6) - 0.4 * log(0.2), 0.0]),
    ],
)
def test_probabilities_by_hand(name: str, expected: list[float]) -> None:
    np.testing.assert_allclose(STRATEGIES.build(name).utilities(by_hand()), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("implementation", ["", "@modal"])
@pytest.mark.parametrize(
    ("family", "order"),
    [("least_confident", [3, 2, 4, 5]), ("margin", [2, 3, 4, 5]), ("entropy", [3, 4, 2, 5])],
)
def test_the_three_differ_for_three_classes(family: str, order: list[int], implementation: str) -> None:
    strategy = STRATEGIES.build(family + implementation)
    for k in range(1, 5):
        assert set(strategy.query(by_hand(batch_size=k)).tolist()) == set(order[:k])


def test_certain_rows_have_entropy_zero_exactly() -> None:
    assert STRATEGIES.build("entropy").utilities(by_hand())[3] == 0.0


def test_entropy_of_nearly_certain_rows_is_finite() -> None:
    proba = np.array([[0.5, 0.5], [1 - 1e-300, 1e-300], [1.0, 5e-324], [1.0, 0.0]])
    utilities = STRATEGIES.build("entropy").utilities(make_state(np.zeros((4, 1)), [0], [0], n_classes=2, proba=proba))
    assert np.isfinite(utilities).all()
    assert utilities[0] > utilities[1] >= utilities[2]


def test_boundary_of_two_classes_by_hand() -> None:
    state = by_hand(decision=[9, 9, -0.5, 2.0, 0.25, -3.0], batch_size=4)
    strategy = STRATEGIES.build("distance_to_boundary")
    assert strategy.utilities(state).tolist() == [-0.5, -2.0, -0.25, -3.0]
    assert strategy.query(state).tolist() == [4, 2, 3, 5]


def test_boundary_of_three_classes_by_hand() -> None:
    values = [[0, 0, 0], [0, 0, 0], [1, 3, -5], [0.5, 0.25, -9], [-2, -1, -4], [4, 4, -1]]
    assert STRATEGIES.build("distance_to_boundary").utilities(by_hand(decision=values)).tolist() == [-2, -0.25, -1, 0]


def test_boundary_with_a_real_classifier_without_probabilities() -> None:
    X = np.array([[-2.0], [2.0], [-1.0], [0.1], [1.5]])
    state = make_state(X, [0, 1], [0, 1], learner=linear_svc(), batch_size=3)
    assert STRATEGIES.build("distance_to_boundary").query(state).tolist() == [3, 2, 4]


@given(st.lists(st.integers(0, 64), min_size=2, max_size=60), st.integers(1, 8))
@settings(deadline=None, max_examples=60)
def test_two_classes_the_three_choose_the_same_rows(sixty_fourths: list[int], batch_size: int) -> None:
    """On probabilities that are exact in binary, in the same order, ties included."""
    p = np.array([0, *sixty_fourths]) / 64
    state = make_state(
        np.zeros((len(p), 1)),
        [0],
        [0],
        n_classes=2,
        proba=np.column_stack([p, 1 - p]),
        batch_size=min(batch_size, len(sixty_fourths)),
    )
    batches = [STRATEGIES.build(name).query(state) for name in ("least_confident", "margin")]
    np.testing.assert_array_equal(batches[0], batches[1])
    # the two terms of an entropy are rounded apart, so that mirrored rows may differ in their last bit
    confidence = state.model.predict_proba().max(axis=1)
    np.testing.assert_array_equal(confidence[STRATEGIES.build("entropy").query(state)], confidence[batches[0]])


def test_two_classes_the_same_rows_with_a_real_learner() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 4))
    y = (X[:, 0] + 0.5 * rng.normal(size=300) > 0).astype(int)
    state = make_state(X, np.arange(20), y[:20], batch_size=15)
    names = [f"{f}{i}" for f in ("least_confident", "margin", "entropy") for i in ("", "@modal")]
    batches = {name: set(STRATEGIES.build(name).query(state).tolist()) for name in names}
    boundary = set(STRATEGIES.build("distance_to_boundary").query(state).tolist())
    assert all(batch == boundary for batch in batches.values()), batches


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 12))
@settings(deadline=None, max_examples=30)
def test_margin_modal_equals_margin_up_to_exact_ties(seed: int, n_classes: int, batch_size: int) -> None:
    rng = np.random.default_rng(seed)
    proba = rng.multinomial(10, np.full(n_classes, 1 / n_classes), size=40) / 10  # a small forest: many ties
    state = make_state(np.zeros((40, 1)), [0], [0], n_classes=n_classes, proba=proba, batch_size=batch_size)
    own = STRATEGIES.build("margin")
    utilities = np.full(40, np.nan)
    utilities[state.unlabeled] = own.utilities(state)
    modal = utilities[STRATEGIES.build("margin@modal").query(state)]
    assert sorted(modal.tolist()) == sorted(utilities[own.query(state)].tolist())


def test_random_batches_are_nested() -> None:
    X, y = np.zeros((30, 1)), np.arange(30) % 2
    strategy = STRATEGIES.build("random")
    ten = strategy.query(make_state(X, [0, 1], y[:2], batch_size=10))
    labeled = [0, 1]
    for _ in range(10):
        labeled += strategy.query(make_state(X, sorted(labeled), y[sorted(labeled)])).tolist()
    assert labeled[2:] == ten.tolist()


def test_random_follows_the_given_order_not_the_ties() -> None:
    state = make_state(np.zeros((5, 1)), [0], [0], n_classes=2, batch_size=3, ties=range(5))
    object.__setattr__(state, "random_order", np.array([0, 4, 1, 3, 2]))
    assert STRATEGIES.build("random").query(state).tolist() == [2, 4, 3]
