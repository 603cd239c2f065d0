"""Strategies that ask others: epsilon mix, subsampled candidates, the portfolio."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from strategy_states import gaussian_nb, linear_svc, make_state

from algrid.errors import PluginError
from algrid.strategies import STRATEGIES, QueryState, Strategy
from algrid.strategies._combining import inner_state
from algrid.strategies._refits import PoolRefit, draw_candidates
from algrid.strategies.margin import Margin

COMBINATORS = ["epsilon_random", "subsampled"]


@dataclass(frozen=True)
class Watcher(Strategy):
    """Takes the first candidates and keeps what it saw."""

    name: ClassVar[str] = "watcher"
    seen: ClassVar[list[QueryState]] = []

    def query(self, state: QueryState) -> Any:
        self.seen.append(state)
        return state.unlabeled[: state.batch_size].copy()


@dataclass(frozen=True)
class Knowing(Watcher):
    name: ClassVar[str] = "knowing"
    needs: ClassVar[frozenset[str]] = frozenset({"true_labels"})


HERE = __name__


def blobs(n: int, n_classes: int, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    return rng.normal(size=(n, 3)) + rng.uniform(-2, 2, size=(n_classes, 3))[y], y


def usual(strategy: Strategy, **keywords: Any) -> QueryState:
    X, y = blobs(60, 3)
    return make_state(X, range(12), y[:12], strategy=strategy, **{"learner": gaussian_nb(), **keywords})


# ---- what all have in common


@pytest.mark.parametrize("name", COMBINATORS)
def test_needs_and_reasons_are_those_of_the_other_strategy(name: str) -> None:
    assert STRATEGIES.build(name, {"strategy": "random"}).needs == frozenset()
    committee = STRATEGIES.build(name, {"strategy": "qbc"})
    assert committee.fits_per_query(4) == 5
    strategy = STRATEGIES.build(name, {"strategy": "entropy"})
    assert strategy.needs == {"predict_proba"}
    assert type(strategy).needs == frozenset()
    assert strategy.unsupported(gaussian_nb(), 3, False) is None
    reason = strategy.unsupported(linear_svc(), 3, False) or ""
    assert reason.startswith(f"{name}: entropy needs predict_proba")
    limited = STRATEGIES.build(name, {"strategy": "hierarchical"})
    assert "at most 10000 rows" in (limited.unsupported(gaussian_nb(), 3, False, 10_001) or "")


@pytest.mark.parametrize("name", COMBINATORS)
def test_an_unknown_strategy_is_a_message(name: str) -> None:
    with pytest.raises(PluginError, match="Did you mean 'margin'"):
        STRATEGIES.build(name, {"strategy": "margn"})


def test_the_identity_holds_that_of_the_other_strategy(monkeypatch: pytest.MonkeyPatch) -> None:
    before = STRATEGIES.build("subsampled").identity()
    assert before["inner"] == [Margin().identity()]
    monkeypatch.setattr(Margin, "version", 2)
    assert STRATEGIES.build("subsampled").identity() != before


def test_combinators_go_to_workers() -> None:
    for name in [*COMBINATORS, "albl"]:
        strategy = STRATEGIES.build(name)
        copy = pickle.loads(pickle.dumps(strategy))
        assert copy == strategy
        assert copy.needs == strategy.needs
        assert hash(copy) == hash(strategy)


def test_true_labels_go_through_to_oracles_alone() -> None:
    state = usual(Knowing(), true_labels=np.arange(60) % 3)
    assert inner_state(state, Watcher()).true_labels is None
    assert inner_state(state, Knowing()).true_labels is not None
    strategy = STRATEGIES.build("subsampled", {"strategy": "greedy_oracle", "candidates": 20})
    assert strategy.needs == {"true_labels"}
    assert len(strategy.query(usual(strategy, batch_size=3))) == 3


def test_streams_inside_are_independent_and_repeat() -> None:
    state = usual(Watcher())
    draws = [state.rng().random(), *(inner_state(state, Watcher(), place).rng().random() for place in (0, 1, 2))]
    assert len(set(draws)) == 4
    assert inner_state(state, Watcher(), 1).rng().random() == draws[2]


# ---- epsilon mix


def test_epsilon_of_zero_is_the_other_strategy_and_of_one_is_random() -> None:
    for name in ("margin", "kcenter_greedy"):
        never = STRATEGIES.build("epsilon_random", {"strategy": name, "epsilon": 0.0})
        other = STRATEGIES.build(name)
        assert never.query(usual(never, batch_size=7)).tolist() == other.query(usual(other, batch_size=7)).tolist()
    always = STRATEGIES.build("epsilon_random", {"strategy": f"{HERE}:Watcher", "epsilon": 1.0})
    Watcher.seen.clear()
    state = usual(always, batch_size=7)
    counts = np.zeros(60)
    for seed in range(2000):
        object.__setattr__(state, "_rng", lambda seed=seed: np.random.default_rng(seed))
        counts[always.query(state)] += 1
    assert Watcher.seen == []  # it is not even asked
    np.testing.assert_allclose(counts[12:] / 2000, 7 / 48, atol=0.04)


def test_epsilon_is_the_share_of_random_rows() -> None:
    strategy = STRATEGIES.build("epsilon_random", {"strategy": f"{HERE}:Watcher", "epsilon": 0.3})
    Watcher.seen.clear()
    state = usual(strategy, batch_size=10)
    for seed in range(1000):
        object.__setattr__(state, "_rng", lambda seed=seed: np.random.default_rng(seed))
        batch = strategy.query(state)
        asked = Watcher.seen[-1].batch_size
        assert batch[:asked].tolist() == list(range(12, 12 + asked))
        assert len(set(batch.tolist())) == 10
    assert abs(np.mean([seen.batch_size for seen in Watcher.seen]) - 7) < 0.15


# ---- subsampled candidates


def test_the_other_strategy_sees_the_drawn_candidates_alone() -> None:
    strategy = STRATEGIES.build("subsampled", {"strategy": f"{HERE}:Watcher", "candidates": 9})
    Watcher.seen.clear()
    state = usual(strategy, batch_size=4)
    batch = strategy.query(state)
    (seen,) = Watcher.seen
    assert seen.unlabeled.tolist() == draw_candidates(state, state.rng(), 9).tolist()
    assert len(seen.unlabeled) == 9
    assert batch.tolist() == seen.unlabeled[:4].tolist()
    assert seen.labeled is state.labeled
    assert seen.X is state.X


def test_as_many_candidates_as_there_are_change_nothing() -> None:
    for name in ("margin", "kcenter_greedy", "quire", "density_weighted"):
        strategy = STRATEGIES.build("subsampled", {"strategy": name, "candidates": 48})
        other = STRATEGIES.build(name)
        answers = [s.query(usual(s, batch_size=5)).tolist() for s in (strategy, other)]
        assert answers[0] == answers[1], name


def test_subsampled_keeps_the_best_of_those_drawn() -> None:
    strategy = STRATEGIES.build("subsampled", {"candidates": 15})
    state = usual(strategy, batch_size=4)
    drawn = draw_candidates(state, state.rng(), 15)
    utilities = np.full(60, -np.inf)
    utilities[12:] = Margin().utilities(state)
    assert strategy.query(state).tolist() == drawn[np.argsort(-utilities[drawn])][:4].tolist()


# ---- the portfolio


def portfolio(*names: str, **parameters: Any) -> Any:
    return STRATEGIES.build("albl", {"strategies": list(names), **parameters})


def test_shares_by_hand() -> None:
    albl = portfolio("margin", "random", eta=np.log(3) / 0.1, explore=0.2)
    np.testing.assert_allclose(albl.shares(np.array([0.9, 0.8])), [0.8 * 0.75 + 0.1, 0.8 * 0.25 + 0.1], rtol=1e-9)
    np.testing.assert_allclose(portfolio("margin", "random", eta=0).shares(np.array([1.0, 0.0])), 0.5)


def test_rewards_equal_a_direct_replay() -> None:
    albl = portfolio(f"{HERE}:Watcher", "margin", rounds=1)
    X, y = blobs(60, 3)
    state = make_state(X, range(21), y[:21], learner=gaussian_nb(), strategy=albl, batch_size=3)
    order = np.random.default_rng(5).permutation(21)
    known, held = np.sort(order[:11]), np.sort(order[11:])
    before = GaussianNB().fit(X[known], y[known])
    top = np.sort(before.predict_proba(X[held]), axis=1)
    margins = held[np.argsort(top[:, -1] - top[:, -2])][:3]

    def accuracy(asked: Any) -> float:
        rows = np.sort(np.concatenate([known, asked]))
        return float(GaussianNB().fit(X[rows], y[rows]).score(X[held], y[held]))

    expected = [accuracy(held[:3]), accuracy(margins)]
    np.testing.assert_allclose(albl.rewards(state, np.random.default_rng(5)), expected, rtol=1e-12)


def test_replays_show_labels_of_the_known_half_only() -> None:
    albl = portfolio(f"{HERE}:Watcher", "random", rounds=4)
    Watcher.seen.clear()
    state = usual(albl, batch_size=2)
    albl.rewards(state, np.random.default_rng(0))
    assert len(Watcher.seen) == 4
    for seen in Watcher.seen:
        assert len(seen.labeled) == len(seen.y_labeled) == len(seen.unlabeled) == 6
        assert sorted([*seen.labeled, *seen.unlabeled]) == list(range(12))
        np.testing.assert_array_equal(seen.y_labeled, state.y_labeled[seen.labeled])
        assert seen.batch_size == 2


def test_below_four_labels_all_are_alike() -> None:
    albl = portfolio("margin", "random")
    X, y = blobs(20, 3)
    state = make_state(X, range(3), y[:3], learner=gaussian_nb(), strategy=albl)
    np.testing.assert_array_equal(albl.shares(albl.rewards(state, state.rng())), 0.5)


def test_strategies_are_followed_by_their_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    albl = portfolio(f"{HERE}:Watcher", "kcenter_greedy", explore=0.0, eta=np.log(4))
    monkeypatch.setattr(type(albl), "rewards", lambda self, state, rng: np.array([0.0, 1.0]))
    state = usual(albl)
    followed = []
    for seed in range(800):
        object.__setattr__(state, "_rng", lambda seed=seed: np.random.default_rng(seed))
        followed.append(albl.query(state)[0] != 12)  # the first candidate, which k-center does not want
    assert abs(np.mean(followed) - 0.8) < 0.05


def test_a_row_that_two_strategies_want_is_taken_once() -> None:
    albl = portfolio("margin", "least_confident", "entropy")
    X, y = blobs(40, 2)
    state = make_state(X, range(8), y[:8], learner=gaussian_nb(), strategy=albl, batch_size=10)
    expected = STRATEGIES.build("margin").query(make_state(X, range(8), y[:8], learner=gaussian_nb(), batch_size=10))
    assert set(albl.query(state).tolist()) == set(expected.tolist())  # for two classes the three agree
    assert albl.fits_per_query(5) == 12
    assert portfolio("margin", "qbc", rounds=2).fits_per_query(5) == 2 * 3 + 3 * 5


def test_one_strategy_is_no_portfolio() -> None:
    with pytest.raises(PluginError, match="at least 2"):
        portfolio("margin")


def test_a_refit_on_the_labelled_set_is_the_model_itself() -> None:
    state = usual(Watcher())
    again = PoolRefit(state, state.labeled, state.y_labeled)
    np.testing.assert_array_equal(again.predict_proba(), state.model.predict_proba())
    np.testing.assert_array_equal(again.predict(), state.model.predict())
    boundary = usual(Watcher(), learner=linear_svc())
    again = PoolRefit(boundary, boundary.labeled, boundary.y_labeled)
    np.testing.assert_array_equal(again.decision_function(), boundary.model.decision_function())
