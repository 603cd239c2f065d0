"""small-text's strategies by hand and against ours."""

from __future__ import annotations

from collections import Counter
from math import atan2, log, pi
from typing import Any

import numpy as np
import pytest
from strategy_states import gaussian_nb, make_state

from algrid.strategies import STRATEGIES, _packages

pytest.importorskip("small_text")
pytest.importorskip("torch")


def batch_of(name: str, state: Any, **parameters: Any) -> list[int]:
    """What `name` asks for."""
    batch: list[int] = STRATEGIES.build(name + "@small_text", parameters).query(state).tolist()
    return batch


def test_random_draws_every_row_as_often() -> None:
    counts: Counter[int] = Counter()
    for n_labeled in range(1, 201):
        labeled = np.arange(n_labeled)
        state = make_state(
            np.zeros((210, 1)), labeled, labeled % 2, n_classes=2, unlabeled=range(200, 210), batch_size=3
        )
        batch = batch_of("random", state)
        counts.update(batch)
    assert sorted(counts) == list(range(200, 210))
    assert min(counts.values()) > 35  # 60 are expected, with a standard deviation of 6.5
    assert max(counts.values()) < 85


def test_embedding_kmeans_asks_one_of_each_direction() -> None:
    angles = np.repeat([0.0, 2.0, 4.0], 5) + np.tile(np.linspace(-0.1, 0.1, 5), 3)
    X = np.concatenate([[[9.0, 9.0], [-9.0, 9.0]], np.column_stack([np.cos(angles), np.sin(angles)])])
    batch = batch_of("embedding_kmeans", make_state(X, [0, 1], [0, 1], batch_size=3))
    assert sorted(batch) == [4, 9, 14]  # the middle one of each five


def test_kcenter_on_directions() -> None:
    """Scaled to norm 1, (10, 1) is next to (1, 0), and (-0.1, 0) is the farthest."""
    X = np.array([[1.0, 0.0], [10.0, 1.0], [-0.1, 0.0], [0.0, 3.0]])
    state = make_state(X, [0], [0], n_classes=2, batch_size=2)
    assert batch_of("kcenter_greedy", state) == [2, 3]
    assert batch_of("kcenter_greedy", state, normalize=False) == [1, 3]


def test_lightweight_coreset_probabilities_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates at 0, 90 and 0 degrees: their mean (1, 1) is at 45, whatever their lengths are."""
    X = np.array([[5.0, 5.0], [1.0, 0.0], [0.0, 3.0], [2.0, 0.0]])
    state = make_state(X, [0], [0], n_classes=2, batch_size=2)
    given: list[Any] = []
    choice = np.random.choice
    monkeypatch.setattr(np.random, "choice", lambda *a, **k: given.append(k["p"]) or choice(*a, **k))
    assert set(batch_of("lightweight_coreset", state)) < {1, 2, 3}
    np.testing.assert_allclose(given[0], 1 / 3)
    X[3] = [8.0, 0.0]  # the mean is at 18.4 degrees
    batch_of("lightweight_coreset", make_state(X, [0], [0], n_classes=2, batch_size=2))
    squares = np.array([atan2(1, 3), pi / 2 - atan2(1, 3), atan2(1, 3)]) ** 2
    np.testing.assert_allclose(given[1], 1 / 6 + squares / squares.sum() / 2)


def test_lightweight_coreset_where_all_directions_are_one() -> None:
    state = make_state(np.full((9, 1), 0.5), [0], [0], n_classes=2, batch_size=4)
    assert len(set(batch_of("lightweight_coreset", state))) == 4


def test_contrastive_by_hand() -> None:
    """Each row's other neighbour is its twin: divergences of one prediction from the other, halved by its own 0."""
    X = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [-1.0, 0.0]]
    proba = [[0.9, 0.1], [0.2, 0.8], [0.8, 0.2], [0.7, 0.3], [0.5, 0.5], [0.6, 0.4]]

    def divergence(p: float, q: float) -> float:
        return p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))

    values = {2: divergence(0.9, 0.8), 3: divergence(0.2, 0.7), 4: divergence(0.6, 0.5), 5: divergence(0.5, 0.6)}
    assert max(values, key=lambda row: values[row]) == 3
    order = sorted(values, key=lambda row: -values[row])
    for k in (1, 2, 3):
        state = make_state(X, [0, 1], [0, 1], proba=proba, batch_size=k)
        assert set(batch_of("contrastive", state, neighbors=2)) == set(order[:k])


def test_discriminative_goes_where_no_label_is() -> None:
    X = np.concatenate([np.linspace(-1, 1, 12), [0.2, 1.1, 9.0]])[:, None]
    state = make_state(X, range(12), np.arange(12) % 2, batch_size=2)
    assert set(batch_of("discriminative", state, sub_batches=1)) == {13, 14}


def test_discriminative_takes_what_it_chose_as_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five rows in three parts: 1, 1 and 3; fitted on all labelled rows and at most twice as many others."""
    X = np.random.default_rng(0).normal(size=(40, 2))
    state = make_state(X, range(6), np.arange(6) % 2, batch_size=5, learner=gaussian_nb())
    labels: list[Any] = []
    fit = type(state.learner).fit
    monkeypatch.setattr(
        type(state.learner), "fit", lambda self, X, y, *rest: labels.append(y) or fit(self, X, y, *rest)
    )
    assert len(set(batch_of("discriminative", state, sub_batches=3, unlabeled_factor=2))) == 5
    assert [(int((y == 0).sum()), int(y.sum())) for y in labels] == [(6, 12), (7, 14), (8, 16)]


def test_badge_takes_sure_rows_apart() -> None:
    """Embeddings are -P (outer) x: rows of three classes with P = 1 in different classes are far from each other."""
    X = np.ones((9, 1))
    proba = np.repeat(np.eye(3), 3, axis=0)
    batch = batch_of("badge", make_state(X, [0, 3, 6], [0, 1, 2], proba=proba, batch_size=3))
    assert sorted(row // 3 for row in batch) == [0, 1, 2]


def test_badge_is_seeded() -> None:
    """Also where k-means++ chooses a row twice and the rest is drawn at random."""
    rng = np.random.default_rng(0)
    X, proba = rng.normal(size=(80, 3)), rng.dirichlet(np.ones(3), size=80)
    for rows in (X, np.repeat(X[:4], 20, axis=0)):
        state = make_state(rows, [0, 1, 2], [0, 1, 2], proba=proba, batch_size=12)
        assert batch_of("badge", state) == batch_of("badge", state)


def test_a_missing_package_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for lacking in ("small_text", "torch"):
        monkeypatch.setattr(_packages, "find_spec", lambda name, lacking=lacking: None if name == lacking else name)
        reason = STRATEGIES.build("margin@small_text").unsupported(gaussian_nb(), 2, False)
        assert reason is not None
        assert lacking in reason
        assert "algrid[text]" in reason
