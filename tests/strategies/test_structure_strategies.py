"""dwus, probcover, badge, hierarchical, cost_embedding: by hand, and against direct computations."""

from __future__ import annotations

from math import log, pi, sqrt
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import to_tree, ward
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans
from sklearn.svm import SVR
from strategy_states import gaussian_nb, make_state

from algrid.strategies import STRATEGIES
from algrid.strategies._geometry import geometry
from algrid.strategies.badge import GradientEmbedding
from algrid.strategies.cost_embedding import CostEmbedding
from algrid.strategies.dwus import log_densities
from algrid.strategies.hierarchical import Hierarchical, Tree, _bounds
from algrid.strategies.probcover import covers, pure_radius


def line(*values: float) -> Any:
    return np.array(values, dtype=float)[:, None]


def blobs(n: int, n_classes: int, seed: int = 0, n_features: int = 3) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    return rng.normal(size=(n, n_features)) + rng.uniform(-2, 2, size=(n_classes, n_features))[y], y


# ---- density weighted uncertainty


def test_dwus_density_by_hand() -> None:
    # clusters {0, 2} and {10, 12, 14}: squared distances 1, 1, 4, 0, 4; variance 2
    mixture = [0.4 * exp_(x - 1) + 0.6 * exp_(x - 12) for x in (0, 2, 10, 12, 14)]
    np.testing.assert_allclose(log_densities(line(0, 2, 10, 12, 14), 2, seed=0), np.log(mixture), rtol=1e-9)


def exp_(distance: float) -> float:
    return float(np.exp(-(distance**2) / 4) / sqrt(4 * pi))


def test_dwus_density_is_that_of_scipy() -> None:
    X, _ = blobs(60, 3)
    model = KMeans(4, n_init=1, random_state=5).fit(X)
    variance = model.inertia_ / X.size
    expected = sum(
        np.mean(model.labels_ == k) * multivariate_normal(center, variance).pdf(X)
        for k, center in enumerate(model.cluster_centers_)
    )
    np.testing.assert_allclose(log_densities(X, 4, seed=5), np.log(expected), rtol=1e-9)
    np.testing.assert_allclose(log_densities(sp.csr_matrix(X), 4, seed=5), np.log(expected), rtol=1e-6)


def test_dwus_multiplies_error_and_density() -> None:
    X, y = blobs(30, 3)
    proba = np.random.default_rng(1).dirichlet(np.ones(3), 30)
    proba[7] = [0, 1, 0]
    state = make_state(X, range(5), y[:5], n_classes=3, proba=proba)
    utilities = STRATEGIES.build("dwus", {"n_clusters": 3}).utilities(state)
    density = np.exp(log_densities(X, 3, state.learner_seed))
    np.testing.assert_allclose(np.exp(utilities), ((1 - proba.max(axis=1)) * density)[5:], rtol=1e-9)
    assert utilities[2] == -np.inf


def test_dwus_of_rows_that_are_all_centres() -> None:
    assert np.isfinite(log_densities(line(3, 3, 3), 2, seed=0)).all()
    values = log_densities(line(1, 1, 1, 4), 2, seed=0)
    assert values[0] == values[1] > values[3]


# ---- probability coverage


def test_pure_radius_by_hand() -> None:
    # distances to the other cluster: 5, 4, 3 | 3, 4, 6
    space = geometry(make_state(line(0, 1, 2, 5, 6, 8), [0], [0], n_classes=2))
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert pure_radius(space, labels, 1.0) == 3  # no ball of radius below 3 is impure, and balls are open
    assert pure_radius(space, labels, 0.66) == 4
    assert pure_radius(space, labels, 0.2) == 5
    assert pure_radius(space, np.zeros(6, dtype=np.intp), 0.95) == np.inf


@given(st.integers(0, 10_000), st.floats(0.3, 1.0))
@settings(deadline=None, max_examples=25)
def test_pure_radius_is_the_largest(seed: int, purity: float) -> None:
    rng = np.random.default_rng(seed)
    X, labels = rng.normal(size=(25, 2)), rng.integers(3, size=25)
    radius = pure_radius(geometry(make_state(X, [0], [0], n_classes=2)), labels, purity)
    distances = np.sqrt(((X[:, None] - X) ** 2).sum(axis=2))

    def pure(r: float) -> float:
        return float(np.mean([len(set(labels[row < r])) == 1 for row in distances]))

    assert pure(radius * (1 - 1e-9)) >= purity - 1e-12
    assert pure(radius * (1 + 1e-9)) < purity


