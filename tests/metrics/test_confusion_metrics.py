"""Metrics of confusion matrices: by hand, and against scikit-learn."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sk

from algrid.metrics import METRICS

#: true 0: 3 right, 1 as class 1; true 1: 2 right, 2 as class 0; true 2: 1 right, 1 as class 1
HAND = np.array([[3, 1, 0], [2, 2, 0], [0, 1, 1]])
PRECISION = (3 / 5, 2 / 4, 1 / 1)
RECALL = (3 / 4, 2 / 4, 1 / 2)
F1 = (6 / 9, 4 / 8, 2 / 3)


def weighted(values):
    return (4 * values[0] + 4 * values[1] + 2 * values[2]) / 10


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accuracy", 6 / 10),
        ("balanced_accuracy", sum(RECALL) / 3),
        ("precision_macro", sum(PRECISION) / 3),
        ("precision_weighted", weighted(PRECISION)),
        ("recall_macro", sum(RECALL) / 3),
        ("recall_weighted", 6 / 10),
        ("f1_macro", sum(F1) / 3),
        ("f1_weighted", weighted(F1)),
        # true 4 4 2, predicted 5 4 1: chance 20 + 16 + 2 = 38 of 100
        ("cohen_kappa", (60 - 38) / (100 - 38)),
        ("mcc", (60 - 38) / ((100 - 42) * (100 - 36)) ** 0.5),
    ],
)
def test_by_hand(name, value):
    assert METRICS.build(name).of_confusion(HAND) == pytest.approx(value, abs=1e-15)


#: class 1 has no true row but is predicted once; class 2 is never predicted; class 3 does not occur
ABSENT = np.array([[3, 1, 0, 0], [0, 0, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("balanced_accuracy", (3 / 4 + 0) / 2),  # classes 0 and 2
        ("recall_macro", (3 / 4 + 0 + 0) / 3),  # classes 0, 1 and 2
        ("precision_macro", (3 / 5 + 0 + 0) / 3),
        ("f1_macro", (6 / 9 + 0 + 0) / 3),
        ("precision_weighted", (4 * 3 / 5) / 6),
        ("f1_weighted", (4 * 6 / 9) / 6),
    ],
)
def test_classes_that_do_not_occur(name, value):
    assert METRICS.build(name).of_confusion(ABSENT) == pytest.approx(value, abs=1e-15)


@pytest.mark.parametrize("name", ["mcc", "cohen_kappa"])
def test_a_constant_prediction_agrees_by_chance_only(name):
    metric = METRICS.build(name)
    assert metric.of_confusion(np.array([[5, 0], [3, 0]])) == 0.0
    assert metric.of_confusion(np.array([[8, 0], [0, 0]])) == 0.0


def test_large_counts_stay_exact():
    counts = np.array([[2_000_000_000, 1], [0, 2_000_000_000]], dtype=np.int32)
    assert METRICS.build("accuracy").of_confusion(counts) == 4_000_000_000 / 4_000_000_001


def averaged(function, average):
    return partial(function, average=average, zero_division=0)


REFERENCE = {
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "precision_macro": averaged(sk.precision_score, "macro"),
    "precision_weighted": averaged(sk.precision_score, "weighted"),
    "recall_macro": averaged(sk.recall_score, "macro"),
    "recall_weighted": averaged(sk.recall_score, "weighted"),
    "f1_macro": averaged(sk.f1_score, "macro"),
    "f1_weighted": averaged(sk.f1_score, "weighted"),
    "cohen_kappa": sk.cohen_kappa_score,
    "mcc": sk.matthews_corrcoef,
}


@pytest.mark.parametrize("name", sorted(REFERENCE))
@given(
    confusion=st.integers(1, 6).flatmap(
        lambda k: arrays(np.int64, (k, k), elements=st.sampled_from([0, 0, 0, 1, 2, 7]))
    )
)
@settings(deadline=None, max_examples=40)
def test_equals_scikit_learn(name, confusion):
    assume(confusion.any())
    true, predicted = np.nonzero(confusion)
    times = confusion[true, predicted]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of absent classes
        expected = REFERENCE[name](np.repeat(true, times), np.repeat(predicted, times))
    if np.isnan(expected):
        # kappa of one class: 0/0, which is 0 here
        assert name == "cohen_kappa"
        expected = 0.0
    assert METRICS.build(name).of_confusion(confusion) == pytest.approx(expected, abs=1e-12)
