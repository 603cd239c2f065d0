"""k-center: by hand, against brute force, and where rounding could decide."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from strategy_states import make_state

from algrid.strategies import STRATEGIES, _geometry

STRATEGY = STRATEGIES.build("kcenter_greedy")


def brute_force(X: Any, labeled: list[int], batch_size: int) -> list[int]:
    centers = list(labeled)
    for _ in range(batch_size):
        rest = [i for i in range(len(X)) if i not in centers]
        centers.append(max(rest, key=lambda i: min(np.linalg.norm(X[i] - X[c]) for c in centers)))
    return centers[len(labeled) :]


def test_by_hand() -> None:
    # labelled at 0: the farthest is 10, then 4 (4 from 0; 7 is 3 from 10), then 7 and at last 3
    X = np.array([[0.0], [3.0], [4.0], [7.0], [10.0]])
    assert STRATEGY.query(make_state(X, [0], [0], n_classes=2, batch_size=4)).tolist() == [4, 2, 3, 1]


@given(st.integers(0, 10_000), st.integers(1, 10), st.integers(1, 6))
@settings(deadline=None, max_examples=40)
def test_equals_brute_force(seed: int, batch_size: int, n_labeled: int) -> None:
    X = np.random.default_rng(seed).normal(size=(25, 3))
    labeled = list(range(n_labeled))
    state = make_state(X, labeled, [0] * n_labeled, n_classes=2, batch_size=batch_size)
    assert STRATEGY.query(state).tolist() == brute_force(X, labeled, batch_size)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(1).normal(size=(50, 4))
    whole = STRATEGY.query(make_state(X, range(20), [0] * 20, n_classes=2, batch_size=8))
    monkeypatch.setattr(_geometry, "_BLOCK", 150)  # three centres at a time
    assert STRATEGY.query(make_state(X, range(20), [0] * 20, n_classes=2, batch_size=8)).tolist() == whole.tolist()


def test_sparse_equals_dense() -> None:
    X = np.random.default_rng(2).normal(size=(60, 8))
    X[np.abs(X) < 1] = 0.0
    batches = [
        STRATEGY.query(make_state(features, range(5), [0] * 5, n_classes=2, batch_size=20))
        for features in (X, sp.csr_matrix(X))
    ]
    np.testing.assert_array_equal(batches[0], batches[1])


@pytest.mark.parametrize("offset", [0.0, 1e7])
def test_equal_distances_go_by_tie_rank(offset: float) -> None:
    """Duplicates of a labelled row are at distance 0, whatever the rounding."""
    X = np.repeat(np.random.default_rng(5).normal(size=(1, 7)), 6, axis=0) + offset
    state = make_state(X, [2], [0], n_classes=2, batch_size=5, ties=[5, 3, 0, 4, 1, 2])
    assert STRATEGY.query(state).tolist() == [4, 5, 1, 3, 0]


def test_duplicates_of_labelled_rows_are_at_distance_zero() -> None:
    X = np.random.default_rng(0).normal(size=(200, 7))
    state = make_state(np.vstack([X, X]), range(200), [0] * 200, n_classes=2, batch_size=200)
    order = state.unlabeled[np.argsort(state.ties[state.unlabeled])]
    np.testing.assert_array_equal(STRATEGY.query(state), order)  # all tie: by rank


def test_a_large_offset_loses_no_digits() -> None:
    X = np.random.default_rng(6).normal(size=(40, 3))
    batches = [
        STRATEGY.query(make_state(X + offset, range(4), [0] * 4, n_classes=2, batch_size=10)).tolist()
        for offset in (0.0, 1e7)
    ]
    assert batches[0] == batches[1]


def test_norms_are_computed_once_per_cell() -> None:
    state = make_state(np.eye(5), [0], [0], n_classes=2, batch_size=2)
    STRATEGY.query(state)
    assert _geometry.geometry(state) is _geometry.geometry(state)
