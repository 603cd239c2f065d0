"""Query by committee: disagreements by hand, real resamples, modAL's committee."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any, ClassVar

import numpy as np
import pytest
from strategy_states import decision_tree, gaussian_nb, linear_svc, make_state

from algrid.errors import PluginError
from algrid.learners.base import Fitted, Learner
from algrid.strategies import STRATEGIES, _modal
from algrid.strategies import qbc as qbc_module
from algrid.strategies._committee import bagged


@dataclass
class Member:
    """A member of a committee that was never fitted."""

    proba: Any

    def predict(self, X: Any) -> Any:
        return np.asarray(self.proba).argmax(axis=1)

    def predict_proba(self, X: Any) -> Any:
        return np.asarray(self.proba, dtype=float)


def utilities_of(members: list[Any], monkeypatch: pytest.MonkeyPatch, **parameters: Any) -> Any:
    """Of candidates 1, 2, ...; row 0 is labelled."""
    monkeypatch.setattr(qbc_module, "bagged", lambda state, size: map(Member, members))
    n_pool, n_classes = np.shape(members[0])
    state = make_state(np.zeros((n_pool, 1)), [0], [0], n_classes=n_classes)
    return STRATEGIES.build("qbc", {"committee_size": len(members), **parameters}).utilities(state)


def one_hot(*classes: int) -> Any:
    return np.eye(3)[list(classes)]


VOTES = [one_hot(0, 0, 0, 0, 2), one_hot(0, 0, 0, 1, 0), one_hot(0, 0, 1, 1, 0), one_hot(0, 0, 1, 2, 0)]


def test_vote_entropy_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    three_to_one = -0.75 * log(0.75) - 0.25 * log(0.25)
    expected = [0.0, log(2), 1.5 * log(2), three_to_one]
    np.testing.assert_allclose(utilities_of(VOTES, monkeypatch), expected, rtol=0, atol=1e-15)


def test_variation_ratio_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    assert utilities_of(VOTES, monkeypatch, disagreement="variation_ratio").tolist() == [0.0, 0.5, 0.5, 0.25]


def test_equal_counts_are_exact_ties(monkeypatch: pytest.MonkeyPatch) -> None:
    """3 to 2 has the same bits whoever voted for what, in whatever order."""
    votes = np.array([[0, 0, 0, 0, 0], [0, 0, 0, 1, 1], [1, 1, 0, 0, 0], [0, 2, 2, 0, 2], [2, 1, 1, 2, 1]])
    members = [np.eye(3)[votes[:, m]] for m in range(5)]
    assert len(set(utilities_of(members, monkeypatch).tolist())) == 1


def test_kl_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    members = [[[1, 0], [1, 0], [0.8, 0.2], [0.5, 0.5]], [[1, 0], [0, 1], [0.4, 0.6], [0.5, 0.5]]]
    # the third row: consensus (0.6, 0.4)
    third = (0.8 * log(0.8 / 0.6) + 0.2 * log(0.2 / 0.4) + 0.4 * log(0.4 / 0.6) + 0.6 * log(0.6 / 0.4)) / 2
    np.testing.assert_allclose(
        utilities_of(members, monkeypatch, disagreement="kl"), [log(2), third, 0.0], rtol=0, atol=1e-15
    )


def blobs() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    return rng.normal(size=(60, 2)) + 2 * np.eye(3)[y][:, :2], y


def test_members_are_bagged_with_seeds_of_their_own() -> None:
    X, y = blobs()
    state = make_state(X, range(12), y[:12], learner=gaussian_nb())
    members = list(bagged(state, 6))
    assert len({member.seed for member in members}) == 6
    resamples = {member.X.tobytes() for member in members}
    assert len(resamples) == 6
    for member in members:
        assert member.X.shape == (12, 2)
        drawn = {row.tobytes() for row in member.X}
        assert drawn < {row.tobytes() for row in X[:12]}  # with replacement: some are missing
    again = list(bagged(state, 6))
    assert [member.seed for member in again] == [member.seed for member in members]
    assert {member.X.tobytes() for member in again} == resamples


@pytest.mark.parametrize("name", ["qbc", "qbc@modal"])
def test_resamples_of_one_class_vote_for_it(name: str) -> None:
    """Of two labels half of all resamples hold one class only, which most classifiers refuse."""
    X, y = blobs()
    for committee_size in (2, 9):
        strategy = STRATEGIES.build(name, {"committee_size": committee_size})
        state = make_state(X, [0, 1], y[:2], n_classes=3, batch_size=5, learner=linear_svc(), strategy=strategy)
        assert len(set(strategy.query(state).tolist())) == 5


@pytest.mark.parametrize("name", ["qbc", "qbc@modal"])
def test_disagreement_is_at_the_border(name: str) -> None:
    """Stumps on a line split somewhere between the classes: only rows there can be disputed."""
    X = np.concatenate([[[-1.0], [1.0]] * 10, np.linspace(-3, 3, 61)[:, None]])
    labeled = np.arange(20)
    X[:20, 0] += np.sign(X[:20, 0]) * np.linspace(0, 1, 20)
    strategy = STRATEGIES.build(name, {"committee_size": 15})
    state = make_state(
        X, labeled, (X[:20, 0] > 0).astype(int), learner=decision_tree(max_depth=1), strategy=strategy, batch_size=1
    )
    assert np.abs(X[strategy.query(state)]).max() <= 1.3


@dataclass(frozen=True)
class Recorder(Learner):
    """Predicts the class of the labelled majority, and notes what it was fitted on."""

    name: ClassVar[str] = "recorder"
    log: ClassVar[list[Any]] = []

    def fit(self, X: Any, y: Any, n_classes: int, seed: int) -> Fitted:
        self.log.append((X[:, 0].astype(int).tolist(), y.tolist(), seed))
        return Fitted(self, None, np.array([np.bincount(y).argmax()]), n_classes, X, y, seed)


def test_modal_refits_clones_on_its_own_resamples() -> None:
    Recorder.log.clear()
    X = np.arange(20.0)[:, None]
    strategy = STRATEGIES.build("qbc@modal", {"committee_size": 4})
    y = np.arange(8) % 2
    state = make_state(X, range(8), y, learner=Recorder(), strategy=strategy, proba=np.full((20, 2), 0.5))
    strategy.query(state)
    assert len(Recorder.log) == 4
    assert len({tuple(rows) for rows, _, _ in Recorder.log}) == 4
    assert len({seed for _, _, seed in Recorder.log}) == 4
    for rows, labels, _ in Recorder.log:
        assert labels == y[rows].tolist()  # each row with its own label
        assert max(rows) < 8


def test_modal_vote_entropy_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given the same members, modAL's utilities are ours."""
    from modAL.disagreement import vote_entropy
    from modAL.models import ActiveLearner, Committee

    X, y = blobs()
    strategy = STRATEGIES.build("qbc@modal", {"committee_size": 5})
    state = make_state(X, range(9), y[:9], learner=gaussian_nb(), strategy=strategy)
    members = list(bagged(state, 5))
    learners = []
    for member in members:
        estimator = _modal.RefittedEstimator(state, member.seed)
        estimator._fitted, estimator.classes_ = member, member.classes
        learners.append(ActiveLearner(estimator=estimator))
    modal = vote_entropy(Committee(learner_list=learners), state.unlabeled[:, None])
    monkeypatch.setattr(qbc_module, "bagged", lambda state, size: iter(members))
    np.testing.assert_allclose(STRATEGIES.build("qbc").utilities(state), modal, rtol=0, atol=1e-14)
    assert modal.max() > 0


def test_kl_needs_probabilities_votes_do_not() -> None:
    assert STRATEGIES.build("qbc").unsupported(linear_svc(), 3, False) is None
    reason = STRATEGIES.build("qbc", {"disagreement": "kl"}).unsupported(linear_svc(), 3, False)
    assert reason is not None
    assert "predict_proba" in reason
    assert STRATEGIES.build("qbc", {"disagreement": "kl"}).unsupported(gaussian_nb(), 3, False) is None


@pytest.mark.parametrize("parameters", [{"committee_size": 1}, {"disagreement": "max"}, {"committee_size": "5"}])
def test_wrong_parameters_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(PluginError, match="qbc"):
        STRATEGIES.build("qbc", parameters)
