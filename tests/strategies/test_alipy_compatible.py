"""ALiPy's formulae by hand, and how its choices differ from ours."""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from strategy_states import linear_svc, make_state

from algrid.strategies import STRATEGIES
from algrid.strategies._alipy import last
from algrid.strategies.density_weighted_alipy_compatible import mean_distances
from algrid.strategies.qbc_alipy_compatible import divergences, vote_entropies


def line(*values: float) -> Any:
    return np.array(values, dtype=float)[:, None]


# rows 0, 1 and 2 are labelled; candidates 3 ... 6
PROBA = np.array([*np.eye(3), [0.5, 0.5, 0], [0.4, 0.3, 0.3], [0.6, 0.2, 0.2], [1, 0, 0]])


def by_hand(**keywords: Any) -> Any:
    return make_state(np.zeros((7, 1)), [0, 1, 2], [0, 1, 2], **{"proba": PROBA, **keywords})


def build(family: str, **parameters: Any) -> Any:
    return STRATEGIES.build(f"{family}@alipy_compatible", parameters)


def test_the_last_of_an_ascending_sort() -> None:
    assert last(np.array([1.0, 3.0, 2.0, 3.0, 3.0]), 2).tolist() == [4, 3]
    assert last(np.array([1.0, np.nan, 2.0]), 2).tolist() == [1, 2]


def test_uncertainties_by_hand() -> None:
    np.testing.assert_allclose(build("least_confident").utilities(by_hand()), [0.5, 0.6, 0.4, 0], rtol=0, atol=1e-15)
    np.testing.assert_allclose(build("margin").utilities(by_hand()), [0, -0.1, -0.4, -1], rtol=0, atol=1e-15)
    first = log(2) - 1e-6 * log(1.001e-6)  # half and half, and a floor
    certain = -2e-6 * log(1.001e-6) - log(1 + 1e-9)
    utilities = build("entropy").utilities(by_hand())
    np.testing.assert_allclose(utilities[[0, 3]], [first, certain], rtol=1e-6)


def test_entropy_takes_classes_with_a_label_only() -> None:
    state = make_state(np.zeros((7, 1)), [0, 1], [0, 1], n_classes=3, proba=PROBA)
    assert build("entropy").utilities(state)[1] == pytest.approx(log(2), rel=1e-8)  # the third class has no floor


@pytest.mark.parametrize("family", ["least_confident", "margin", "entropy"])
def test_ties_go_to_the_later_row(family: str) -> None:
    state = by_hand(proba=np.tile([0.25, 0.5, 0.25], (7, 1)), batch_size=2)
    assert build(family).query(state).tolist() == [6, 5]


def test_kcenter_ties_go_to_the_earlier_row() -> None:
    state = make_state(line(0, 1, 5, 5, 1), [0], [0], n_classes=2, batch_size=4, ties=[4, 3, 2, 1, 0])
    assert build("kcenter_greedy").query(state).tolist() == [2, 1, 3, 4]
    assert STRATEGIES.build("kcenter_greedy").query(state).tolist() == [3, 4, 2, 1]


def test_random_batches_are_not_nested() -> None:
    X, strategy = np.zeros((200, 1)), build("random")
    ten = strategy.query(make_state(X, [0], [0], n_classes=2, batch_size=10, strategy=strategy))
    assert len(set(ten.tolist())) == 10
    one = strategy.query(make_state(X, [0], [0], n_classes=2, strategy=strategy))
    next_one = strategy.query(make_state(X, [0, *one], [0, 0], n_classes=2, strategy=strategy))
    assert next_one[0] != ten[1]


def test_density_prefers_outliers_by_hand() -> None:
    # candidates 0, 1, 8 (of equal entropy): mean distances 9/3, 8/3, 15/3
    state = make_state(line(50, 0, 1, 8), [0], [0], n_classes=2, proba=np.full((4, 2), 0.5))
    np.testing.assert_allclose(mean_distances(state), [3, 8 / 3, 5], rtol=1e-12)
    assert build("density_weighted").query(state).tolist() == [3]
    # with the cosine of ours, or with the negated gap of theirs, the outlier is last
    gaps = make_state(line(50, 0, 1, 8), [0], [0], n_classes=2, proba=np.tile([0.6, 0.4], (4, 1)), batch_size=3)
    assert build("density_weighted", uncertainty="margin").query(gaps).tolist() == [2, 1, 3]
    np.testing.assert_allclose(
        build("density_weighted", uncertainty="least_confident", beta=2).utilities(gaps),
        0.4 * np.array([3, 8 / 3, 5]) ** 2,
        rtol=1e-12,
    )


@pytest.mark.parametrize("n_candidates", [5, 20, 35])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_mean_distances_equal_a_direct_computation(n_candidates: int, form: Any) -> None:
    X = np.random.default_rng(0).normal(size=(40, 3))
    rows = np.arange(40 - n_candidates, 40)
    state = make_state(form(X), [0, 1], [0, 1], unlabeled=rows)
    direct = np.sqrt(((X[rows][:, None] - X[rows]) ** 2).sum(axis=2)).mean(axis=1)
    np.testing.assert_allclose(mean_distances(state), direct, rtol=1e-9)


def test_graph_density_by_hand() -> None:
    # as in test_diversity_strategies: 0 - 1 (distance 1), 2 - 3 (0.5), 4 - 3 (2), one neighbour each
    X = line(0, 1, 5, 5.5, 7.5)
    a, b, c = exp(-1), exp(-0.5), exp(-2)
    state = make_state(X, [0], [0], n_classes=2, batch_size=4)
    # the labelled row takes all of 1's density; 2 (b) takes b from 3, which is then below 0; 4 has c
    assert a - a < c
    assert (b + c) / 2 - b < 0 < c
    assert build("graph_density", neighbors=1).query(state).tolist() == [2, 4, 1, 3]
    # forgotten: 1 has a, more than 4
    assert build("graph_density", neighbors=1, memory=False).query(state).tolist() == [2, 1, 4, 3]


def test_graph_density_below_zero_adds_to_the_neighbours() -> None:
    # after 2 took b from it, 3 has d < 0; labelled, it adds |d| to 4
    X = line(5, 5.5, 7.5, 20, 21.9)
    b, c, e = exp(-0.5), exp(-2), exp(-1.9)
    d = (b + c) / 2 - b
    assert c - d > e > c
    state = make_state(X, [0, 1], [0, 1])
    assert build("graph_density", neighbors=1).query(state).tolist() == [2]
    assert build("graph_density", neighbors=1, memory=False).query(state).tolist() == [3]


def test_committee_measures_by_hand() -> None:
    votes = np.array([[0, 0, 1], [0, 1, 1], [0, 1, 0]])
    two_to_one = -(2 / 3) * log((2 + 1e-9) / 3) - (1 / 3) * log((1 + 1e-9) / 3)
    np.testing.assert_allclose(vote_entropies(votes), [0, two_to_one, two_to_one], rtol=1e-9, atol=1e-9)
    proba = np.array([[[0.8, 0.2]], [[0.4, 0.6]]])
    expected = 0.8 * log(0.8 / 0.6) + 0.2 * log(0.2 / 0.4) + 0.4 * log(0.4 / 0.6) + 0.6 * log(0.6 / 0.4)
    np.testing.assert_allclose(divergences(proba), [expected], rtol=1e-7)


def test_committees_need_probabilities_for_divergences_only() -> None:
    assert build("qbc").unsupported(linear_svc(), 3, False) is None
    reason = build("qbc", disagreement="KL_divergence").unsupported(linear_svc(), 3, False)
    assert reason is not None
    assert "predict_proba" in reason
