"""libact's formulae by hand, and how its choices differ from ours; QUIRE and expected errors as ALiPy has them too."""

from __future__ import annotations

from math import log, pi, sqrt
from typing import Any

import numpy as np
import pytest
from strategy_states import decision_tree, gaussian_nb, make_state

from algrid.strategies import STRATEGIES
from algrid.strategies._libact import first
from algrid.strategies.hierarchical import Tree
from algrid.strategies.hierarchical_libact_compatible import pruning


def line(*values: float) -> Any:
    return np.array(values, dtype=float)[:, None]


# rows 0, 1 and 2 are labelled; candidates 3 ... 6
PROBA = np.array([*np.eye(3), [0.5, 0.5, 0], [0.4, 0.3, 0.3], [0.6, 0.2, 0.2], [1, 0, 0]])


def by_hand(**keywords: Any) -> Any:
    return make_state(np.zeros((7, 1)), [0, 1, 2], [0, 1, 2], **{"proba": PROBA, **keywords})


def build(name: str, **parameters: Any) -> Any:
    return STRATEGIES.build(f"{name}_compatible", parameters)


def test_the_first_of_the_highest_and_no_number_is_higher() -> None:
    assert first(np.array([1.0, 3.0, np.nan, 3.0, -np.inf, np.nan]), 6).tolist() == [2, 5, 1, 3, 0, 4]


def test_uncertainties_by_hand() -> None:
    assert build("least_confident@libact").query(by_hand(batch_size=4)).tolist() == [4, 3, 5, 6]
    assert build("margin@libact").query(by_hand(batch_size=4)).tolist() == [3, 4, 5, 6]


def test_entropy_is_no_number_where_a_probability_is_zero() -> None:
    utilities = build("entropy@libact").utilities(by_hand())
    assert np.isnan(utilities[[0, 3]]).all()
    np.testing.assert_allclose(utilities[1], -0.4 * log(0.4) - 0.6 * log(0.3), rtol=1e-12)
    # the most certain row is asked for before the most uncertain one
    assert build("entropy@libact").query(by_hand(batch_size=4)).tolist() == [3, 6, 4, 5]
    # a class that nobody has seen is none to scikit-learn, and no number is lost on it
    unseen = make_state(np.zeros((7, 1)), [0, 1], [0, 1], n_classes=3, proba=PROBA)
    assert np.isnan(build("entropy@libact").utilities(unseen)).tolist() == [True, False, False, False, True]


@pytest.mark.parametrize("family", ["least_confident", "margin", "entropy"])
def test_ties_go_to_the_earlier_row(family: str) -> None:
    state = by_hand(proba=np.tile([0.25, 0.5, 0.25], (7, 1)), batch_size=2, ties=range(7)[::-1])
    assert build(f"{family}@libact").query(state).tolist() == [3, 4]


# ---- QUIRE


def quire_one_by_one(state: Any, gamma: float, lambda_: float) -> list[float]:
    """The formula of the docstring, candidate by candidate."""
    X, u, labeled = state.X, state.unlabeled, state.labeled
    K = np.exp(-gamma * ((X[:, None] - X) ** 2).sum(axis=2))
    L = np.linalg.inv(K + lambda_ * np.eye(len(X)))
    y = 2 * state.y_labeled - 1 if state.n_classes == 2 else state.y_labeled
    B = lambda_ * np.eye(len(u)) + K[np.ix_(u, u)] - K[np.ix_(u, labeled)] @ K[np.ix_(labeled, u)] / lambda_
    values = []
    for i, x in enumerate(u):
        r = np.delete(u, i)
        b = np.delete(B[:, i], i)
        B_r = np.delete(np.delete(B, i, axis=0), i, axis=1) - b @ b / B[i, i]
        term = (L[x, labeled] - L[x, r] @ B_r @ L[np.ix_(r, labeled)]) @ y
        values.append(-(L[x, x] - np.linalg.det(L[np.ix_(u, u)]) / L[x, x] + 2 * abs(term)))
    return values


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("library", ["libact", "alipy"])
def test_quire_equals_the_formula(library: str, n_classes: int) -> None:
    X = np.random.default_rng(0).normal(size=(20, 2))
    state = make_state(X, range(6), np.arange(6) % n_classes)
    utilities = build(f"quire@{library}", gamma=0.7, lambda_=0.5).utilities(state)
    np.testing.assert_allclose(utilities, quire_one_by_one(state, 0.7, 0.5), rtol=1e-9)


def test_quire_of_one_candidate_by_hand() -> None:
    # rows at 0 (labelled 1) and far away: K and L are diagonal, L_uu = 1/2, and nothing is pulled
    state = make_state(line(0, 100), [0], [1], n_classes=2)
    assert build("quire@libact").utilities(state).tolist() == [-(0.5 - 1.0)]


def test_quire_is_not_the_papers() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    different = 0
    for seed in range(10):
        labeled = np.random.default_rng(seed).choice(60, 12, replace=False)
        state = make_state(X, labeled, (X[labeled, 0] > 0).astype(int), batch_size=3)
        theirs = set(build("quire@libact").query(state).tolist())
        different += theirs != set(STRATEGIES.build("quire", {"gamma": 1.0}).query(state).tolist())
    assert different > 0


# ---- DWUS


