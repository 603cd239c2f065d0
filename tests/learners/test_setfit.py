"""SetFit: a pure function of rows, labels and seed, which trains as setfit itself does."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from token_rows import documents, probabilities_elsewhere

from algrid.datasets.iris import Iris
from algrid.errors import LearnerError
from algrid.learners import _of_tokens as module
from algrid.learners.setfit import SetFit
from algrid.preprocessing.tokens import Tokens

LACKING = SetFit("tiny").lacks()
needs_setfit = pytest.mark.skipif(LACKING is not None, reason=str(LACKING))


@pytest.fixture
def learner(tiny_model: str) -> SetFit:
    return SetFit(model=tiny_model, iterations=2, learning_rate=1e-3, batch_size=8, device="cpu")


@pytest.mark.text
@needs_setfit
def test_pairs_are_as_many_of_one_class_as_of_two() -> None:
    from algrid.learners._contrastive import pairs_of

    codes = np.array([0, 0, 0, 1, 2, 2])
    first, second, alike = pairs_of(codes, 5, np.random.default_rng(0))
    assert np.array_equal(codes[first] == codes[second], alike == 1)
    assert (np.count_nonzero(alike == 1), np.count_nonzero(alike == 0)) == (30, 30)
    seen = {(min(a, b), max(a, b)) for a, b, same in zip(first, second, alike, strict=True) if not same}
    assert len(seen) == 11  # all of 3 * 1 + 3 * 2 + 1 * 2
    again, other = (pairs_of(codes, 5, np.random.default_rng(seed)) for seed in (0, 1))
    assert np.array_equal(again[0], first)
    assert not np.array_equal(other[0], first)


@pytest.mark.text
@needs_setfit
@pytest.mark.skipif(find_spec("accelerate") is None, reason="setfit's own trainer needs accelerate")
@pytest.mark.filterwarnings("ignore")
def test_it_trains_as_setfit_does(learner: SetFit, tmp_path: Path) -> None:
    """Its trainer, on texts in the order of ours: the pairs are the same, and all in one batch without dropout."""
    from sentence_transformers import SentenceTransformer, models
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.linear_model import LogisticRegression
    from transformers import AutoModel, AutoTokenizer

    from algrid.pretrained.encoder import token_ids

    network = AutoModel.from_pretrained(learner.model, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    network.save_pretrained(tmp_path / "model")
    AutoTokenizer.from_pretrained(learner.model).save_pretrained(tmp_path / "model")
    words = ["one two", "two one three", "one", "seven six", "six five seven", "seven", "four", "four three"]
    y = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    ours = replace(learner, model=str(tmp_path / "model"), iterations=20, epochs=4, batch_size=1000)
    X = token_ids(ours.pretrained, words, 8)
    fitted = ours.fit(X, y, 3, 0)
    texts = [words[row] for row in np.random.default_rng(0).permutation(8)]
    labels = [int(y[row]) for row in np.random.default_rng(0).permutation(8)]
    body = models.Transformer(str(tmp_path / "model"), max_seq_length=8)
    sentences = SentenceTransformer(modules=[body, models.Pooling(body.get_word_embedding_dimension())], device="cpu")
    theirs = SetFitModel(model_body=sentences, model_head=LogisticRegression())
    arguments = TrainingArguments(
        output_dir=str(tmp_path / "out"), batch_size=1000, num_epochs=4, num_iterations=20, body_learning_rate=1e-3,
        report_to="none", save_strategy="no", show_progress_bar=False,
    )  # fmt: skip
    from datasets import Dataset

    before = sentences.encode(words)
    trainer = Trainer(model=theirs, args=arguments, train_dataset=Dataset.from_dict({"text": texts, "label": labels}))
    trainer.train()
    after = sentences.encode(words)
    assert np.abs(after - before).max() > 0.05
    np.testing.assert_allclose(fitted.embed(X), after, atol=1e-4)
    np.testing.assert_allclose(fitted.predict_proba(X), theirs.predict_proba(words), atol=1e-4)


@pytest.mark.text
@needs_setfit
def test_it_learns_what_tells_the_classes(learner: SetFit) -> None:
    X, y = documents(90)
    able = replace(learner, iterations=10, epochs=2, learning_rate=3e-3)
    fitted = able.fit(X[:45], y[:45], 3, 0)
    assert np.mean(fitted.predict(X[45:]) == y[45:]) > 0.9
    weak = replace(able, learning_rate=1e-9).fit(X[:45], y[:45], 3, 0)  # a head on random features
    assert np.mean(weak.predict(X[45:]) == y[45:]) < 0.9


@pytest.mark.text
@needs_setfit
def test_the_same_bits_in_another_process_on_more_threads(learner: SetFit) -> None:
    X, y = documents()
    assert probabilities_elsewhere(learner, 5) == learner.fit(X, y, 3, 5).predict_proba(X).tobytes()


@pytest.mark.text
@needs_setfit
def test_what_torch_was_before_it_is_afterwards(learner: SetFit) -> None:
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
    learner.fit(X[:20], y[:20], 3, 3)  # a fit starts from the pretrained weights, whatever was fitted before
    np.testing.assert_array_equal(learner.fit(X, y, 3, 0).predict_proba(X), fitted.predict_proba(X))
    assert not np.array_equal(learner.fit(X, y, 3, 1).predict_proba(X), fitted.predict_proba(X))


@pytest.mark.text
@needs_setfit
def test_rows_keep_their_order_and_padding_says_nothing(learner: SetFit) -> None:
    X, y = documents(150)
    fitted = learner.fit(X, y, 3, 0)
    proba, embedded = fitted.predict_proba(X), fitted.embed(X)
    np.testing.assert_array_equal(fitted.predict_proba(np.hstack([X, np.zeros((150, 7))])), proba)
    for row in (0, 77, 149):
        alone = X[row : row + 1, : np.count_nonzero(X[row])]
        np.testing.assert_allclose(fitted.predict_proba(alone)[0], proba[row], atol=1e-6)
        np.testing.assert_allclose(fitted.embed(alone)[0], embedded[row], atol=1e-5)
    assert fitted.predict_proba(np.zeros((2, 5))).shape == (2, 3)  # documents without a token


@pytest.mark.text
@needs_setfit
def test_normalized_embeddings_have_length_1(learner: SetFit) -> None:
    X, y = documents()
    plain, unit = (replace(learner, normalize=value).fit(X, y, 3, 0) for value in (False, True))
    lengths = np.linalg.norm(plain.embed(X), axis=1, keepdims=True)
    np.testing.assert_allclose(unit.embed(X), plain.embed(X) / lengths, atol=1e-12)
    assert not np.allclose(unit.predict_proba(X), plain.predict_proba(X))
    one = replace(learner, normalize=True).fit(X[:2], np.zeros(2, dtype=np.intp), 3, 0)
    np.testing.assert_allclose(np.linalg.norm(one.embed(X), axis=1), 1.0)


@pytest.mark.text
def test_a_run_is_known_by_the_model_s_content(learner: SetFit) -> None:
    identity = learner.identity()
    assert identity["parameters"] == {
        "model": learner.pretrained.content_hash,
        "iterations": 2,
        "epochs": 1,
        "learning_rate": 1e-3,
        "batch_size": 8,
        "C": 1.0,
        "normalize": False,
    }
    assert replace(learner, device="auto").identity() == identity
    assert replace(learner, iterations=4).cost_factors()[0] == 2 * learner.cost_factors()[0]


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "setfit" else name)
    reason = "setfit needs setfit, which is not installed (pip install 'algrid[setfit]')"
    assert SetFit("tiny").unsupported(Tokens("tiny"), Iris().load()) == reason
    with pytest.raises(LearnerError, match=r"pip install 'algrid\[setfit\]'"):
        SetFit("tiny").build(0)


def test_who_wants_a_gpu() -> None:
    assert SetFit("tiny").wants_gpu
    assert not SetFit("tiny", device="cpu").wants_gpu
