"""modAL's ranked batches, information density and committees: by hand, and against ours."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from strategy_states import gaussian_nb, linear_svc, make_state

from algrid.identity import digest64
from algrid.strategies import STRATEGIES
from algrid.strategies._committee import bagged


def line(*values: float) -> Any:
    return np.array(values, dtype=float)[:, None]


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_ranked_batch_by_hand(form: Any) -> None:
    # as in test_diversity_strategies: 0.5, 0.5875, 0.5625; then 0.5, 0
    proba = [[1, 0], [0.5, 0.5], [0.9, 0.1], [1, 0]]
    state = make_state(form(line(0, 1, 3, 3)), [0], [0], n_classes=2, proba=proba, batch_size=3)
    assert STRATEGIES.build("ranked_batch@modal").query(state).tolist() == [2, 1, 3]


def test_ranked_batch_is_ours_without_ties() -> None:
    rng = np.random.default_rng(0)
    X, proba = rng.normal(size=(60, 3)), rng.dirichlet(np.ones(3), 60)
    state = make_state(X, range(5), [0] * 5, n_classes=3, proba=proba, batch_size=12)
    batches = [STRATEGIES.build(f"ranked_batch{i}").query(state).tolist() for i in ("", "@modal")]
    assert batches[0] == batches[1]


def test_information_density_by_hand() -> None:
    # candidates at 0, 1, 3: densities (1 + 1/2 + 1/4) / 3, (1/2 + 1 + 1/3) / 3, (1/4 + 1/3 + 1) / 3
    certain = [1, 0]
    half, tenth = [0.5, 0.5], [0.9, 0.1]
    state = make_state(line(9, 0, 1, 3), [0], [0], n_classes=2, proba=[certain, half, tenth, half])
    assert 1.75 * log(2) > 1.83 * (-0.9 * log(0.9) - 0.1 * log(0.1))
    assert STRATEGIES.build("density_weighted@modal").query(state).tolist() == [1]
    equal = make_state(line(9, 0, 1, 3), [0], [0], n_classes=2, proba=[certain, half, half, half])
    assert STRATEGIES.build("density_weighted@modal").query(equal).tolist() == [2]


def test_information_density_can_take_the_cosine() -> None:
    # two rows east, one north: Euclidean prefers the middle one, the cosine the two that point alike
    X = np.array([[-1, 0], [0.1, 0.0], [9, 0], [0.0, 0.2]])
    state = make_state(X, [0], [0], n_classes=2, proba=np.full((4, 2), 0.5), batch_size=2)
    assert set(STRATEGIES.build("density_weighted@modal").query(state).tolist()) == {1, 3}
    assert set(STRATEGIES.build("density_weighted@modal", {"metric": "cosine"}).query(state).tolist()) == {1, 2}


def test_committees_keep_their_identity_and_their_resamples() -> None:
    """A measure of disagreement was added: earlier runs keep their name and their numbers."""
    plain, named = STRATEGIES.build("qbc@modal"), STRATEGIES.build("qbc@modal", {"disagreement": "vote_entropy"})
    assert plain.identity() == {"name": "qbc@modal", "version": 1, "parameters": {"committee_size": 5}}
    assert digest64(plain.identity()) == digest64(named.identity())
    assert STRATEGIES.build("qbc@modal", {"disagreement": "max_disagreement"}).identity() != plain.identity()


@pytest.mark.parametrize("disagreement", ["consensus_entropy", "max_disagreement"])
def test_committee_measures_by_hand(disagreement: str) -> None:
    from modAL.disagreement import KL_max_disagreement, consensus_entropy
    from modAL.models import ActiveLearner, Committee

    from algrid.strategies._modal import RefittedEstimator

    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    X = rng.normal(size=(60, 2)) + 2 * np.eye(3)[y][:, :2]
    state = make_state(X, range(12), y[:12], learner=gaussian_nb())
    members = list(bagged(state, 4))
    learners = []
    for member in members:
        estimator = RefittedEstimator(state, member.seed)
        estimator._fitted, estimator.classes_ = member, member.classes
        learners.append(ActiveLearner(estimator=estimator))
    probas = np.array([member.predict_proba(X)[state.unlabeled] for member in members])
    mean = probas.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(mean > 0, mean * np.log(mean), 0).sum(axis=1)
        divergences = np.where(probas > 0, probas * np.log(probas / mean), 0).sum(axis=2)
    expected = {"consensus_entropy": entropy, "max_disagreement": divergences.max(axis=0)}[disagreement]
    function = {"consensus_entropy": consensus_entropy, "max_disagreement": KL_max_disagreement}[disagreement]
    np.testing.assert_allclose(function(Committee(learner_list=learners), state.unlabeled[:, None]), expected, 1e-9)


def test_all_but_votes_need_probabilities() -> None:
    for disagreement in ("consensus_entropy", "max_disagreement"):
        strategy = STRATEGIES.build("qbc@modal", {"disagreement": disagreement})
        assert "predict_proba" in (strategy.unsupported(linear_svc(), 3, False) or "")
    assert STRATEGIES.build("qbc@modal").unsupported(linear_svc(), 3, False) is None