@pytest.mark.parametrize("block", [2**22, 100])
def test_covers_by_brute_force(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("algrid.strategies.probcover._BLOCK", block)
    X, _ = blobs(40, 2)
    space = geometry(make_state(X, [0], [0], n_classes=2))
    distances = np.sqrt(((X[:, None] - X) ** 2).sum(axis=2))
    sparse = geometry(make_state(sp.csr_matrix(X), [0], [0], n_classes=2))
    np.testing.assert_array_equal(covers(sparse, 1.3, 40).toarray(), distances < 1.3)
    np.testing.assert_array_equal(covers(space, 1.3, 40).toarray(), distances < 1.3)
    bounded = covers(space, 1.3, 4)
    for row in range(40):
        nearest = np.argsort(distances[row])[:4]
        assert set(bounded[row].indices) == {i for i in nearest if distances[row, i] < 1.3}


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=15)
def test_probcover_is_greedy_maximum_coverage(seed: int) -> None:
    X, y = blobs(40, 2, seed)
    state = make_state(X, [0, 1], y[:2], batch_size=6)
    space = geometry(state)
    labels = KMeans(2, n_init=1, random_state=state.learner_seed).fit(X).labels_.astype(np.intp)
    radius = pure_radius(space, labels, 0.95) * (1 - 1e-9)  # the row at this distance is outside
    near = np.sqrt(((X[:, None] - X) ** 2).sum(axis=2)) < radius
    covered, expected = near[[0, 1]].any(axis=0), []
    for _ in range(6):
        free = [i for i in range(2, 40) if i not in expected]
        gains = {i: np.count_nonzero(near[i] & ~covered) for i in free}
        expected.append(max(free, key=lambda i: (gains[i], -state.ties[i])))
        covered |= near[expected[-1]]
    assert STRATEGIES.build("probcover").query(state).tolist() == expected


# ---- gradient embeddings


def test_badge_distances_equal_those_of_explicit_embeddings() -> None:
    X, _ = blobs(20, 3)
    proba = np.random.default_rng(1).dirichlet(np.ones(4), 20)
    explicit = np.array([np.outer(p - np.eye(4)[p.argmax()], x).ravel() for p, x in zip(proba, X, strict=True)])
    for features in (X, sp.csr_matrix(X)):
        space = GradientEmbedding.of(features, proba)
        np.testing.assert_allclose(space.lengths, (explicit**2).sum(axis=1), rtol=1e-12)
        for row in range(20):
            expected = ((explicit - explicit[row]) ** 2).sum(axis=1)
            np.testing.assert_allclose(space.squared(np.intp(row)), expected, rtol=1e-9, atol=1e-13)
            assert space.squared(np.intp(row))[row] == 0.0


def test_badge_is_the_gradient_of_the_log_loss() -> None:
    """Of a softmax layer, for the label that it predicts, by finite differences."""
    rng = np.random.default_rng(0)
    W, x = rng.normal(size=(3, 4)), rng.normal(size=4)

    def proba(weights: Any) -> Any:
        scores = np.exp(weights @ x)
        return scores / scores.sum()

    label = int(proba(W).argmax())
    gradient = np.zeros_like(W)
    for place in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[place] = 1e-6
        gradient[place] = (log(proba(W - step)[label]) - log(proba(W + step)[label])) / 2e-6
    space = GradientEmbedding.of(x[None], proba(W)[None])
    np.testing.assert_allclose(np.outer(space.residuals[0], space.X[0]), gradient, atol=1e-8)


def test_badge_takes_the_longest_then_draws_by_squared_distance() -> None:
    # residuals (-1/2, 1/2): embeddings are multiples x / 2 of one direction; 4 first, then squares 16, 9, 1 of 26
    strategy = STRATEGIES.build("badge")
    state = make_state(line(9, 4, 0, 1, 3), [0], [0], n_classes=2, proba=[[0.5, 0.5]] * 5, batch_size=2)
    counts = np.zeros(5)
    for seed in range(2000):
        object.__setattr__(state, "_rng", lambda seed=seed: np.random.default_rng(seed))
        batch = strategy.query(state)
        assert batch[0] == 1
        counts[batch[1]] += 1
    np.testing.assert_allclose(counts / 2000, [0, 0, 16 / 26, 9 / 26, 1 / 26], atol=0.035)


