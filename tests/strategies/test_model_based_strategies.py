"""QUIRE, expected error reduction and the oracles: against direct inverses, exhaustive refits and enumeration."""

from __future__ import annotations

from itertools import combinations
from math import log
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC
from strategy_states import gaussian_nb, logistic_regression, make_state

from algrid.errors import StrategyError
from algrid.strategies import STRATEGIES
from algrid.strategies._geometry import geometry
from algrid.strategies._kernels import gaussian_kernel, scale
from algrid.strategies._refits import draw_candidates


def blobs(n: int, n_classes: int, seed: int = 0, n_features: int = 3) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    return rng.normal(size=(n, n_features)) + rng.uniform(-2, 2, size=(n_classes, n_features))[y], y


def mixed(n: int) -> tuple[Any, Any]:
    """Classes so close that every batch changes the score."""
    X = np.random.default_rng(1).normal(size=(n, 2))
    y = np.arange(n) % 2
    return X + 0.4 * y[:, None], y


# ---- QUIRE


def rbf(X: Any, gamma: float) -> Any:
    return np.exp(-gamma * ((X[:, None] - X) ** 2).sum(axis=2))


def direct_quire(X: Any, labeled: Any, signs: Any, candidate: int, gamma: float, lambda_: float) -> float:
    """The paper's objective: the inverse over the whole pool, other rows' labels free, the worst own label."""
    L = np.linalg.inv(rbf(X, gamma) + lambda_ * np.eye(len(X)))
    known = [*labeled, candidate]
    free = np.setdiff1d(np.arange(len(X)), known)
    values = []
    for own in (-1.0, 1.0):
        y = np.zeros(len(X))
        y[labeled], y[candidate] = signs, own
        # the minimum over the free labels, where the gradient is zero
        y[free] = -np.linalg.solve(L[np.ix_(free, free)], L[np.ix_(free, known)] @ y[known])
        values.append(y @ L @ y)
    return max(values)


@given(st.integers(0, 10_000), st.integers(2, 4), st.sampled_from([0.05, 0.7]), st.sampled_from([0.1, 1.0, 5.0]))
@settings(deadline=None, max_examples=20)
def test_quire_equals_the_direct_inverse(seed: int, n_classes: int, gamma: float, lambda_: float) -> None:
    X, y = blobs(18, n_classes, seed)
    labeled = np.arange(5)
    state = make_state(X, labeled, y[labeled], n_classes=n_classes)
    utilities = STRATEGIES.build("quire", {"gamma": gamma, "lambda_": lambda_}).utilities(state)
    problems = [np.where(y[labeled] == c, 1.0, -1.0) for c in range(1 if n_classes == 2 else n_classes)]
    direct = [sum(direct_quire(X, labeled, signs, x, gamma, lambda_) for signs in problems) for x in range(5, 18)]
    L_own = np.linalg.inv(rbf(X, gamma)[:5, :5] + lambda_ * np.eye(5))
    common = sum(signs @ L_own @ signs for signs in problems)  # the part that all candidates share
    np.testing.assert_allclose(common - utilities, direct, rtol=1e-9)


def test_quire_by_hand() -> None:
    # one label, 1, at 0; kernel values 1/2 and 1/4 to the candidates, lambda 1: f = k / 2, v = 2 - k^2 / 2
    X = np.sqrt([[0.0], [log(2)], [log(4)]])
    state = make_state(X, [0], [1], n_classes=2)
    expected = [-((1 + 1 / 4) ** 2) / (2 - 1 / 8), -((1 + 1 / 8) ** 2) / (2 - 1 / 32)]
    np.testing.assert_allclose(STRATEGIES.build("quire", {"gamma": 1}).utilities(state), expected, rtol=1e-12)


