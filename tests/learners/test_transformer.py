"""The transformer learner: a pure function of rows, labels and seed, on a tiny model."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from token_rows import documents, probabilities_elsewhere

from algrid.errors import LearnerError, ModelError
from algrid.learners.transformer import Transformer

text = pytest.mark.text


@pytest.fixture
def learner(tiny_model: str) -> Transformer:
    return Transformer(model=tiny_model, epochs=2, learning_rate=1e-3, batch_size=8, device="cpu")


@text
def test_it_learns_what_tells_the_classes(learner: Transformer) -> None:
    X, y = documents(90)
    able = replace(learner, epochs=25, learning_rate=5e-3)
    fitted = able.fit(X[:60], y[:60], 3, 0)
    assert np.mean(fitted.predict(X[60:]) == y[60:]) > 0.9
    weak = replace(able, frozen_layers=-1).fit(X[:60], y[:60], 3, 0)  # a head on random features
    assert np.mean(weak.predict(X[60:]) == y[60:]) < 0.9


@text
def test_the_same_bits_in_another_process_on_more_threads(learner: Transformer) -> None:
    X, y = documents()
    assert probabilities_elsewhere(learner, 5) == learner.fit(X, y, 3, 5).predict_proba(X).tobytes()


@text
def test_what_torch_was_before_it_is_afterwards(learner: Transformer) -> None:
    import torch

    X, y = documents()
    torch.manual_seed(7)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    fitted = learner.fit(X, y, 3, 0)
    fitted.embed(X)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
    torch.manual_seed(8)
    np.testing.assert_array_equal(learner.fit(X, y, 3, 0).predict_proba(X), fitted.predict_proba(X))
    assert not np.array_equal(learner.fit(X, y, 3, 1).predict_proba(X), fitted.predict_proba(X))


@text
def test_a_fit_depends_on_the_labelled_set_alone(learner: Transformer) -> None:
    """Cold: whatever was fitted before, a fit starts from the pretrained weights."""
    X, y = documents()
    first = learner.fit(X[:20], y[:20], 3, 0).predict_proba(X)
    learner.fit(X, y, 3, 0)
    np.testing.assert_array_equal(learner.fit(X[:20], y[:20], 3, 0).predict_proba(X), first)


@text
def test_rows_keep_their_order_and_padding_says_nothing(learner: Transformer) -> None:
    X, y = documents(150)
    fitted = learner.fit(X, y, 3, 0)
    proba, embedded = fitted.predict_proba(X), fitted.embed(X)
    wider = np.hstack([X, np.zeros((150, 7))])
    np.testing.assert_array_equal(fitted.predict_proba(wider), proba)
    for row in (0, 1, 77, 149):
        alone = X[row : row + 1, : np.count_nonzero(X[row])]
        np.testing.assert_allclose(fitted.predict_proba(alone)[0], proba[row], atol=1e-6)
        np.testing.assert_allclose(fitted.embed(alone)[0], embedded[row], atol=1e-5)
    assert fitted.predict_proba(np.zeros((2, 5))).shape == (2, 3)  # documents without a token


@text
def test_predictions_are_those_of_small_text(learner: Transformer) -> None:
    """Its own prediction, in other batches, on the model that was fitted."""
    import torch

    from algrid.learners._fine_tuned import _Classifier, _dataset
    from algrid.pretrained.encoder import Tokens

    X, y = documents(40)
    fitted = learner.fit(X, y, 3, 0)
    theirs = _Classifier(learner, 3, "cpu")
    theirs.model = fitted.model._model
    with torch.no_grad():
        proba = theirs.predict_proba(_dataset(Tokens(X, 0), y, np.arange(40)))
    np.testing.assert_allclose(fitted.predict_proba(X), proba, atol=1e-6)
    hidden = fitted.model._model.config.hidden_size
    assert fitted.embed(X).shape == (40, hidden)


@text
@pytest.mark.parametrize("layers", [0, 1, 2, -1])
def test_frozen_layers_keep_their_weights(learner: Transformer, layers: int) -> None:
    from algrid.pretrained.encoder import encoder

    X, y = documents()
    before = encoder(learner.pretrained).state_dict()
    model = replace(learner, frozen_layers=layers).fit(X, y, 3, 0).model._model
    after = model.bert.state_dict()
    same = {name for name in before if (before[name] == after[name]).all()}
    frozen = {
        name
        for name in before
        if layers == -1
        or (layers and name.startswith("embeddings."))
        or any(name.startswith(f"encoder.layer.{i}.") for i in range(layers))
    }
    assert frozen <= same
    # biases of attention keys have no gradient, and tokens that no row has none either
    moving = {name for name in before if name.endswith("dense.weight")} - frozen
    assert not moving & same


@text
def test_more_layers_than_there_are_can_not_be_frozen(learner: Transformer) -> None:
    X, y = documents()
    with pytest.raises(LearnerError, match=r"frozen_layers is 3.* has 2"):
        replace(learner, frozen_layers=3).fit(X, y, 3, 0)


@text
def test_early_stopping_keeps_the_best_weights(learner: Transformer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A learning rate that destroys what was learned: the fit is that of the epoch with the least validation loss."""
    from algrid.learners._fine_tuned import _Classifier

    X, y = documents(60)
    wild = replace(learner, epochs=12, learning_rate=0.05, validation=0.3, early_stopping=2)
    losses: list[float] = []
    validate = _Classifier.validate

    def noted(self: Any, rows: Any) -> Any:
        found = validate(self, rows)
        losses.append(float(found[0]))
        return found

    monkeypatch.setattr(_Classifier, "validate", noted)
    fitted = wild.fit(X, y, 3, 0)
    per_epoch = losses.copy()
    proba = fitted.predict_proba(X)
    np.testing.assert_array_equal(wild.fit(X, y, 3, 0).predict_proba(X), proba)
    assert losses == per_epoch * 2

    _, held = wild.held_out(y, np.random.default_rng(0))
    loss = -np.log(np.maximum(proba[held, y[held]], 1e-12))
    # small-text's: the sum of the batches' means over the number of rows
    means = [loss[at : at + wild.batch_size].mean() for at in range(0, len(held), wild.batch_size)]
    best = int(np.argmin(per_epoch))
    assert sum(means) / len(held) == pytest.approx(per_epoch[best], abs=1e-6)
    assert len(per_epoch) == min(best + 1 + wild.early_stopping + 1, wild.epochs)  # it stops where there are more


