"""scikit-activeml's strategies by hand, by brute force and against ours."""

from __future__ import annotations

from itertools import product
from math import log
from typing import Any

import numpy as np
import pytest
from strategy_states import decision_tree, gaussian_nb, linear_svc, logistic_regression, make_state

from algrid.strategies import STRATEGIES, _packages, _skactiveml

pytest.importorskip("skactiveml")


def batch_of(name: str, state: Any, **parameters: Any) -> list[int]:
    """What `name` asks for."""
    batch: list[int] = STRATEGIES.build(name + "@skactiveml", parameters).query(state).tolist()
    return batch


def blobs(n: int = 60, n_classes: int = 3, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    return rng.normal(size=(n, 2)) + 2 * np.eye(3)[y][:, :2], y


# --- committees ---


class Member:
    """A member of a committee that was never fitted."""

    def __init__(self, proba: Any) -> None:
        self.proba = np.asarray(proba, dtype=float)

    def predict(self, X: Any) -> Any:
        return self.proba.argmax(axis=1)

    def predict_proba(self, X: Any) -> Any:
        return self.proba


def with_members(members: list[Any], monkeypatch: pytest.MonkeyPatch, batch_size: int) -> Any:
    """A state whose row 0 is labelled, and that committee."""
    monkeypatch.setattr(_skactiveml, "bagged", lambda state, size: map(Member, members))
    n_pool, n_classes = np.shape(members[0])
    return make_state(np.zeros((n_pool, 1)), [0], [0], n_classes=n_classes, batch_size=batch_size)


def test_qbc_votes_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Votes 4:0, 2:2, 2:1:1 and 3:1: entropies 0, 0.69, 1.04 and 0.56."""
    votes = [(0, 0, 0, 0, 2), (0, 0, 0, 1, 0), (0, 0, 1, 1, 0), (0, 0, 1, 2, 0)]
    state = with_members([np.eye(3)[list(v)] for v in votes], monkeypatch, 4)
    assert batch_of("qbc", state, committee_size=4) == [3, 2, 4, 1]


# rows 1, 2 and 3: divergences log 2, 0.086 and 0
SPLIT = [[[1, 0], [1, 0], [0.8, 0.2], [0.5, 0.5]], [[1, 0], [0, 1], [0.4, 0.6], [0.5, 0.5]]]


@pytest.mark.parametrize(("name", "parameters"), [("qbc", {"disagreement": "kl"}), ("greedy_bald", {})])
def test_divergence_by_hand(name: str, parameters: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert batch_of(name, with_members(SPLIT, monkeypatch, 3), committee_size=2, **parameters) == [1, 2, 3]


def test_batch_bald_asks_no_question_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows 1 and 2 halve the four members in the same way, row 3 a little less surely in another way."""
    members = [
        [[1, 0], [1, 0], [1, 0], [0.9, 0.1]],
        [[1, 0], [1, 0], [1, 0], [0.1, 0.9]],
        [[1, 0], [0, 1], [0, 1], [0.9, 0.1]],
        [[1, 0], [0, 1], [0, 1], [0.1, 0.9]],
    ]
    state = with_members(members, monkeypatch, 2)
    assert set(batch_of("greedy_bald", state, committee_size=4)) == {1, 2}
    joint = batch_of("batch_bald", state, committee_size=4)
    assert joint[0] in {1, 2}
    assert joint[1] == 3


def test_committee_is_real() -> None:
    """Stumps on a line: only rows between the classes can be disputed, and there are some."""
    X = np.concatenate([[[-1.0], [1.0]] * 10, np.linspace(-3, 3, 61)[:, None]])
    X[:20, 0] += np.sign(X[:20, 0]) * np.linspace(0, 1, 20)
    state = make_state(X, np.arange(20), (X[:20, 0] > 0).astype(int), learner=decision_tree(max_depth=1))
    members = _skactiveml.committee(state, 15, votes=True)
    votes = np.array([member.labels[20:] for member in members])
    disputed = X[20:][(votes != votes[0]).any(axis=0), 0]
    assert len(disputed)
    assert np.abs(disputed).max() <= 1.3


def test_kl_needs_probabilities_votes_do_not() -> None:
    assert STRATEGIES.build("qbc@skactiveml").unsupported(linear_svc(), 3, False) is None
    reason = STRATEGIES.build("qbc@skactiveml", {"disagreement": "kl"}).unsupported(linear_svc(), 3, False)
    assert reason is not None
    assert "predict_proba" in reason


# --- predictions ---


def test_expected_average_precision_by_brute_force() -> None:
    rng = np.random.default_rng(1)
    proba = rng.dirichlet([1, 1], size=7)
    state = make_state(np.zeros((7, 1)), [0, 1], [0, 1], proba=proba, batch_size=5)

    def expected(p: Any) -> float:
        """As the library counts: over label vectors that start with a 1, which counts twice."""
        p, total = np.sort(p)[::-1], 0.0
        for rest in product([0, 1], repeat=len(p) - 1):
            labels = np.array([1, *rest])
            hits = np.flatnonzero(labels)
            precision = (1 + ((np.arange(len(hits)) + 1) / (hits + 1)).sum()) / len(hits)
            total += precision * np.prod(np.where(labels, p, 1 - p))
        return total

    utilities = [sum(expected(np.delete(proba[2:, c], j)) for c in (0, 1)) for j in range(5)]
    assert batch_of("expected_average_precision", state) == (2 + np.argsort(utilities)[::-1]).tolist()


def test_falcun_prefers_the_unsure_and_the_unlike() -> None:
    """At gamma = 200: first the tie, then, for its distance, the row that is predicted otherwise than its twin."""
    proba = [[1, 0], [0, 1], [0.5, 0.5], [0.52, 0.48], [0.1, 0.9], [1, 0]]
    state = make_state(np.zeros((6, 1)), [0, 1], [0, 1], proba=proba, batch_size=2)
    assert batch_of("falcun", state, gamma=200.0) == [2, 4]


def test_mcpal_by_hand() -> None:
    """With a = k + 1 of two classes, equal counts gain 1/(2(2a + 1)); a lead of less than one label gains
    b(b + 1 - a)/((a + b)(a + b + 1)), and a longer lead nothing.
    """
    X = np.array([[0.0], [0.0], [0.0], [0.0], [0.0], [50.0]])
    proba = [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [0.7, 0.3], [1.0, 0.0], [0.5, 0.5]]
    # candidates 2, 3 and 4 lie on both labels: counts 2p, and gains 1/10, 0.8 * ... and 0; 5 has no label near it: 1/6
    state = make_state(X, [0, 1], [0, 1], proba=proba, batch_size=4)
    a, b = 2.4, 1.6
    gains = [1 / 10, b * (b + 1 - a) / ((a + b) * (a + b + 1)), 0.0, 1 / 6]
    assert batch_of("mcpal", state) == (2 + np.argsort(gains)[::-1]).tolist()


def test_contrastive_by_hand() -> None:
    """Each candidate has one labelled neighbour: divergences of (0.9, 0.1) from its own prediction."""
    X = [[0.0], [10.0], [1.0], [9.0], [2.0]]
    proba = [[0.9, 0.1], [0.2, 0.8], [0.9, 0.1], [0.7, 0.3], [0.5, 0.5]]
    state = make_state(X, [0, 1], [0, 1], proba=proba, batch_size=3)
    far = 0.2 * log(0.2 / 0.7) + 0.8 * log(0.8 / 0.3)  # 0.534
    mid = 0.9 * log(0.9 / 0.5) + 0.1 * log(0.1 / 0.5)  # 0.368
    assert far > mid > 0
    assert batch_of("contrastive", state, neighbors=1) == [3, 4, 2]


def test_contrastive_is_ours_where_there_are_no_zeros() -> None:
    X, y = blobs()
    state = make_state(X, np.arange(12), y[:12], batch_size=8, learner=logistic_regression())
    own = STRATEGIES.build("contrastive", {"neighbors": 5}).query(state)
    assert batch_of("contrastive", state) == own.tolist()


def test_badge_by_hand() -> None:
    """The longest gradient, then, as its twin and a sure row are at distance 0, the only other one."""
    X = [[0, 0], [0, 0], [3, 0], [3, 0], [0, 1], [9, 9]]
    proba = [[1, 0], [0, 1], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [1, 0]]
    batch = batch_of("badge", make_state(np.array(X, dtype=float), [0, 1], [0, 1], proba=proba, batch_size=2))
    assert batch[0] in {2, 3}
    assert batch[1] == 4


@pytest.mark.parametrize("uncertainty", ["entropy", "margin", "least_confident"])
def test_clue_by_hand(uncertainty: str) -> None:
    """Only the rows at 0 and 4 weigh anything, and equally: the centre is 2, and 2.1 the nearest row."""
    X = [[50.0], [60.0], [0.0], [4.0], [2.1], [100.0]]
    proba = [[1, 0], [0, 1], [0.5, 0.5], [0.5, 0.5], [1, 0], [0, 1]]
    state = make_state(X, [0, 1], [0, 1], proba=proba)
    assert batch_of("clue", state, uncertainty=uncertainty) == [4]


def test_dropquery_by_hand() -> None:
    """Dropped features are 0, where class 0 is predicted: only candidates that class 1 is predicted for change."""
    X = [[0.0], [4.0], [-1.0], [1.0], [3.0], [3.5], [-2.0]]
    state = make_state(X, [0, 1], [0, 1], batch_size=2)
    assert set(batch_of("dropquery", state, dropout=0.99)) == {4, 5}


# --- geometry ---


def test_typiclust_by_hand() -> None:
    """Three clusters on a line, of which one is labelled; of the larger of the others the middle row."""
    X = np.array([0, 0.1, 100, 100.2, 100.3, 100.7, 50, 50.1, 50.3])[:, None]
    state = make_state(X, [0, 1], [0, 1], batch_size=1)
    assert batch_of("typiclust", state, neighbors=2) == [3]


def test_probcover_by_hand() -> None:
    """Balls of radius 1.5: around 11 are three rows, and when those are covered, around 20 or 21 two."""
    X = np.array([0, 1, 10, 11, 12, 20, 21, 40])[:, None].astype(float)
    state = make_state(X, [0], [0], n_classes=2, batch_size=3)
    batch = batch_of("probcover", state, deltas=[1.5])
    assert batch[0] == 3
    assert batch[1] in {5, 6}
    assert batch[2] == 7


def test_max_herding_by_brute_force() -> None:
    X, y = blobs(30)
    state = make_state(X, [0, 1, 2], y[:3], batch_size=5)
    kernel = np.exp(-((X[:, None] - X[None]) ** 2).sum(axis=2) / 2)
    chosen, candidates = [0, 1, 2], np.arange(3, 30)
    for _ in range(5):
        gains = [np.maximum(kernel[candidates][:, [*chosen, c]].max(axis=1), 0).mean() for c in candidates]
        chosen.append(int(candidates[np.argmax(gains)]))
    assert batch_of("max_herding", state, normalize=False) == chosen[3:]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_quire_by_direct_inverse(n_classes: int) -> None:
    X, y = blobs(24, n_classes)
    labeled = np.arange(5)
    state = make_state(X, labeled, y[:5], n_classes=n_classes, batch_size=19)
    kernel = np.exp(-0.5 * ((X[:, None] - X[None]) ** 2).sum(axis=2))
    inverse = np.linalg.inv(kernel + 2.0 * np.eye(24))

    def value(s: int, signs: Any) -> float:
        """The least of y'Ly over the labels of the rest, that of s being 1."""
        known = [*labeled, s]
        rest = np.setdiff1d(np.arange(24), known)
        fixed = np.array([*signs, 1.0])
        free = -np.linalg.solve(inverse[np.ix_(rest, rest)], inverse[np.ix_(rest, known)] @ fixed)
        labels = np.zeros(24)
        labels[known], labels[rest] = fixed, free
        return float(labels @ inverse @ labels)

    values = [max(value(s, np.where(y[:5] == c, 1.0, -1.0)) for c in range(n_classes)) for s in range(5, 24)]
    batch = batch_of("quire", state, lambda_=2.0, gamma=0.5)
    assert batch == (5 + np.argsort(values)).tolist()
    if n_classes == 2:
        assert STRATEGIES.build("quire", {"lambda_": 2.0, "gamma": 0.5}).query(state).tolist() == batch


def test_cost_embedding_asks_between_the_classes() -> None:
    X = np.array([-2, -1.8, 2, 1.8, -1.9, 0.0, 1.9])[:, None]
    assert batch_of("cost_embedding", make_state(X, [0, 1, 2, 3], [0, 0, 1, 1])) == [5]


def test_epistemic_uncertainty_by_hand() -> None:
    """Counts of (0, 2), (2, 2) and none: plausibilities by a fine grid, and 1."""
    X = np.array([0, 0, 100, 100, 100, 100, 0, 100, 1000], dtype=float)[:, None]
    state = make_state(X, range(6), [0, 0, 0, 0, 1, 1], batch_size=3)
    t = np.linspace(1e-9, 1 - 1e-9, 100_001)

    def plausibility(n: float, p: float) -> float:
        likelihood = t**p * (1 - t) ** n / ((p / (n + p)) ** p * (n / (n + p)) ** n)
        return min(np.minimum(likelihood, 2 * t - 1).max(), np.minimum(likelihood, 1 - 2 * t).max())

    assert plausibility(2, 0) == pytest.approx(3 - 2 * 2**0.5, abs=1e-4)  # (1 - t)^2 = 2t - 1
    values = {6: plausibility(2, 0), 7: plausibility(2, 2), 8: 1.0}
    assert batch_of("epistemic_uncertainty", state) == sorted(values, key=lambda row: -values[row])


def test_four_ds_evens_out_the_components() -> None:
    """All labels are in one of two equal blobs: the other one is asked first."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (30, 2)), rng.normal(20, 1, (30, 2))])
    state = make_state(X, range(6), [0, 1, 0, 1, 0, 1])
    assert batch_of("four_ds", state)[0] >= 30


@pytest.mark.parametrize("greedy", [True, False])
def test_discriminative_goes_where_no_label_is(greedy: bool) -> None:
    X = np.concatenate([np.linspace(-1, 1, 12), [1.1, 9.0]])[:, None]
    batch = batch_of("discriminative", make_state(X, range(12), np.arange(12) % 2, batch_size=2), greedy=greedy)
    assert batch == [13, 12]


@pytest.mark.parametrize(("greedy", "fits"), [(True, 1), (False, 4)])
def test_discriminative_takes_what_it_chose_as_labelled(
    greedy: bool, fits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = blobs(20)
    state = make_state(X, range(6), y[:6], batch_size=4)
    labels: list[Any] = []
    fit = type(state.learner).fit
    monkeypatch.setattr(
        type(state.learner), "fit", lambda self, X, y, *rest: labels.append(y) or fit(self, X, y, *rest)
    )
    batch_of("discriminative", state, greedy=greedy)
    assert [y.sum() for y in labels] == [14, 13, 12, 11][:fits]


# --- looking ahead ---


def by_brute_force(state: Any, loss: Any) -> list[int]:
    """Candidates by the expected loss after each of their labels."""
    before = state.model.predict_proba()
    losses = []
    for row in state.unlabeled:
        expected = 0.0
        for label in range(state.n_classes):
            rows, y = np.append(state.labeled, row), np.append(state.y_labeled, label)
            after = state.learner.fit(state.X[rows], y, state.n_classes, state.learner_seed).predict_proba(state.X)
            expected += before[row, label] * loss(after, rows, y)
        losses.append(expected)
    order: list[int] = state.unlabeled[np.argsort(losses)].tolist()
    return order


def entropy_loss(after: Any, rows: Any, y: Any) -> float:
    return float(-(after * np.log(after + np.finfo(float).eps)).sum())


def zero_one_loss(after: Any, rows: Any, y: Any) -> float:
    return float((1 - after.max(axis=1)).sum())


def risk(after: Any, rows: Any, y: Any) -> float:
    rest = np.setdiff1d(np.arange(len(after)), rows)
    return float((1 - after[rows, y]).sum() + (after[rest] * (1 - after[rest])).sum())


@pytest.mark.parametrize(
    ("name", "parameters", "loss"),
    [
        ("expected_error_reduction", {"loss": "log"}, entropy_loss),
        ("expected_error_reduction", {"loss": "zero_one"}, zero_one_loss),
        ("value_of_information", {}, risk),
    ],
)
def test_looking_ahead_by_brute_force(name: str, parameters: Any, loss: Any) -> None:
    X, y = blobs(21)
    state = make_state(X, np.arange(9), y[:9], batch_size=12, learner=logistic_regression())
    expected = by_brute_force(state, loss)
    assert batch_of(name, state, **parameters) == expected
    object.__setattr__(state, "batch_size", 1)
    subset = batch_of(name, state, candidates=3, **parameters)
    assert subset[0] in expected[:10]  # the best of three is none of the worst two


# --- the adapter ---


def test_the_query_learner_is_not_fitted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = blobs()
    state = make_state(X, np.arange(9), y[:9], batch_size=3)
    monkeypatch.setattr(type(state.learner), "fit", lambda *_: pytest.fail("fitted again"))
    for name in (
        "margin",
        "clue",
        "badge",
        "mcpal",
        "contrastive",
        "falcun",
        "dropquery",
        "expected_average_precision",
    ):
        assert len(batch_of(name, state)) == 3


def test_a_missing_package_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_packages, "find_spec", lambda name: None)
    reason = STRATEGIES.build("margin@skactiveml").unsupported(gaussian_nb(), 2, False)
    assert reason is not None
    assert "pip install" in reason


def test_limits_are_declared() -> None:
    for name in ("quire", "probcover", "max_herding", "epistemic_uncertainty", "mcpal"):
        strategy = STRATEGIES.build(name + "@skactiveml")
        assert strategy.max_pool < 30_000
        reason = strategy.unsupported(gaussian_nb(), 2, False, 30_000)
        assert reason == f"{strategy.name} is made for pools of at most {strategy.max_pool} rows"
