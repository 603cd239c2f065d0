"""The support vector machines against scikit-learn's SVC: class predictions, folds, decision values, probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import log_loss
from sklearn.model_selection import PredefinedSplit
from sklearn.svm import SVC

from algrid.learners import LEARNERS
from algrid.learners._duals import fit_machine, machine_of
from algrid.learners._svc import SupportVectorLearner
from algrid.learners.calibration import Platt, Uncalibrated, stratified_folds

KERNELS = {"svm_rbf": "rbf", "svm_linear": "linear"}


def blobs(counts: list[int], n_features: int = 4, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.intp)
    return rng.normal(size=(len(y), n_features)) + y[:, None] * np.linspace(0.2, 1.0, n_features), y


def build(name: str, **parameters: Any) -> SupportVectorLearner:
    learner = LEARNERS.build(name, parameters)
    assert isinstance(learner, SupportVectorLearner)
    return learner


@pytest.fixture(params=sorted(KERNELS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("counts", [[9, 7], [8, 6, 7], [4] * 7], ids=str)
@pytest.mark.parametrize("weight", [None, "balanced"])
def test_classes_and_decision_values_are_svc_s_own(name: str, counts: list[int], weight: str | None) -> None:
    X, y = blobs(counts)
    pool, _ = blobs([40] * len(counts), seed=1)
    fitted = build(name, class_weight=weight, C=2.0).fit(X, y, len(counts), 0)
    model = SVC(C=2.0, kernel=KERNELS[name], class_weight=weight).fit(X, y)
    before = fitted.predict(pool)
    assert np.array_equal(before, model.predict(pool))
    for other in (np.asfortranarray(pool), pool.astype(np.float32)):
        assert np.array_equal(fitted.predict(other), model.predict(other)), "libsvm itself takes neither"
    assert np.array_equal(fitted.decision_function(pool), model.decision_function(pool))
    fitted.predict_proba(pool)
    assert np.array_equal(fitted.predict(pool), before)


@pytest.mark.parametrize("counts", [[9, 7], [8, 6, 7], [4] * 7, [2] * 30], ids=str)
def test_decision_values_from_a_kernel_are_svc_s(name: str, counts: list[int]) -> None:
    X, y = blobs(counts)
    pool, _ = blobs([40] * len(counts), seed=1)
    learner = build(name)
    for train, rows in ((X, pool), (sp.csr_matrix(X), sp.csr_matrix(pool))):
        model = learner.fit(train, y, len(counts), 0).model
        machine = machine_of(model)
        values = machine.decision(learner.kernel(model, rows, train[machine.support]))
        np.testing.assert_allclose(values, model.decision_function(rows), atol=1e-9)


def test_decision_values_do_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = blobs([8, 6, 7])
    model = SVC(kernel="linear").fit(X, y)
    machine = machine_of(model)
    kernel = X @ X[machine.support].T
    whole = machine.decision(kernel)
    monkeypatch.setattr("algrid.learners._duals._BLOCK", 45)  # five rows at a time
    np.testing.assert_allclose(machine.decision(kernel), whole, atol=1e-12)


@pytest.mark.parametrize("counts", [[9, 7], [8, 6, 7], [3] * 12], ids=str)
def test_a_fit_on_a_kernel_is_svc_s(counts: list[int]) -> None:
    X, y = blobs(counts)
    kernel = np.ascontiguousarray(X @ X.T)
    machine = fit_machine(kernel, y, 0.5, np.ones(len(counts)))
    model = SVC(kernel="precomputed", C=0.5).fit(kernel, y)
    assert np.array_equal(machine.support, model.support_)
    assert np.array_equal(machine.counts, model.n_support_)
    assert np.array_equal(machine.coefficients, model.dual_coef_)
    assert np.array_equal(machine.intercepts, model.intercept_)


def test_class_weights_of_a_fit_on_a_kernel_are_svc_s() -> None:
    X, y = blobs([12, 4])
    kernel = np.ascontiguousarray(X @ X.T)
    machine = fit_machine(kernel, y, 1.0, np.array([16 / 24, 16 / 8]))
    assert np.array_equal(
        machine.coefficients, SVC(kernel="precomputed", class_weight="balanced").fit(kernel, y).dual_coef_
    )


@pytest.mark.parametrize("weight", [None, "balanced"])
@pytest.mark.parametrize("counts", [[21, 14], [14, 11, 9]], ids=str)
def test_probabilities_are_those_of_scikit_learn_s_calibration(
    name: str, counts: list[int], weight: str | None
) -> None:
    # the same folds, one sigmoid for all of them; gamma a number, since scikit-learn's folds would choose their own
    extra: dict[str, Any] = {"gamma": 0.2} if name == "svm_rbf" else {}
    X, y = blobs(counts)
    pool, _ = blobs([50] * len(counts), seed=1)
    folds = PredefinedSplit(stratified_folds(y, 5))
    model = SVC(kernel=KERNELS[name], class_weight=weight, **extra)
    reference = CalibratedClassifierCV(model, cv=folds, ensemble=False).fit(X, y)
    ours = build(name, class_weight=weight, **extra).fit(X, y, len(counts), 0)
    np.testing.assert_allclose(ours.predict_proba(pool), reference.predict_proba(pool), atol=2e-3)


def test_probabilities_are_informative(name: str) -> None:
    X, y = blobs([30, 30, 30], seed=3)
    pool, truth = blobs([60, 60, 60], seed=4)
    proba = build(name).fit(X, y, 3, 0).predict_proba(pool)
    assert log_loss(truth, proba) < 0.95  # guessing: log(3) = 1.10


@pytest.mark.parametrize(
    ("counts", "n_folds"), [([1, 8], None), ([5, 1, 5], None), ([2, 6], 2), ([3, 9, 4], 3), ([9, 9], 5)], ids=str
)
def test_folds_shrink_to_the_rarest_class(counts: list[int], n_folds: int | None, monkeypatch: Any) -> None:
    used = []

    def spy(y: Any, n: int) -> Any:
        used.append(n)
        return stratified_folds(y, n)

    monkeypatch.setattr("algrid.learners._svc.stratified_folds", spy)
    X, y = blobs(counts)
    fitted = build("svm_rbf").fit(X, y, len(counts), 0)
    assert fitted.calibrated is None
    fitted.predict(X)
    assert fitted.calibrated is None  # nothing is paid before it is asked for
    fitted.predict_proba(X)
    assert used == ([] if n_folds is None else [n_folds])
    assert isinstance(fitted.calibrated, Uncalibrated if n_folds is None else Platt)
    fitted.predict_proba(X)
    assert len(used) <= 1


def test_with_one_row_of_a_class_it_is_the_sigmoid_or_softmax_of_the_decision_values(name: str) -> None:
    X, y = blobs([1, 6])
    fitted = build(name).fit(X, y, 2, 0)
    expected = 1 / (1 + np.exp(-fitted.decision_function(X)))
    np.testing.assert_allclose(fitted.predict_proba(X)[:, 1], expected, atol=1e-9)
    X, y = blobs([1, 6, 3])
    fitted = build(name).fit(X, y, 3, 0)
    powers = np.exp(fitted.decision_function(X))
    np.testing.assert_allclose(fitted.predict_proba(X), powers / powers.sum(axis=1, keepdims=True), atol=1e-9)


def test_large_offsets_cost_no_digits() -> None:
    X, y = blobs([10, 10])
    learner = build("svm_rbf", gamma=0.3)
    here, there = learner.fit(X, y, 2, 0), learner.fit(X + 1e6, y, 2, 0)
    np.testing.assert_allclose(there.predict_proba(X + 1e6), here.predict_proba(X), atol=1e-4)


def test_equal_pool_rows_have_equal_probabilities_where_pairs_are_undecided(name: str) -> None:
    X = np.full((9, 7), 0.1)
    y = np.arange(9) % 3
    proba = build(name).fit(X, y, 3, 0).predict_proba(np.full((101, 7), 0.1))
    np.testing.assert_allclose(proba, proba[[0]].repeat(101, axis=0), atol=1e-9)