@given(
    counts=st.lists(st.integers(1, 12), min_size=2, max_size=5),
    share=st.floats(0.05, 0.9),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_what_is_held_out_leaves_every_class_in_training(counts: list[int], share: float, seed: int) -> None:
    codes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.intp)
    learner = Transformer("tiny", early_stopping=1, validation=share)
    train, valid = learner.held_out(codes, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(np.concatenate([train, valid])), np.arange(len(codes)))
    assert set(codes[train]) == set(range(len(counts)))
    assert len(valid) == min(max(1, int(share * len(codes))), len(codes) - len(counts))
    everything, nothing = Transformer("tiny").held_out(codes, np.random.default_rng(seed))
    assert (len(everything), len(nothing)) == (len(codes), 0)


@text
def test_mixed_precision_is_another_learner(learner: Transformer) -> None:
    X, y = documents()
    mixed = replace(learner, precision="bfloat16")
    proba = mixed.fit(X, y, 3, 0).predict_proba(X)
    plain = learner.fit(X, y, 3, 0).predict_proba(X)
    np.testing.assert_array_equal(mixed.fit(X, y, 3, 0).predict_proba(X), proba)
    assert not np.array_equal(proba, plain)
    np.testing.assert_allclose(proba, plain, atol=0.05)
    assert mixed.identity() != learner.identity()


@text
def test_one_class_embeds_as_the_pretrained_model(learner: Transformer) -> None:
    X, y = documents()
    one = learner.fit(X[:3], np.zeros(3, dtype=np.intp), 3, 0)
    np.testing.assert_array_equal(one.embed(X), learner.fit(X[:1], y[:1], 3, 4).embed(X))
    head_only = replace(learner, frozen_layers=-1).fit(X, y, 3, 0)
    np.testing.assert_allclose(one.embed(X), head_only.embed(X), atol=1e-6)


@text
def test_devices(learner: Transformer, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from algrid.pretrained import devices as module

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [module.device_of(d) for d in ("auto", "cpu")] == ["cpu", "cpu"]
    with pytest.raises(ModelError, match="finds no GPU"):
        replace(learner, device="cuda").fit(*documents(), 3, 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [module.device_of(d) for d in ("auto", "cpu", "cuda")] == ["cuda", "cpu", "cuda"]


@text
def test_on_a_gpu_its_generator_is_forked_and_deterministic_algorithms_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import contextlib

    import torch

    from algrid.pretrained import devices as module

    forked: list[Any] = []

    def fork(devices: Any) -> Any:
        forked.append(devices)
        return contextlib.nullcontext()

    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    monkeypatch.setattr(torch.random, "fork_rng", fork)
    monkeypatch.setattr(torch, "manual_seed", forked.append)
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    with module.seeded(3, "cuda"):
        assert torch.is_deterministic_algorithms_warn_only_enabled()
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert forked == [[1], 3]
    assert not torch.are_deterministic_algorithms_enabled()


def test_who_wants_a_gpu() -> None:
    assert Transformer("tiny").wants_gpu
    assert Transformer("tiny", device="cuda").wants_gpu
    assert not Transformer("tiny", device="cpu").wants_gpu


@text
def test_provenance_tells_cpu_from_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from algrid import provenance as module

    module._gpu.cache_clear()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    on_cpu = module.provenance([Transformer("tiny")])
    module._gpu.cache_clear()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some GPU")
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    on_gpu = module.provenance([Transformer("tiny")])
    module._gpu.cache_clear()
    assert (on_cpu["gpu"], on_gpu["gpu"]) == ("none", "Some GPU, CUDA 13.0")
    assert module.differences(on_gpu, on_cpu) == ["gpu: stored results have Some GPU, CUDA 13.0, here is none"]
    without = module.provenance([Transformer("tiny", device="cpu")])
    assert "gpu" not in without
    assert module.differences(on_gpu, without) == []


@text
def test_a_dearer_fit_is_planned_as_one(learner: Transformer, monkeypatch: pytest.MonkeyPatch) -> None:
    from algrid.pretrained import Pretrained

    fits, predictions = replace(learner, epochs=10).cost_factors()
    assert replace(learner, epochs=20).cost_factors() == (2 * fits, predictions)
    monkeypatch.setattr(Pretrained, "config", {"num_hidden_layers": 6, "hidden_size": 384})
    assert replace(learner, epochs=10).cost_factors() == pytest.approx((21.6, 21.6))