def test_dwus_by_hand() -> None:
    # two clusters far apart, each row at its centre: weights are 0 and 1, the shares 1/2, and w and b settle the labels
    X = line(0, 0, 0, 9, 9, 9)
    state = make_state(X, [0, 3], [0, 1], batch_size=4)
    utilities = build("dwus@libact", n_clusters=2).utilities(state)
    density = 0.5 / sqrt(2 * pi * sqrt(0.1))
    error = utilities / density
    # the centres stand at 0 and 9; b is free, so that both errors are equal: w as the derivative says
    assert np.ptp(error) < 1e-4
    w = (log(1 / error[0] - 1) + log(1 / error[-1] - 1)) / 9
    assert w == pytest.approx(9 * error[0], rel=1e-3)  # w - 0 e_0 - 9 e_1 = 0
    assert build("dwus@libact", n_clusters=2).query(state).tolist()[0] in (1, 2, 4, 5)


def test_dwus_prefers_dense_clusters_of_unknown_label() -> None:
    X = line(-0.1, 0, 0.1, 0.05, 4, 4.05, 3.95, 4.1, 8)
    state = make_state(X, [0, 4, 5], [0, 1, 0], batch_size=2)
    assert set(build("dwus@libact", n_clusters=3).query(state).tolist()) <= {6, 7}


def test_dwus_asks_for_the_first_row_where_weights_underflow() -> None:
    X = np.random.default_rng(0).normal(scale=50, size=(30, 40))
    state = make_state(X, [0, 1], [0, 1], batch_size=3)
    strategy = build("dwus@libact")
    assert np.isnan(strategy.utilities(state)).all()
    assert strategy.query(state).tolist() == [2, 3, 4]


# ---- hierarchical sampling


def test_pruning_by_hand() -> None:
    # two pure clusters: with three labels each of four rows the root is split, and its children are known
    X = line(0, 0.1, 0.2, 0.3, 50, 50.1, 50.2, 50.3)
    state = make_state(X, [0, 1, 2, 4, 5, 6], [0, 0, 0, 1, 1, 1])
    tree = Tree.of(state.X)
    nodes, weights = pruning(tree, state)
    rows = [set(tree.rows(node).tolist()) for node in nodes]
    assert {frozenset(part) for part in rows if len(part) > 1} >= {frozenset({4, 5, 6, 7})}
    assert len(set().union(*rows)) == 8
    # the node of 4 ... 7: three of four labels, all alike: 4 - max(3, 4 - 4 * (1/4) / 3) = 1/3
    assert weights[rows.index({4, 5, 6, 7})] == pytest.approx(1 / 3)


def test_pruning_without_labels_below_the_root() -> None:
    state = make_state(line(0, 1, 2, 10), [1], [0], n_classes=2)
    nodes, weights = pruning(Tree.of(state.X), state)
    assert len(nodes) == 1
    # one label in four rows: lower = max(1, 4 - 4 * (3/4)), upper of the other = 3, and 1 > 2 * 3 - 4 is false
    assert weights.tolist() == [4.0]


def test_hierarchical_draws_from_the_unknown_cluster() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(20, 2)), rng.normal(size=(20, 2)) + 30])
    labeled = [*range(18), 20, 21, 22, 23]
    y = [0] * 18 + [0, 1, 0, 1]
    drawn: list[int] = []
    strategy = build("hierarchical@libact")
    for seed in range(30):
        state = make_state(X, labeled, y)
        object.__setattr__(state, "_rng", lambda seed=seed: np.random.default_rng(seed))
        drawn += strategy.query(state).tolist()
    assert np.mean(np.array(drawn) >= 20) > 0.8


# ---- expected errors


def test_expected_entropy_equals_a_direct_computation() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    X = rng.normal(size=(24, 2)) + y[:, None]
    state = make_state(X, range(8), y[:8], learner=gaussian_nb(), batch_size=4)
    losses = {}
    for row in state.unlabeled:
        rest = np.setdiff1d(state.unlabeled, [row])
        expected = 0.0
        for label, chance in enumerate(state.model.predict_proba()[row]):
            fitted = gaussian_nb().fit(X[[*range(8), row]], np.append(y[:8], label), 2, state.learner_seed)
            proba = fitted.predict_proba(X)[rest]
            expected -= chance * (proba * np.log(proba)).sum()
        losses[int(row)] = expected
    batch = build("expected_error_reduction@alipy", candidates=100).query(state).tolist()
    assert batch == sorted(losses, key=losses.__getitem__)[:4]


def test_expected_entropy_of_trees_is_no_number() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), np.arange(30) % 2
    state = make_state(X, range(8), y[:8], learner=decision_tree(), batch_size=3)
    assert build("expected_error_reduction@alipy", candidates=100).query(state).tolist() == [8, 9, 10]


@pytest.mark.parametrize(("loss", "ours"), [("binary", "zero_one"), ("log", "log")])
def test_expected_error_of_modal_is_ours(loss: str, ours: str) -> None:
    rng = np.random.default_rng(1)
    y = np.arange(26) % 3
    X = rng.normal(size=(26, 2)) + y[:, None]
    state = make_state(X, range(9), y[:9], learner=gaussian_nb(), batch_size=5)
    modal = STRATEGIES.build("expected_error_reduction@modal", {"loss": loss, "candidates": 100}).query(state)
    own = STRATEGIES.build("expected_error_reduction", {"loss": ours, "candidates": 100}).query(state)
    assert set(modal.tolist()) == set(own.tolist())
    assert not hasattr(np, "float")
