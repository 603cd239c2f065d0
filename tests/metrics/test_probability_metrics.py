"""Metrics of probabilities: by hand, and against scikit-learn."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sk_log_loss

from algrid.metrics.brier import Brier
from algrid.metrics.log_loss import LogLoss
from algrid.metrics.roc_auc import RocAuc

Y = np.array([0, 1, 2, 2])
PROBA = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.25, 0.25, 0.5], [1.0, 0.0, 0.0]])


def test_log_loss_by_hand():
    # the last row's class has probability 0, clipped to 2**-52
    expected = (log(2) + 0.0 + log(2) + 52 * log(2)) / 4
    assert LogLoss().of_probabilities(Y, PROBA) == pytest.approx(expected, rel=1e-14)
    assert LogLoss.bounds[1] == pytest.approx(52 * log(2))


def test_brier_by_hand():
    rows = (0.25 + 2 * 0.0625, 0.0, 0.25 + 2 * 0.0625, 2.0)
    assert Brier().of_probabilities(Y, PROBA) == pytest.approx(sum(rows) / 4, abs=1e-15)
    # of two classes: twice the usual binary score
    assert Brier().of_probabilities(np.array([1, 0]), np.array([[0.2, 0.8], [0.7, 0.3]])) == pytest.approx(
        2 * (0.2**2 + 0.3**2) / 2
    )


def test_roc_auc_by_hand():
    # positives 0.9, 0.4; negatives 0.4, 0.1: 3 of 4 pairs in order, one tie
    score = np.array([0.9, 0.4, 0.4, 0.1])
    proba = np.column_stack([1 - score, score])
    assert RocAuc().of_probabilities(np.array([1, 1, 0, 0]), proba) == pytest.approx(3.5 / 4)
    assert np.isnan(RocAuc().of_probabilities(np.array([1, 1, 1, 1]), proba))
    assert np.isnan(RocAuc().of_probabilities(np.zeros(3, dtype=int), np.ones((3, 1))))


def test_roc_auc_leaves_out_classes_without_both_kinds():
    y = np.array([0, 0, 2, 2])
    proba = np.array([[0.5, 0.3, 0.2], [0.2, 0.4, 0.4], [0.4, 0.1, 0.5], [0.1, 0.2, 0.7]])
    # class 0: 0.5, 0.2 against 0.4, 0.1: 3 of 4; class 2: 0.5, 0.7 against 0.2, 0.4: 4 of 4; class 1 is absent
    assert RocAuc().of_probabilities(y, proba) == pytest.approx((3 / 4 + 1.0) / 2)


@st.composite
def predictions(draw):
    k = draw(st.integers(2, 5))
    n = draw(st.integers(k, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    # few different values: ties and zeros
    raw = rng.integers(0, 4, (n, k)).astype(float)
    raw[raw.sum(axis=1) == 0] = 1.0
    return rng.integers(k, size=n), raw / raw.sum(axis=1, keepdims=True)


@given(predictions())
@settings(deadline=None, max_examples=60)
def test_equal_scikit_learn_also_without_some_classes(given_):
    y, proba = given_
    k = proba.shape[1]
    labels = list(range(k))
    assert LogLoss().of_probabilities(y, proba) == pytest.approx(sk_log_loss(y, proba, labels=labels), rel=1e-12)
    expected = brier_score_loss(y, proba, labels=labels, scale_by_half=False)
    assert Brier().of_probabilities(y, proba) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@given(predictions())
@settings(deadline=None, max_examples=60)
def test_roc_auc_equals_scikit_learn(given_):
    y, proba = given_
    k = proba.shape[1]
    assume(len(np.unique(y)) > 1)
    seen = [1] if k == 2 else [c for c in range(k) if 0 < (y == c).sum() < len(y)]
    expected = np.mean([roc_auc_score(y == c, proba[:, c]) for c in seen])
    value = RocAuc().of_probabilities(y, proba)
    assert value == pytest.approx(expected, abs=1e-12)
    if k > 2 and len(np.unique(y)) == k:
        assert value == pytest.approx(roc_auc_score(y, proba, multi_class="ovr", average="macro"), abs=1e-12)
