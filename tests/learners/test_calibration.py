"""Platt's sigmoids against hand-computed values and scikit-learn's; folds; stand-ins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import _sigmoid_calibration

from algrid.learners.calibration import Platt, Uncalibrated, fit_platt, stratified_folds


def overlapping(n: int, seed: int, scale: float = 1.0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    positive = rng.permutation(np.arange(n) % 3 == 0)
    return scale * (rng.normal(size=n) + 1.5 * positive - 0.7), positive


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize("n", [4, 20, 200])
def test_one_sigmoid_is_scikit_learn_s(n: int, scale: float) -> None:
    f, positive = overlapping(n, seed=n, scale=scale)
    a, b = _sigmoid_calibration(f, positive.astype(int))
    platt = fit_platt(f[:, None], positive[:, None])
    grid = np.linspace(f.min(), f.max(), 50)
    expected = 1 / (1 + np.exp(a * grid + b))
    np.testing.assert_allclose(platt.probabilities(grid)[:, 1], expected, atol=1e-3)


def test_smoothed_targets_by_hand() -> None:
    # without information in the values, the sigmoid is the mean target: 2 of 5 rows are positive, so that the
    # targets are (2 + 1) / (2 + 2) and 1 / (3 + 2), and their mean is (2 * 0.75 + 3 * 0.2) / 5
    platt = fit_platt(np.full((5, 1), 0.3), np.array([True, True, False, False, False])[:, None])
    assert platt.slope[0] == 0
    np.testing.assert_allclose(platt.probabilities(np.array([-1.0, 0.3, 9.0]))[:, 1], 0.42, atol=1e-6)


def test_two_values_by_hand() -> None:
    # at -1 all three rows are negative, at 1 all three positive: two parameters meet both targets exactly
    f = np.array([-1.0, -1, -1, 1, 1, 1])
    platt = fit_platt(f[:, None], (f > 0)[:, None])
    np.testing.assert_allclose(platt.probabilities(np.array([-1.0, 1.0]))[:, 1], [1 / 5, 4 / 5], atol=1e-6)


def test_several_sigmoids_at_once_are_those_one_by_one() -> None:
    columns = [overlapping(60, seed) for seed in range(4)]
    f = np.stack([values for values, _ in columns], axis=1)
    positive = np.stack([flags for _, flags in columns], axis=1)
    together = fit_platt(f, positive)
    for i in range(4):
        alone = fit_platt(f[:, [i]], positive[:, [i]])
        np.testing.assert_allclose(together.slope[i], alone.slope[0], rtol=1e-4)
        np.testing.assert_allclose(together.offset[i], alone.offset[0], rtol=1e-4, atol=1e-5)


@settings(deadline=None, max_examples=60)
@given(
    f=st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=30),
    flips=st.integers(0, 2**30 - 1),
)
def test_the_fit_is_a_stationary_point(f: list[float], flips: int) -> None:
    values = np.array(f)
    positive = np.array([(flips >> i) & 1 == 1 for i in range(len(f))])
    platt = fit_platt(values[:, None], positive[:, None])
    p = platt.probabilities(values)[:, 1]
    assert np.isfinite(p).all()
    n_positive = positive.sum()
    target = np.where(positive, (n_positive + 1) / (n_positive + 2), 1 / (len(f) - n_positive + 2))
    spread = max(np.abs(values - values.mean()).max(), 1e-300)
    assert abs((target - p).sum()) < 1e-3
    assert abs(((target - p) * (values - values.mean()) / spread).sum()) < 1e-3 or platt.slope[0] == 0


def test_one_against_the_rest_is_normalised_by_hand() -> None:
    platt = Platt(np.array([-1.0, -1.0, 0.0]), np.array([0.0, 0.0, np.log(3.0)]))
    # sigmoids of 0, log(3) and a constant: 1/2, 3/4, 1/4
    np.testing.assert_allclose(
        platt.probabilities(np.array([[0.0, np.log(3.0), 7.0]])), [[1 / 3, 1 / 2, 1 / 6]], atol=1e-12
    )


def test_where_every_sigmoid_underflows_the_classes_are_equal() -> None:
    platt = Platt(np.full(3, -1.0), np.zeros(3))
    proba = platt.probabilities(np.array([[-1e4, -1e5, -1e6], [0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(proba, np.full((2, 3), 1 / 3))


def test_the_stand_ins_by_hand() -> None:
    two = Uncalibrated().probabilities(np.array([0.0, np.log(4.0), -1e4, 1e4]))
    np.testing.assert_allclose(two, [[0.5, 0.5], [0.2, 0.8], [1, 0], [0, 1]], atol=1e-12)
    three = Uncalibrated().probabilities(np.array([[0.0, np.log(2.0), 0.0], [1e4, 0.0, -1e4]]))
    np.testing.assert_allclose(three, [[0.25, 0.5, 0.25], [1, 0, 0]], atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(y=st.lists(st.integers(0, 4), min_size=2, max_size=60), n_folds=st.integers(2, 5))
def test_folds_are_stratified_and_even(y: list[int], n_folds: int) -> None:
    labels = np.array(y, dtype=np.intp)
    folds = stratified_folds(labels, n_folds)
    assert set(folds) <= set(range(n_folds))
    sizes = np.bincount(folds, minlength=n_folds)
    assert sizes.max() - sizes.min() <= 1
    for label in set(y):
        of_class = np.bincount(folds[labels == label], minlength=n_folds)
        assert of_class.max() - of_class.min() <= 1
        if of_class.sum() >= 2:
            assert all(label in labels[folds != fold] for fold in range(n_folds))


def test_folds_by_hand() -> None:
    assert stratified_folds(np.array([1, 0, 1, 0, 1]), 2).tolist() == [0, 0, 1, 1, 0]
