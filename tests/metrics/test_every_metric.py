"""What holds for every metric, whoever adds it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from algrid.metrics import METRICS, ConfusionMetric, ProbabilityMetric

CONFUSION = [cls for cls in METRICS.classes() if issubclass(cls, ConfusionMetric)]
PROBABILITY = [cls for cls in METRICS.classes() if issubclass(cls, ProbabilityMetric)]

by_name = pytest.mark.parametrize("cls", CONFUSION, ids=lambda cls: cls.name)
by_probability = pytest.mark.parametrize("cls", PROBABILITY, ids=lambda cls: cls.name)


def stacks(fewest, most):
    return st.tuples(st.integers(1, 6), st.integers(fewest, most)).flatmap(
        lambda shape: arrays(np.int64, (shape[0], shape[1], shape[1]), elements=st.integers(0, 9))
    )


def test_all_are_one_kind_or_the_other():
    assert len(CONFUSION) + len(PROBABILITY) == len(METRICS.names())
    assert {
        *("accuracy", "balanced_accuracy", "precision_macro", "precision_weighted", "recall_macro", "recall_weighted"),
        *("f1_macro", "f1_weighted", "cohen_kappa", "mcc", "log_loss", "brier", "roc_auc"),
    } <= set(METRICS.names())


@pytest.mark.parametrize("cls", METRICS.classes(), ids=lambda cls: cls.name)
def test_it_says_what_it_is(cls):
    assert cls.summary().endswith(".")
    assert cls.source
    assert cls.bounds[0] < cls.bounds[1]


@by_name
@given(confusion=stacks(1, 5))
@settings(deadline=None, max_examples=40)
def test_a_stack_equals_a_loop_and_is_within_bounds(cls, confusion):
    metric = cls()
    values = metric.of_confusion(confusion)
    assert values.shape == confusion.shape[:1]
    assert values.dtype == np.float64
    assert values.tolist() == [float(metric.of_confusion(matrix)) for matrix in confusion]
    assert metric.of_confusion(confusion[None])[0].tolist() == values.tolist()
    assert ((values >= cls.bounds[0]) & (values <= cls.bounds[1])).all()


@by_name
@given(n_rows=st.lists(st.integers(1, 50), min_size=2, max_size=6))
@settings(deadline=None, max_examples=20)
def test_a_perfect_prediction_is_the_best(cls, n_rows):
    assert cls().of_confusion(np.diag(n_rows)) == pytest.approx(cls.bounds[int(cls.higher_is_better)], abs=1e-12)


@by_name
@given(confusion=stacks(2, 4), data=st.data())
@settings(deadline=None, max_examples=30)
def test_names_of_classes_and_classes_that_do_not_occur_change_nothing(cls, confusion, data):
    metric = cls()
    values = metric.of_confusion(confusion)
    order = data.draw(st.permutations(range(confusion.shape[-1])))
    np.testing.assert_allclose(metric.of_confusion(confusion[:, order][:, :, order]), values, atol=1e-12)
    padded = np.pad(confusion, ((0, 0), (1, 2), (1, 2)))
    np.testing.assert_allclose(metric.of_confusion(padded), values, atol=1e-12)


@by_name
def test_one_class_and_a_thousand(cls):
    metric = cls()
    low, high = cls.bounds
    # beyond-chance metrics can't tell anything from one class: 0; the others see that all is right
    assert metric.of_confusion(np.array([[7]])) in (0.0, high)
    assert metric.of_confusion(np.eye(1000, dtype=np.int64) * 3) == pytest.approx(high)
    spread = metric.of_confusion(np.ones((1000, 1000), dtype=np.int64))
    assert low <= spread <= 0.0011  # pure chance: one in a thousand, or nothing beyond it


@by_name
def test_an_empty_matrix_is_zero(cls):
    assert cls().of_confusion(np.zeros((2, 3, 3), dtype=np.int64)).tolist() == [0.0, 0.0]


def probabilities(rng, n, k):
    raw = rng.random((n, k)) + 1e-3
    return raw / raw.sum(axis=1, keepdims=True)


@by_probability
@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_a_probability_metric_is_bounded_and_best_when_certain_and_right(cls, n_classes):
    rng = np.random.default_rng(n_classes)
    metric = cls()
    low, high = cls.bounds
    for _ in range(20):
        y = rng.integers(n_classes, size=30)
        assert low <= metric.of_probabilities(y, probabilities(rng, 30, n_classes)) <= high
    y = np.arange(30) % n_classes
    right, wrong = np.eye(n_classes)[y], np.eye(n_classes)[(y + 1) % n_classes]
    best = metric.of_probabilities(y, right)
    assert best == pytest.approx(high if cls.higher_is_better else low, abs=1e-12)
    assert (metric.of_probabilities(y, wrong) < best) == cls.higher_is_better


@by_probability
def test_a_probability_metric_changes_nothing_that_it_is_given(cls):
    y, proba = np.array([0, 1, 1]), np.array([[0.6, 0.4], [0.3, 0.7], [0.5, 0.5]])
    y.flags.writeable = proba.flags.writeable = False
    assert isinstance(cls().of_probabilities(y, proba), float)


@by_probability
def test_an_empty_test_part_is_undefined(cls):
    assert np.isnan(cls().of_probabilities(np.empty(0, dtype=np.intp), np.empty((0, 2))))
