"""Analytic cases that every implementation of a family has to agree on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategy_states import make_state

from algrid.strategies import STRATEGIES, Strategy

UNCERTAINTY = ("least_confident", "margin", "entropy")


def implementations(*families: str) -> list[str]:
    """Names in these families that can run here."""
    state = make_state(np.zeros((3, 1)), [0, 1], [0, 1])
    return [
        cls.name
        for cls in STRATEGIES.classes()
        if cls.family() in families and not cls().unsupported(state.learner, 2, sparse=False)
    ]


def test_each_family_has_several() -> None:
    for family in UNCERTAINTY:
        assert {f"{family}@modal", f"{family}@skactiveml", family} <= set(implementations(family))


@pytest.mark.parametrize("name", implementations(*UNCERTAINTY))
@given(st.lists(st.integers(1, 63), min_size=2, max_size=40), st.integers(1, 8))
@settings(deadline=None, max_examples=25)
def test_two_classes_the_same_rows(name: str, sixty_fourths: list[int], batch_size: int) -> None:
    """Up to exact ties: on probabilities that are exact in binary the chosen confidences are the least ones."""
    p = np.array([0, 64, *sixty_fourths]) / 64
    state = make_state(
        np.zeros((len(p), 1)),
        [0, 1],
        [0, 1],
        proba=np.column_stack([p, 1 - p]),
        batch_size=min(batch_size, len(sixty_fourths)),
    )
    confidence = np.maximum(p, 1 - p)
    chosen = confidence[STRATEGIES.build(name).query(state)]
    assert sorted(chosen) == sorted(confidence[2:])[: state.batch_size]


@pytest.mark.parametrize("name", implementations(*UNCERTAINTY))
def test_two_classes_the_same_rows_with_a_real_learner(name: str) -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 4))
    y = (X[:, 0] + 0.5 * rng.normal(size=300) > 0).astype(int)
    state = make_state(X, np.arange(20), y[:20], batch_size=15)
    expected = STRATEGIES.build("distance_to_boundary").query(state)
    assert set(STRATEGIES.build(name).query(state).tolist()) == set(expected.tolist())


# rows 0, 1 and 2 are labelled
PROBA = [*np.eye(3).tolist(), [0.5, 0.49, 0.01], [0.4, 0.3, 0.3], [0.6, 0.21, 0.19], [0.98, 0.01, 0.01]]
ORDER = {"least_confident": [4, 3, 5, 6], "margin": [3, 4, 5, 6], "entropy": [4, 5, 3, 6]}


@pytest.mark.parametrize("name", implementations(*UNCERTAINTY))
def test_three_classes_by_hand(name: str) -> None:
    """Entropies: 0.739, 1.089, 0.950, 0.112."""
    order = ORDER[STRATEGIES.get(name).family()]
    for k in range(1, 5):
        state = make_state(np.zeros((7, 1)), [0, 1, 2], [0, 1, 2], proba=PROBA, batch_size=k)
        assert set(STRATEGIES.build(name).query(state).tolist()) == set(order[:k])


def brute_force_kcenter(X: Any, labeled: list[int], k: int) -> list[int]:
    centers = list(labeled)
    for _ in range(k):
        distances = [min(np.linalg.norm(x - X[c]) for c in centers) for x in X]
        centers.append(int(np.argmax(distances)))
    return centers[len(labeled) :]


@pytest.mark.parametrize("name", implementations("kcenter_greedy"))
@pytest.mark.parametrize("seed", range(5))
def test_kcenter_equals_brute_force(name: str, seed: int) -> None:
    X = np.random.default_rng(seed).normal(size=(40, 3))
    strategy: Strategy = STRATEGIES.build(name, {"normalize": False} if name == "kcenter_greedy@small_text" else {})
    labeled = [4, 11, 30]
    batch = strategy.query(make_state(X, labeled, [0, 1, 0], batch_size=8))
    assert batch.tolist() == brute_force_kcenter(X, labeled, 8)
