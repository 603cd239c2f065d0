"""A corpus of texts that is there wherever algrid is: what five packages say of themselves."""

from __future__ import annotations

import ast
import hashlib
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from algrid.cache import remembered
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.errors import DatasetError
from algrid.identity import content_key
from algrid.registry import source_hash

__all__ = ["Docstrings"]

#: Class name -> the package that is read.
_PACKAGES = {
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "pandas": "pandas",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
}

#: Folders of tests and of other projects' code, and files that a build writes.
_LEFT_OUT = frozenset({"tests", "testing", "_lib", "_vendored", "extern", "externals", "conftest.py"})
_BUILT = frozenset({"__config__.py", "version.py", "_version.py", "_version_meson.py", "_distributor_init.py"})

#: Names of the packages, wherever they are in a word, and the abbreviations that their users give them.
_NAMES = re.compile(
    r"numpy|scipy|pandas|matplotlib|scikit-learn|scikit|sklearn|pyplot|pylab|(?<![a-z0-9])(?:np|pd|plt|mpl)(?![a-z0-9])",
    re.IGNORECASE,
)
_MASK = "package"

#: Where prose ends: an underlined heading (of parameters), a doctest, a directive.
_END_OF_PROSE = re.compile(r"\n[^\n]+\n-{3,}|\n\s*>>>|\n\s*\.\. ")
_MIN_WORDS = 8


@dataclass(frozen=True)
class Docstrings(DatasetPlugin):
    """First paragraphs of docstrings of matplotlib, numpy, pandas, scikit-learn and scipy: which package? 5 classes.

    Read from the sources of the installed packages (none is imported), so it needs no download, and is the same
    wherever these packages have the same versions. A document is the prose before the first heading, example or
    directive, of at least 8 words. The packages' names and their abbreviations (``np``, ``pd``, ``plt``, ``mpl``) are
    replaced by the word "package". A text that two packages have is left out, one that a package repeats is
    taken once.

    Parameters
    ----------
    per_package : int
        At most so many documents of a package: those whose hashes come first, so that fewer are a part of more.
    """

    name: ClassVar[str] = "docstrings"
    source: ClassVar[str] = "the installed numpy, scipy, pandas, matplotlib and scikit-learn"
    licence: ClassVar[str] = (
        "BSD-3-Clause (numpy, scipy, pandas, scikit-learn), matplotlib's licence (BSD-compatible, after the PSF's)"
    )

    per_package: Annotated[int, Field(ge=10)] = 800

    def state(self) -> list[str]:
        """The versions of the packages."""
        return _versions()

    def load(self) -> Dataset:
        """Read the sources, or what was read of the same ones before.

        Raises
        ------
        DatasetError
            If a package is not there, or there without its sources.
        """
        documents: list[tuple[str, str]] = []
        for name, texts in _corpus().items():
            documents += [(text, name) for text in texts[: self.per_package]]
        documents.sort(key=lambda document: _order(document[0]))
        return Dataset.from_texts(
            [text for text, _ in documents], [name for _, name in documents], name=self.dataset_name
        )


def _versions() -> list[str]:
    return [version(name) for name in _PACKAGES]


@cache
def _corpus() -> dict[str, list[str]]:
    """All documents of each class, in the order of their hashes; from the cache, as parsing takes seconds.

    They depend on the packages, on this file, and on the Python that parses.
    """
    key = content_key([_versions(), source_hash(Docstrings()), sys.version_info[:2]])
    documents: dict[str, list[str]] = remembered("docstrings", key, _read_corpus)
    return documents


def _read_corpus() -> dict[str, list[str]]:
    found = {name: set(_documents(name, package)) for name, package in _PACKAGES.items()}
    shared = {text for name in found for other in found if name < other for text in found[name] & found[other]}
    return {name: sorted(texts - shared, key=_order) for name, texts in found.items()}


def _order(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _documents(name: str, package: str) -> Iterator[str]:
    spec = find_spec(package)
    root = Path(spec.origin).parent if spec and spec.origin else None
    files = [] if root is None else [path for path in root.rglob("*.py") if _is_read(path.relative_to(root))]
    if not files:
        raise DatasetError(f"the docstrings of {name} can't be read: its sources are not installed. Install {name}.")
    for path in files:
        for docstring in _docstrings(_parsed(path)):
            text = _document(docstring)
            if text.count(" ") + 1 >= _MIN_WORDS:
                yield text


def _parsed(path: Path) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of backslashes in others' strings
        return ast.parse(path.read_bytes())


def _docstrings(node: ast.AST) -> Iterator[str]:
    """Of a node and of all that is defined in it; expressions define nothing, and are most of a tree."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield ast.get_docstring(node) or ""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _docstrings(child)


def _is_read(path: Path) -> bool:
    return not (_LEFT_OUT & set(path.parts) or path.name in _BUILT)


def _document(docstring: str) -> str:
    """The masked prose of a docstring, in one line."""
    prose = _END_OF_PROSE.split(docstring, maxsplit=1)[0]
    return _NAMES.sub(_MASK, " ".join(prose.split()))