def test_quire_in_blocks_and_of_sparse_features(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = blobs(40, 3)
    whole = STRATEGIES.build("quire").utilities(make_state(X, range(9), y[:9]))
    sparse = STRATEGIES.build("quire").utilities(make_state(sp.csr_matrix(X), range(9), y[:9]))
    np.testing.assert_allclose(sparse, whole, rtol=1e-9)
    monkeypatch.setattr("algrid.strategies.quire._BLOCK", 30)
    np.testing.assert_allclose(STRATEGIES.build("quire").utilities(make_state(X, range(9), y[:9])), whole, rtol=1e-12)


def test_the_scale_is_that_of_scikit_learn() -> None:
    X, y = blobs(30, 2)
    for offset in (0.0, 50.0):
        model = SVC(gamma="scale").fit(X + offset, y)
        for features in (X + offset, sp.csr_matrix(X + offset)):
            np.testing.assert_allclose(scale(make_state(features, [0, 1], y[:2]), "scale"), model._gamma, rtol=1e-9)
    assert scale(make_state(np.full((5, 2), 0.3), [0], [0], n_classes=2), "scale") == 1.0
    assert scale(make_state(X, [0, 1], y[:2]), 0.25) == 0.25


def test_the_kernel_is_symmetric_with_a_unit_diagonal() -> None:
    space = geometry(make_state(blobs(12, 2)[0], [0, 1], [0, 1]))
    values = gaussian_kernel(space, np.arange(12), np.arange(12), 0.3)
    np.testing.assert_allclose(values, rbf(blobs(12, 2)[0], 0.3), rtol=1e-12)


# ---- expected error reduction


def exhaustive(X: Any, y: Any, n: int, loss: str) -> Any:
    """With scikit-learn alone: every candidate, every label, every loss."""
    rest = np.arange(n, len(X))
    before = GaussianNB().fit(X[:n], y[:n]).predict_proba(X)
    errors = []
    for x in rest:
        others = rest[rest != x]
        error = 0.0
        for label in range(3):
            after = GaussianNB().fit(np.vstack([X[:n], X[[x]]]), [*y[:n], label]).predict_proba(X[others])
            lost = [(-sum(p * log(p) for p in row if p > 0)) if loss == "log" else 1 - max(row) for row in after]
            error += before[x, label] * float(np.mean(lost))
        errors.append(error)
    return rest, np.array(errors)


@pytest.mark.parametrize("loss", ["log", "zero_one"])
def test_expected_error_equals_exhaustive_refits(loss: str) -> None:
    X, y = blobs(25, 3)
    rest, errors = exhaustive(X, y, 12, loss)
    strategy = STRATEGIES.build("expected_error_reduction", {"loss": loss})
    state = make_state(X, range(12), y[:12], learner=gaussian_nb(), strategy=strategy, batch_size=4)
    np.testing.assert_allclose([strategy._expected(state, row) for row in rest], errors, rtol=1e-9)  # type: ignore[attr-defined]
    assert strategy.query(state).tolist() == rest[np.argsort(errors)[:4]].tolist()


def test_expected_error_tries_no_more_than_its_candidates() -> None:
    X, y = blobs(60, 2)
    strategy = STRATEGIES.build("expected_error_reduction", {"candidates": 8})
    state = make_state(X, range(12), y[:12], learner=gaussian_nb(), strategy=strategy, batch_size=3)
    drawn = draw_candidates(state, state.rng(), 8)
    assert len(drawn) == len(set(drawn.tolist())) == 8
    assert set(strategy.query(state).tolist()) <= set(drawn.tolist())
    assert len(draw_candidates(state, state.rng(), 2)) == 3  # a batch at least
    assert draw_candidates(state, state.rng(), 100).tolist() == state.unlabeled.tolist()
    assert strategy.fits_per_query(3) == 16


# ---- the oracles


class Fixed:
    """A generator whose draws are all batches, in order."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches = iter(batches)

    def choice(self, candidates: Any, size: int, replace: bool) -> Any:
        return np.array(next(self.batches))


def accuracy_with(X: Any, y: Any, rows: Any) -> float:
    return float(GaussianNB().fit(X[rows], y[rows]).score(X, y))


def test_greedy_oracle_finds_the_best_batch_of_all() -> None:
    X, y = mixed(14)
    every = [list(pair) for pair in combinations(range(6, 14), 2)]
    strategy = STRATEGIES.build("greedy_oracle", {"batches": len(every)})
    state = make_state(X, range(6), y[:6], learner=gaussian_nb(), strategy=strategy, batch_size=2, true_labels=y)
    object.__setattr__(state, "_rng", lambda: Fixed(every))
    scores = [accuracy_with(X, y, [*range(6), *batch]) for batch in every]
    assert len(set(scores)) > 2
    assert strategy.query(state).tolist() == every[int(np.argmax(scores))]  # the first of equal ones
    object.__setattr__(state, "_rng", lambda: Fixed(every[::-1]))
    assert strategy.query(state).tolist() == every[::-1][int(np.argmax(scores[::-1]))]


def test_greedy_oracle_looks_at_true_labels_of_the_batch_and_given_ones_of_the_rest() -> None:
    X = np.array([[-1.0], [1.0], [-0.9], [0.9], [-3.0], [3.0]])
    truth = [0, 1, 0, 1, 0, 1]
    strategy = STRATEGIES.build("greedy_oracle", {"batches": 2})
    state = make_state(X, [0, 1], [1, 0], learner=logistic_regression(), strategy=strategy, true_labels=truth)
    # the labels that were given are both wrong: only a far row with its true label turns the line round
    object.__setattr__(state, "_rng", lambda: Fixed([[2], [5]]))
    assert strategy.query(state).tolist() == [5]


def test_beam_search_equals_exhaustive_search_where_the_beam_is_wide_enough() -> None:
    X, y = mixed(11)
    rest = list(range(6, 11))
    pairs = [[a, b] for a in rest for b in rest if b != a]
    strategy = STRATEGIES.build("beam_search_oracle", {"width": 5, "depth": 2, "batches": 5})
    state = make_state(X, range(6), y[:6], learner=gaussian_nb(), strategy=strategy, true_labels=y)
    # the first step draws each row once; the second step draws, for each, its four others (one of them twice)
    first = [accuracy_with(X, y, [*range(6), a]) for a in rest]
    order = [rest[i] for i in np.argsort(-np.array(first), kind="stable")]
    draws = [[a] for a in rest]
    for a in order:
        others = [b for b in rest if b != a]
        draws += [[b] for b in [*others, others[0]]]
    object.__setattr__(state, "_rng", lambda: Fixed(draws))
    best = max(accuracy_with(X, y, [*range(6), *pair]) for pair in pairs)
    answer = strategy.query(state).tolist()
    reached = [max(accuracy_with(X, y, [*range(6), a, b]) for b in rest if b != a) for a in rest]
    assert len(set(reached)) > 1  # it matters which one comes first
    assert best == max(accuracy_with(X, y, [*range(6), answer[0], b]) for b in rest if b != answer[0])


def test_beam_search_of_depth_one_is_the_greedy_oracle() -> None:
    X, y = blobs(40, 3)
    keywords: dict[str, Any] = {"learner": gaussian_nb(), "batch_size": 4, "true_labels": y}
    greedy = STRATEGIES.build("greedy_oracle", {"batches": 6})
    beam = STRATEGIES.build("beam_search_oracle", {"depth": 1, "batches": 6})
    answers = [s.query(make_state(X, range(9), y[:9], **keywords)).tolist() for s in (greedy, beam)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", sorted(n for n in STRATEGIES.names() if n.endswith("_oracle")))
def test_oracles_refuse_a_state_without_true_labels(name: str) -> None:
    X, y = blobs(20, 2)
    with pytest.raises(StrategyError, match="needs true labels"):
        STRATEGIES.build(name).query(make_state(X, range(6), y[:6]))


def test_fits_of_a_query() -> None:
    assert STRATEGIES.build("greedy_oracle", {"batches": 20}).fits_per_query(5) == 20
    assert STRATEGIES.build("beam_search_oracle", {"width": 3, "depth": 3, "batches": 4}).fits_per_query(5) == 28
    assert STRATEGIES.build("beam_search_oracle", {"width": 9, "depth": 2, "batches": 4}).fits_per_query(5) == 20
