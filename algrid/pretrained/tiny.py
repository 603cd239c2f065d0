"""A tiny BERT: random weights and a vocabulary of its own, to try everything with that needs a transformer.

It is untrained: what it says of a text is a random projection of its tokens. Fine-tuning it learns something, but far
less than fine-tuning a real model does, and none of its scores say anything about real ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from algrid.cache import made_once
from algrid.datasets.docstrings import Docstrings
from algrid.errors import ModelError
from algrid.identity import content_key
from algrid.pretrained.finding import Pretrained, resolve

__all__ = ["build_tiny", "save_tiny", "tiny", "vocabulary_of"]

_VERSION = 1
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_CARD = """\
# tiny-bert

A BERT of {layers} layers and {hidden} dimensions with **random weights** (seed {seed}). It is untrained, and meant for
trying things out: no score that is reached with it says anything about real models. Its WordPiece vocabulary has
{words} entries, the most frequent ones of {documents} documents. Made by `algrid models tiny`.
"""


@cache
def tiny() -> Path:
    """The model `tiny`: made in the cache of the embedded corpus at its defaults, where it is not there yet."""
    packages = {name: version(name) for name in ("torch", "transformers", "tokenizers")}
    key = content_key(["tiny", _VERSION, Docstrings().facts().content_hash, packages])
    return made_once("tiny-bert", key, build_tiny)


def save_tiny(folder: Path, *, seed: int = 0, words: int = 4000, hidden: int = 64, layers: int = 2) -> Pretrained:
    """Write a tiny model into a new or empty folder; see `build_tiny`.

    Raises
    ------
    ModelError
        If there is something in the folder, or as `build_tiny`.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ModelError(f"there is something in {str(folder)!r} already: name another folder, or remove it.")
    folder.mkdir(parents=True, exist_ok=True)
    build_tiny(folder, seed=seed, words=words, hidden=hidden, layers=layers)
    return resolve(str(folder))


def build_tiny(
    folder: Path,
    documents: Iterable[str] | None = None,
    *,
    seed: int = 0,
    words: int = 4000,
    hidden: int = 64,
    layers: int = 2,
) -> None:
    """Write a model and its tokenizer into a folder. The same arguments and packages give the same bits.

    Parameters
    ----------
    folder : Path
        An existing one.
    documents : iterable of str, optional
        What the vocabulary is made of; by default the corpus `docstrings`.
    seed : int
        Of the weights.
    words : int
        Entries of the vocabulary.
    hidden, layers : int
        Dimensions of a token, a multiple of 32, and layers.

    Raises
    ------
    ModelError
        If torch or transformers are not installed, or `hidden` is no multiple of 32.
    """
    if hidden % 32 or hidden < 32:
        raise ModelError(f"the tiny model's dimensions are {hidden}: a multiple of 32 is needed.")
    try:
        import torch
        from transformers import BertConfig, BertModel, BertTokenizerFast
    except ImportError as error:
        raise ModelError("the model `tiny` needs the extra text: pip install 'algrid[text]'.") from error
    texts = list(Docstrings().load().documents or () if documents is None else documents)
    vocabulary = vocabulary_of(texts, words)
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in vocabulary), encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), do_lower_case=True, model_max_length=512)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 32,
        intermediate_size=2 * hidden,
        max_position_embeddings=512,
        pad_token_id=0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: Any = BertModel(config)
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    card = _CARD.format(layers=layers, hidden=hidden, seed=seed, words=len(vocabulary), documents=len(texts))
    (folder / "README.md").write_text(card, encoding="utf-8")


def vocabulary_of(documents: Iterable[str], size: int) -> list[str]:
    """A WordPiece vocabulary: special tokens, every character, then the most frequent words and endings of words.

    Any word of known characters can be spelled with it. Ties are broken by the alphabet, so that it is the same
    wherever it is made (trainers of libraries break them by chance).

    Parameters
    ----------
    documents : iterable of str
    size : int
        Entries at most; characters are kept in any case.
    """
    words = Counter(word for document in documents for word in _words(document.lower()))
    characters = sorted({character for word in words for character in word})
    endings: Counter[str] = Counter()
    for word, count in words.items():
        for length in (2, 3, 4):
            if len(word) > length + 1:
                endings[f"##{word[-length:]}"] += count
    pieces = words + endings
    frequent = sorted((piece for piece in pieces if len(piece) > 1), key=lambda piece: (-pieces[piece], piece))
    spelling = [*_SPECIAL, *characters, *(f"##{character}" for character in characters)]
    return list(dict.fromkeys([*spelling, *frequent]))[: max(size, len(spelling))]


def _words(text: str) -> Iterator[str]:
    """Runs of letters and digits, and every other character by itself, as BERT's tokenizer splits."""
    word = ""
    for character in text:
        if character.isalnum():
            word += character
            continue
        if word:
            yield word
        word = ""
        if not character.isspace():
            yield character
    if word:
        yield word
