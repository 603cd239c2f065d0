"""A folder of figures that are drawn again only when something has changed.

``manifest.json`` ties every figure to what it was made of: the version of the store, the function and its parameters,
and the code (algrid's sources and matplotlib's version). A figure whose files are there and whose entry is the same is
left as it is; then nothing is drawn, and matplotlib is not even imported.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from algrid.errors import StoreError
from algrid.figures.base import SUFFIXES, Figure
from algrid.store.durable import write_durably

__all__ = ["Recipe", "draw"]

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Recipe:
    """How to make a figure.

    Parameters
    ----------
    name : str
        Of the figure, and of its files.
    function : str
        What makes it, for the reader of the manifest.
    parameters : mapping
        All that it depends on beside the store (JSON-able).
    make : callable
        Makes it.
    """

    name: str
    function: str
    parameters: Mapping[str, Any]
    make: Callable[[], Figure]


def draw(
    recipes: Sequence[Recipe],
    folder: str | Path,
    store: str,
    made_by: Callable[[], Mapping[str, Any]] = dict,
) -> list[Path]:
    """Draw what has changed, and say where all the figures are.

    Parameters
    ----------
    recipes : sequence of Recipe
    folder : str or Path
        Made where there is none; figures of other recipes stay.
    store : str
        Version of the stored results, `Snapshot.version`.
    made_by : callable, optional
        Says who draws (algrid's version and commit), for the reader of the manifest; called only when something is
        drawn.

    Returns
    -------
    list of Path
        PDF, PNG and CSV of every recipe, in its order.

    Raises
    ------
    StoreError
        If the folder can't be written.
    """
    root = Path(folder)
    known = _read(root / MANIFEST)
    paths = []
    for recipe in recipes:
        made_of = {"store": store, "function": recipe.function, "parameters": dict(recipe.parameters), **_code()}
        files = [root / f"{recipe.name}{suffix}" for suffix in SUFFIXES]
        entry = known.get(recipe.name, {})
        if not (entry.get("made_of") == made_of and all(file.exists() for file in files)):
            figure = recipe.make()
            figure.save(root)
            # others may have drawn meanwhile
            entry = {"made_of": made_of, "made_by": dict(made_by()), "caption": figure.caption}
            known = {**_read(root / MANIFEST), recipe.name: entry}
            _write(root / MANIFEST, known)
        paths += files
    return paths


@functools.cache
def _code() -> dict[str, str]:
    """What makes figures: a digest of all of algrid's sources, so that none outlives the code that drew it."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return {"sources": digest.hexdigest()[:16], "matplotlib": version("matplotlib")}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # none yet, or none that can be read: everything is drawn
    return content if isinstance(content, dict) else {}


def _write(path: Path, content: dict[str, Any]) -> None:
    try:
        write_durably(path, (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise StoreError(f"can't write {str(path)!r}: {error}.") from error
