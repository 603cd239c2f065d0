"""Strategies that measure distances: in the features, or in the learner's embedding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from strategy_states import logistic_regression, make_state, small_mlp

from algrid.learners.mlp import Mlp
from algrid.learners.transformer import Transformer
from algrid.strategies import STRATEGIES, QueryState, Strategy
from algrid.strategies._spaces import Spatial

SPATIAL = [cls for cls in STRATEGIES.classes() if issubclass(cls, Spatial)]
every_spatial = pytest.mark.parametrize("cls", SPATIAL, ids=lambda cls: cls.name)


def state_with(X: Any, embedding: Any, strategy: Strategy, labels: int = 15) -> QueryState:
    """Made-up predictions, which are the same whatever the features are."""
    rng = np.random.default_rng(3)
    proba = rng.dirichlet(np.ones(3), size=len(embedding))
    y = np.arange(labels) % 3
    state = make_state(
        X, np.arange(labels), y, batch_size=4, proba=proba, embedding=embedding, strategy=strategy, ties=np.arange(60)
    )
    return replace(state, _rng=lambda: np.random.default_rng(5))


def test_those_that_the_issue_names_are_there() -> None:
    families = {cls.family() for cls in SPATIAL}
    assert families >= {"kcenter_greedy", "embedding_kmeans", "contrastive", "badge", "typiclust", "probcover"}
    small_text = {cls.family() for cls in SPATIAL if cls.implementation() == "small_text"}
    assert small_text == {"kcenter_greedy", "embedding_kmeans", "contrastive", "badge", "lightweight_coreset"}


@every_spatial
def test_the_learners_space_is_that_of_its_embedding(cls: type[Spatial]) -> None:
    """The same answer as on features that are the embedding, whatever the features are."""
    rng = np.random.default_rng(0)
    embedding, features = rng.normal(size=(60, 5)), rng.normal(size=(60, 2))
    as_features, in_space = cls(), cls(space="learner")
    expected = as_features.query(state_with(embedding, embedding, as_features))
    np.testing.assert_array_equal(in_space.query(state_with(features, embedding, in_space)), expected)
    assert not np.array_equal(as_features.query(state_with(features, embedding, as_features)), expected)


@every_spatial
def test_what_it_needs_follows_the_space(cls: type[Spatial]) -> None:
    features, own = cls(), cls(space="learner")
    assert features.needs == cls.needs
    assert own.needs == cls.needs - {"dense"} | {"embed"}
    assert "embed" in str(own.unsupported(logistic_regression(), 3, sparse=False))
    assert own.unsupported(small_mlp(), 3, sparse=True) is None  # an embedding of sparse features is dense


@every_spatial
def test_identity_and_stream_are_those_of_before_there_was_a_choice(cls: type[Spatial]) -> None:
    assert "space" not in cls().identity()["parameters"]
    assert cls(space="learner").identity()["parameters"]["space"] == "learner"
    assert cls().label == cls.name
    assert "space" in (cls.__doc__ or "")


def test_what_a_cell_shares_about_features_is_not_taken_for_the_embedding() -> None:
    """One cell's shared values: the same strategy in both spaces."""
    rng = np.random.default_rng(1)
    embedding, features = rng.normal(size=(60, 5)), rng.normal(size=(60, 2))
    for name in ("kcenter_greedy", "probcover", "graph_density", "informative_diverse", "density_weighted"):
        first, second = STRATEGIES.build(name), STRATEGIES.build(name, {"space": "learner"})
        state = state_with(features, embedding, first)
        alone = second.query(state_with(features, embedding, second))
        before = first.query(state)
        np.testing.assert_array_equal(second.query(state), alone)
        np.testing.assert_array_equal(first.query(state), before)


@pytest.mark.parametrize("cls", STRATEGIES.classes(), ids=lambda cls: cls.name)
def test_who_says_that_features_need_no_meaning_does_not_look_at_them(cls: type[Strategy]) -> None:
    strategy = STRATEGIES.build(cls.name)
    fits = {"albl", "discriminative", "epsilon_random", "subsampled"} | {
        name for name in STRATEGIES.names() if STRATEGIES.build(name).fits_per_query(4)
    }
    if strategy.metric_space or cls.family() in fits or strategy.fits_per_query(4):
        pytest.skip("it measures features, or fits learners on them")
    if strategy.unsupported(small_mlp(), 3, sparse=False) or "true_labels" in strategy.needs:
        pytest.skip("it can't run on these predictions")
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 3))
    state = state_with(X, X, strategy)
    np.testing.assert_array_equal(strategy.query(state), strategy.query(replace(state, X=np.zeros_like(X), _shared={})))


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("sizes", [(6,), (5, 4)], ids=str)
def test_an_mlp_s_embedding_is_what_its_last_layer_sees(activation: Any, sizes: tuple[int, ...]) -> None:
    from sklearn.utils.extmath import softmax

    rng = np.random.default_rng(4)
    X = rng.normal(size=(40, 3))
    y = np.arange(30) % 3
    learner = Mlp(hidden_layer_sizes=sizes, activation=activation, max_iter=30)
    fitted = learner.fit(X[:30], y, 3, 0)
    hidden = fitted.embed(X)
    assert hidden.shape == (40, sizes[-1])
    scores = hidden @ fitted.model.coefs_[-1] + fitted.model.intercepts_[-1]
    np.testing.assert_allclose(softmax(scores), fitted.predict_proba(X), atol=1e-12)
    np.testing.assert_allclose(fitted.embed(sp.csr_matrix(X)), hidden, atol=1e-12)


def test_an_mlp_without_a_network_embeds_as_the_features() -> None:
    X = np.random.default_rng(4).normal(size=(10, 3))
    fitted = Mlp().fit(X[:3], np.ones(3, dtype=np.intp), 3, 0)
    embedded = fitted.embed(X)
    np.testing.assert_array_equal(embedded, X)
    assert not np.shares_memory(embedded, X)


@pytest.mark.parametrize("cls", STRATEGIES.classes(), ids=lambda cls: cls.name)
def test_token_ids_are_nothing_to_measure(cls: type[Strategy]) -> None:
    learner = Transformer("tiny")
    reason = STRATEGIES.build(cls.name).unsupported(learner, 2, sparse=False)
    if issubclass(cls, Spatial):
        assert (
            reason
            == f"{cls.name} measures features, and token ids have no distances (space: learner takes the learner's own)"
        )
        assert cls(space="learner").unsupported(learner, 2, sparse=False) is None
    elif cls.metric_space and not cls.needs - {"predict_proba", "dense", "binary"}:
        assert reason == f"{cls.name} measures features, and token ids have no distances"