def test_badge_draws_no_duplicates_while_others_are_left() -> None:
    X = np.repeat(blobs(4, 2)[0], 5, axis=0)
    proba = np.repeat(np.random.default_rng(0).dirichlet(np.ones(3), 4), 5, axis=0)
    strategy = STRATEGIES.build("badge")
    state = make_state(X, [0], [0], n_classes=3, proba=proba, batch_size=7)
    for seed in range(20):
        object.__setattr__(state, "_rng", lambda seed=seed: np.random.default_rng(seed))
        batch = strategy.query(state)
        assert {row // 5 for row in batch[:4].tolist()} == {0, 1, 2, 3}
        rest = np.setdiff1d(state.unlabeled, batch[:4])
        assert batch[4:].tolist() == rest[np.argsort(state.ties[rest])][:3].tolist()


# ---- hierarchical sampling


def test_tree_is_that_of_scipy() -> None:
    X, y = blobs(30, 3)
    tree = Tree.of(X)
    _, nodes = to_tree(ward(X), rd=True)
    counts = tree.counts(np.arange(12), y[:12], 3)
    for node in nodes:
        leaves = sorted(node.pre_order())
        assert sorted(tree.rows(node.id).tolist()) == leaves
        assert counts[node.id].tolist() == np.bincount(y[[i for i in leaves if i < 12]], minlength=3).tolist()
    assert Tree.of(X[:1]).rows(0).tolist() == [0]


def test_bounds_by_hand() -> None:
    errors, labels, lower = _bounds(np.array([[0, 0], [1, 0], [2, 0], [0, 4], [3, 1], [90, 10]]), 2.0)
    # one label says nothing; two of a kind: 1 - 1/2 < 2 (1 - 1/2)
    assert labels.tolist() == [-1, -1, 0, 1, -1, 0]
    np.testing.assert_allclose(errors, [1, 1, 0, 0, 1, 0.1], rtol=1e-12)
    np.testing.assert_allclose(lower[3], [0, 0.75], rtol=1e-12)
    np.testing.assert_allclose(lower[5, 0], 0.9 - 0.01 - sqrt(0.09 / 100), rtol=1e-12)


def prunings(tree: Tree, node: int) -> list[list[int]]:
    cuts = [[node]]
    if node >= tree.n_leaves:
        left, right = tree.children[node - tree.n_leaves]
        cuts += [a + b for a in prunings(tree, int(left)) for b in prunings(tree, int(right))]
    return cuts


@given(st.integers(0, 10_000), st.integers(2, 3))
@settings(deadline=None, max_examples=20)
def test_the_pruning_is_the_best_of_all(seed: int, n_classes: int) -> None:
    X, y = blobs(9, n_classes, seed)
    tree = Tree.of(X)
    state = make_state(X, range(7), y[:7], n_classes=n_classes, learner=gaussian_nb())
    errors, _, _ = _bounds(tree.counts(state.labeled, state.y_labeled, n_classes), 2.0)
    nodes, weights = Hierarchical().pruning(tree, state)
    cuts = prunings(tree, len(tree.sizes) - 1)
    best = min(float(errors[cut] @ tree.sizes[cut]) for cut in cuts)
    assert sorted(nodes) in [sorted(cut) for cut in cuts]
    np.testing.assert_allclose(errors[nodes] @ tree.sizes[nodes], best, atol=1e-9)
    assert len(nodes) == min(len(c) for c in cuts if errors[c] @ tree.sizes[c] <= best + 1e-9)
    assert (weights > 0).all()


def test_hierarchical_draws_from_clusters_that_are_unsure() -> None:
    # two clusters far apart: 40 rows with 10 equal labels, and 40 with 3: weights 40 * 1/10 and 40 * 1/3
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, 40), rng.normal(100, 1, 40)])[:, None]
    labeled = [*range(10), *range(40, 43)]
    given_labels = [0] * 10 + [1] * 3
    strategy = STRATEGIES.build("hierarchical")
    state = make_state(X, labeled, given_labels, strategy=strategy, batch_size=5)
    counts = np.zeros(80)
    for seed in range(200):
        object.__setattr__(state, "_rng", lambda seed=seed: np.random.default_rng(seed))
        counts[strategy.query(state)] += 1
    assert abs(counts[:40].sum() / counts.sum() - 3 / 13) < 0.04
    assert (counts[state.unlabeled] > 0).all()


# ---- cost embedding


def test_the_simplex_has_unit_costs() -> None:
    points = np.eye(5) / sqrt(2)
    distances = np.sqrt(((points[:, None] - points) ** 2).sum(axis=2))
    np.testing.assert_allclose(distances, 1 - np.eye(5), atol=1e-15)


def test_cost_embedding_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    class Given:
        """Predicts the target of the labelled row at the same place."""

        def fit(self, X: Any, target: Any) -> Given:
            self.target = target
            return self

        def predict(self, X: Any) -> Any:
            return np.array([self.target[0], self.target[0], self.target.mean()])

    monkeypatch.setattr(CostEmbedding, "_model", lambda self: Given())
    state = make_state(line(0, 1, 2, 3)[:3], [0, 1], [0, 1])
    # the candidate is half way between the two classes
    np.testing.assert_allclose(CostEmbedding().utilities(state), [0.5], rtol=1e-12)
    three = make_state(line(0, 1, 2), [0, 1], [0, 1], n_classes=3)
    np.testing.assert_allclose(CostEmbedding().utilities(three), [0.5], rtol=1e-12)


def test_cost_embedding_equals_a_direct_computation() -> None:
    X, y = blobs(40, 3)
    state = make_state(X, range(12), y[:12])
    corners = np.eye(3) * sqrt(0.5)
    g = np.column_stack([SVR().fit(X[:12], corners[y[:12], c]).predict(X[12:]) for c in range(3)])
    nearest = np.sqrt(((g[:, None] - corners) ** 2).sum(axis=2)).min(axis=1)
    np.testing.assert_allclose(STRATEGIES.build("cost_embedding").utilities(state), nearest, rtol=1e-9)
