"""A tiny model for tests, made once in a process: quicker than `tiny`, whose vocabulary is that of the whole corpus."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

__all__ = ["FOLDER", "TEXTS", "make"]

#: Where it is after `make`; the cache of the tests goes away with them.
FOLDER = str(Path(os.environ["ALGRID_CACHE"]) / "tiny-model")

TEXTS = tuple(f"the {colour} {thing} is {number}" for colour in ("red", "blue") for thing in ("cat", "dog", "über")
              for number in ("seven", "eight", "1984"))  # fmt: skip


@cache
def make() -> str:
    """The folder, with a model in it."""
    from algrid.pretrained.tiny import build_tiny

    Path(FOLDER).mkdir(parents=True)
    build_tiny(Path(FOLDER), TEXTS, words=200, hidden=32, layers=1)
    return FOLDER
