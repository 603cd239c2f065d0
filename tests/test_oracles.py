"""Perfect and noisy oracles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.errors import PluginError
from algrid.oracles import ORACLES, Oracle


def noisy(flip: Any) -> Oracle:
    return ORACLES.build("noisy", {"flip": flip})


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_registry() -> None:
    assert ORACLES.names() == ["noisy", "perfect"]
    assert noisy(0.1).label == "noisy(flip=0.1)"
    for flip in (1, 1.0, -0.1, "0.1"):
        with pytest.raises(PluginError, match="flip"):
            noisy(flip)


def test_perfect_is_a_copy() -> None:
    y = np.array([0, 2, 1])
    answers = ORACLES.build("perfect").answer(y, 3, rng())
    assert answers.tolist() == [0, 2, 1]
    answers[0] = 1
    assert y[0] == 0


def test_share_and_targets_of_the_flips() -> None:
    y = np.repeat(np.arange(4), 5000)
    answers = noisy(0.3).answer(y, 4, rng())
    assert np.mean(answers != y) == pytest.approx(0.3, abs=0.01)
    for code in range(4):
        wrong = np.bincount(answers[(y == code) & (answers != y)], minlength=4)
        assert wrong[code] == 0
        assert np.delete(wrong, code) == pytest.approx(500, rel=0.15)  # a third of 1500


@given(st.floats(0, 0.99), st.floats(0, 0.99), st.integers(2, 7), st.integers(0, 99))
@settings(deadline=None, max_examples=50)
def test_flips_are_nested(first: float, second: float, n_classes: int, seed: int) -> None:
    low, high = sorted((first, second))
    y = rng(seed + 1).integers(0, n_classes, 60)
    few, many = noisy(low).answer(y, n_classes, rng(seed)), noisy(high).answer(y, n_classes, rng(seed))
    flipped = few != y
    assert np.array_equal(few[flipped], many[flipped])
    assert many.min() >= 0
    assert many.max() < n_classes


def test_a_row_depends_on_its_own_draws() -> None:
    y = np.arange(40) % 5
    whole = noisy(0.5).answer(y, 5, rng())
    other = y.copy()
    other[7:] = 0
    assert np.array_equal(noisy(0.5).answer(other, 5, rng())[:7], whole[:7])
    assert np.array_equal(noisy(0.5).answer(y[:10], 5, rng()), whole[:10])


def test_no_noise_two_classes_many_classes() -> None:
    y = np.arange(1000)
    assert np.array_equal(noisy(0.0).answer(y, 1000, rng()), y)
    answers = noisy(0.99).answer(y, 1000, rng())
    assert np.mean(answers == y) < 0.03
    assert len(np.unique(answers)) > 500
    binary = np.array([0, 1] * 50)
    assert set(noisy(0.99).answer(binary, 2, rng())) == {0, 1}
