"""Code blocks of the documents: what tests of README and CONTRIBUTING read."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["ROOT", "blocks", "files"]

ROOT = Path(__file__).resolve().parents[1]

_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [code for found, code in _FENCED.findall(text) if found == language]


def files(page: str) -> dict[str, str]:
    """The blocks of a page that are whole files: those that begin with ``# file: PATH``."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = {}
    for _, code in _FENCED.findall(text):
        first, _, rest = code.partition("\n")
        if first.startswith("# file: "):
            found[first.removeprefix("# file: ")] = rest
    return found
