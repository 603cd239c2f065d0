"""Strategies that look at the features: by hand, and against direct computations."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any, ClassVar

import numpy as np
import pytest
import scipy.sparse as sp
from strategy_states import logistic_regression, make_state

from algrid.learners.base import Fitted, Learner
from algrid.strategies import STRATEGIES
from algrid.strategies._clusters import kmeans, one_per_cluster
from algrid.strategies._geometry import geometry
from algrid.strategies.density_weighted import densities
from algrid.strategies.informative_diverse import _place_in_group
from algrid.strategies.lightweight_coreset import proposal


def line(*values: float) -> Any:
    return np.array(values, dtype=float)[:, None]


# ---- lightweight core-sets


def test_lightweight_coreset_proposal_by_hand() -> None:
    # candidates 0, 1, 5: mean 2, squared distances 4, 1, 9
    state = make_state(line(100, 0, 1, 5), [0], [0], n_classes=2)
    np.testing.assert_allclose(proposal(state), [1 / 6 + 4 / 28, 1 / 6 + 1 / 28, 1 / 6 + 9 / 28], rtol=1e-12)
    sparse = make_state(sp.csr_matrix(line(100, 0, 1, 5)), [0], [0], n_classes=2)
    np.testing.assert_allclose(proposal(sparse), proposal(state), rtol=1e-12)


def test_lightweight_coreset_is_uniform_without_spread() -> None:
    assert proposal(make_state(line(3, 7, 7), [0], [0], n_classes=2)).tolist() == [0.5, 0.5]


def test_lightweight_coreset_draws_by_the_proposal() -> None:
    strategy = STRATEGIES.build("lightweight_coreset")
    state = make_state(line(100, 0, 1, 5), [0], [0], n_classes=2)
    counts = np.zeros(4)
    for seed in range(3000):
        object.__setattr__(state, "_rng", lambda seed=seed: np.random.default_rng(seed))
        counts[strategy.query(state)] += 1
    np.testing.assert_allclose(counts[1:] / 3000, proposal(state), atol=0.03)  # more than 3 standard errors


# ---- ranked batches


def test_ranked_batch_by_hand() -> None:
    # labelled at 0; candidates at 1, 3, 3 with uncertainties 0.5, 0.1, 0
    proba = [[1, 0], [0.5, 0.5], [0.9, 0.1], [1, 0]]
    state = make_state(line(0, 1, 3, 3), [0], [0], n_classes=2, proba=proba, batch_size=3)
    # a = 3/4: 3/4 * (1 - 1/2) + 1/4 * 1/2 = 0.5;   3/4 * (1 - 1/4) + 1/4 * 0.1 = 0.5875;   0.5625: the second.
    # then the third is at distance 0 of it; a = 2/4: first 2/4 * 1/2 + 2/4 * 1/2 = 0.5, third 0
    assert STRATEGIES.build("ranked_batch").query(state).tolist() == [2, 1, 3]


def test_ranked_batch_equals_a_direct_computation() -> None:
    rng = np.random.default_rng(0)
    X, proba = rng.normal(size=(40, 3)), rng.dirichlet(np.ones(3), 40)
    state = make_state(X, range(5), [0] * 5, n_classes=3, proba=proba, batch_size=8)
    known, rest = list(range(5)), list(range(5, 40))
    for _ in range(8):
        a = len(rest) / 40
        score = {
            i: a * (1 - 1 / (1 + min(sqrt(((X[i] - X[j]) ** 2).sum()) for j in known))) + (1 - a) * (1 - max(proba[i]))
            for i in rest
        }
        known.append(max(rest, key=score.__getitem__))
        rest.remove(known[-1])
    assert STRATEGIES.build("ranked_batch").query(state).tolist() == known[5:]


# ---- contrastive


def test_contrastive_by_hand() -> None:
    # labelled at 0 and 10; candidates 1 and 9 are compared with the nearer one
    proba = [[0.8, 0.2], [0.1, 0.9], [0.5, 0.5], [0.1, 0.9]]
    state = make_state(line(0, 10, 1, 9), [0, 1], [0, 1], proba=proba)
    expected = [0.8 * log(0.8 / 0.5) + 0.2 * log(0.2 / 0.5), 0.0]
    utilities = STRATEGIES.build("contrastive", {"neighbors": 1}).utilities(state)
    np.testing.assert_allclose(utilities, expected, rtol=0, atol=1e-15)
    both = STRATEGIES.build("contrastive").utilities(state)  # 10 neighbours are asked for, two are there
    other = 0.1 * log(0.1 / 0.5) + 0.9 * log(0.9 / 0.5)
    np.testing.assert_allclose(both[0], (expected[0] + other) / 2, rtol=1e-12)


def test_contrastive_is_finite_where_a_probability_is_zero() -> None:
    proba = [[0.5, 0.5], [0.0, 1.0], [0.5, 0.5]]
    utilities = STRATEGIES.build("contrastive").utilities(make_state(line(0, 1, 2), [0], [0], n_classes=2, proba=proba))
    assert np.isfinite(utilities).all()
    assert utilities[0] > utilities[1]


def test_k_nearest_equals_a_full_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))
    space = geometry(make_state(X, [0], [0], n_classes=2))
    centers = np.arange(3, 24)
    distances = ((X[:, None] - X[centers]) ** 2).sum(axis=2)
    expected = np.sort(centers[np.argsort(distances, axis=1)[:, :4]], axis=1)
    for block in (2**22, 150, 60):
        monkeypatch.setattr("algrid.strategies._geometry._BLOCK", block)
        np.testing.assert_array_equal(np.sort(space.k_nearest(centers, 4), axis=1), expected)


# ---- density


def test_density_by_hand() -> None:
    # candidates east, east, north, and nowhere: cosines to (east, east, north, nowhere)
    X = np.array([[-5, 1], [2, 0], [7, 0], [0, 3], [0, 0]], dtype=float)
    state = make_state(X, [0], [0], n_classes=2, proba=[[1, 0]] + [[0.5, 0.5]] * 4)
    expected = [(1 + 2 / 4) / 2, (1 + 2 / 4) / 2, (1 + 1 / 4) / 2, 1 / 2]
    np.testing.assert_allclose(densities(state), expected, rtol=1e-12)
    utilities = STRATEGIES.build("density_weighted", {"beta": 2}).utilities(state)
    np.testing.assert_allclose(utilities, log(2) * np.array(expected) ** 2, rtol=1e-12)


def test_density_is_the_mean_of_all_similarities() -> None:
    X = np.random.default_rng(0).normal(size=(20, 4))
    state = make_state(X, [0, 5], [0, 1])
    unit = (X / np.linalg.norm(X, axis=1, keepdims=True))[state.unlabeled]
    np.testing.assert_allclose(densities(state), ((1 + unit @ unit.T) / 2).mean(axis=1), rtol=1e-12)


def test_density_without_weight_is_entropy() -> None:
    X = np.random.default_rng(0).normal(size=(30, 4))
    state = make_state(X, [0, 5], [0, 1], batch_size=6)
    weightless = STRATEGIES.build("density_weighted", {"beta": 0}).query(state)
    np.testing.assert_array_equal(weightless, STRATEGIES.build("entropy").query(state))


def test_graph_density_by_hand() -> None:
    # one neighbour each: 0 - 1 (distance 1), 1 - 2 is no edge, 2 - 3 (distance 0.5), 4 -> 3 (distance 2)
    X = line(0, 1, 5, 5.5, 7.5)
    a, b, c = exp(-1), exp(-0.5), exp(-2)
    density = [a, a, b, (b + c) / 2, c]
    state = make_state(X, [0], [0], n_classes=2, batch_size=4)
    # labelled 0 takes a * a from 1; then 2 (b = 0.61) is the densest and takes b * b from 3 (0.37 - 0.37 = 0.003),
    # then 1 (0.37 - 0.14 = 0.23), then 4 (0.135), then 3
    assert density[3] - b * b < c < a - a * a < b
    assert STRATEGIES.build("graph_density", {"neighbors": 1}).query(state).tolist() == [2, 1, 4, 3]


def test_graph_density_of_rows_far_apart() -> None:
    """Weights underflow; no row may lose its edges."""
    state = make_state(line(0, 1e4, 3e4, 9e4), [0], [0], n_classes=2, batch_size=3)
    assert set(STRATEGIES.build("graph_density", {"neighbors": 1}).query(state).tolist()) == {1, 2, 3}


# ---- clusters


def test_one_per_cluster_by_hand() -> None:
    labels = np.array([0, 0, 1, 1, 1])
    distances = np.array([0.3, 0.3, 0.5, 0.1, 0.2])
    ties = np.array([4, 0, 1, 2, 3])
    assert one_per_cluster(labels, distances, ties, 2).tolist() == [3, 1]
    assert one_per_cluster(labels, distances, ties, 4).tolist() == [3, 1, 4, 0]
    assert one_per_cluster(labels, distances, ties, 1).tolist() == [3]


def test_kmeans_of_fewer_distinct_rows_than_clusters() -> None:
    labels, distances = kmeans(line(1, 1, 1, 4), 3, seed=0)
    assert len(set(labels.tolist())) == 2
    np.testing.assert_allclose(distances, 0, atol=1e-12)


def test_embedding_kmeans_asks_for_the_middles() -> None:
    # labelled rows are no part of the clusters
    X = line(50, 0, 1, 2.2, 10, 11, 12.2, 20, 21, 22.2)
    state = make_state(X, [0], [0], n_classes=2, batch_size=3)
    assert set(STRATEGIES.build("embedding_kmeans").query(state).tolist()) == {2, 5, 8}


def test_mcm_clusters_the_rows_inside_the_margin() -> None:
    X = line(0, 1, 2.2, 10, 11, 12.2, 11, 1, 99)
    decision = [0.9, -0.9, 0.5, 0.9, -0.9, 0.5, 1.0, -7.0, 3.0]  # the last three are outside
    state = make_state(X, [8], [0], n_classes=2, decision=decision, batch_size=2)
    assert set(STRATEGIES.build("mcm").query(state).tolist()) == {1, 4}


def test_mcm_takes_the_closest_while_too_few_are_inside() -> None:
    state = make_state(line(0, 1, 2, 3), [0], [0], n_classes=2, decision=[9, -2, 0.5, 1.5], batch_size=2)
    assert STRATEGIES.build("mcm").query(state).tolist() == [2, 3]


def test_informative_diverse_by_hand() -> None:
    # two clusters of four; a batch of 4 takes two of each, though all small margins are in the first
    X = line(0, 0.1, 0.2, 0.3, 50, 50.1, 50.2, 50.3)
    top = np.array([0.5, 0.51, 0.52, 1.0, 0.9, 0.95, 0.8, 1.0])
    state = make_state(X, [3, 7], [0, 1], proba=np.column_stack([top, 1 - top]), batch_size=4)
    assert STRATEGIES.build("informative_diverse").query(state).tolist() == [0, 1, 6, 4]
    # a batch of 5: three of each are allowed, and there are three of each
    bigger = make_state(X, [3, 7], [0, 1], proba=np.column_stack([top, 1 - top]), batch_size=5)
    assert STRATEGIES.build("informative_diverse").query(bigger).tolist() == [0, 1, 2, 6, 4]


def test_informative_diverse_fills_up_in_order_of_margin() -> None:
    # the second cluster has one candidate left of its share of two
    X = line(0, 0.1, 0.2, 0.3, 50, 50.1, 50.2, 50.3)
    top = np.array([0.5, 0.51, 0.52, 1.0, 0.9, 0.95, 0.8, 1.0])
    state = make_state(X, [4, 5, 7], [0, 1, 1], proba=np.column_stack([top, 1 - top]), batch_size=4)
    assert STRATEGIES.build("informative_diverse").query(state).tolist() == [0, 1, 6, 2]


def test_place_in_group() -> None:
    assert _place_in_group(np.array([2, 0, 2, 2, 0, 1])).tolist() == [0, 0, 1, 2, 1, 0]


def test_typiclust_by_hand() -> None:
    # clusters around 0 (7 rows, one labelled) and 100 (8 rows, none labelled), n_labeled + batch_size = 2
    X = line(-3, -2, -1, 0, 1, 2, 3.5, 100, 101, 102, 103, 104, 105, 106, 107.5)
    strategy = STRATEGIES.build("typiclust", {"max_clusters": 2})
    state = make_state(X, [0], [0], n_classes=2, batch_size=1)
    # of 8 candidates the 4 nearest count: 103 (1, 1, 2, 2) ties with 102 (1, 1, 2, 2); 104 has 1, 1, 2, 2 too
    assert strategy.query(state)[0] in (9, 10, 11)
    # the next is of the other cluster: of 6 candidates the 3 nearest: -1 (1, 1, 2), 0 (1, 1, 2), 1 (1, 1, 2)
    both = strategy.query(make_state(X, [0], [0], n_classes=2, batch_size=2))
    assert both[0] in (9, 10, 11)
    assert both[1] in (2, 3, 4)


def test_typiclust_uses_small_clusters_last() -> None:
    X = line(0, 1, 2, 3, 4, 5, 6, 1000, 1001)
    strategy = STRATEGIES.build("typiclust", {"max_clusters": 2})
    batch = strategy.query(make_state(X, [0], [0], n_classes=2, batch_size=8)).tolist()
    assert set(batch[:6]) == {1, 2, 3, 4, 5, 6}
    assert set(batch[6:]) == {7, 8}


# ---- discriminative


def test_discriminative_goes_where_no_label_is() -> None:
    X = np.concatenate([np.linspace(0, 1, 10), np.linspace(5, 6, 4)])[:, None]
    state = make_state(X, [0, 1, 2, 3], [0, 1, 0, 1], batch_size=1, learner=logistic_regression())
    assert STRATEGIES.build("discriminative").query(state).tolist() == [13]


@dataclass(frozen=True)
class Recorder(Learner):
    """Surest of rows with large features; notes what it was fitted on."""

    name: ClassVar[str] = "recorder"
    fits: ClassVar[list[Any]] = []

    def fit(self, X: Any, y: Any, n_classes: int, seed: int) -> Fitted:
        self.fits.append(([int(x) for x in X[y == 0, 0]], [int(x) for x in X[y == 1, 0]]))
        return Fitted(self, "a model", np.arange(2), n_classes, X, y, seed)

    def probabilities(self, fitted: Fitted, X: Any) -> Any:
        return np.column_stack([1 - X[:, 0] / 100, X[:, 0] / 100])


@pytest.mark.parametrize(("factor", "candidates"), [(10, 30), (2, 6), (100, 57), (None, 57)])
def test_discriminative_is_fitted_on_so_many_candidates_for_each_label(factor: int | None, candidates: int) -> None:
    Recorder.fits.clear()
    state = make_state(line(*range(60)), [3, 14, 15], [0, 1, 0], proba=np.full((60, 2), 0.5), learner=Recorder())
    assert STRATEGIES.build("discriminative", {"unlabeled_factor": factor}).query(state).tolist() == [59]
    ((labeled, seen),) = Recorder.fits
    assert labeled == [3, 14, 15]
    assert len(set(seen) - set(labeled)) == len(seen) == candidates


def test_discriminative_counts_what_it_chose_as_labelled() -> None:
    Recorder.fits.clear()
    strategy = STRATEGIES.build("discriminative", {"sub_batches": 2})
    state = make_state(
        line(0, 1, 2, 3, 4, 5), [1, 2], [0, 1], proba=np.full((6, 2), 0.5), learner=Recorder(), batch_size=3
    )
    assert strategy.query(state).tolist() == [5, 4, 3]  # parts of 2 and 1
    assert Recorder.fits == [([1, 2], [0, 3, 4, 5]), ([1, 2, 4, 5], [0, 3])]
