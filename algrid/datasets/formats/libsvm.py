"""LIBSVM: ``label index:value ...`` a line."""

from __future__ import annotations

from pathlib import Path

from algrid.datasets.formats.files import Arrays
from algrid.errors import DatasetError

__all__ = ["read"]


def read(path: Path, target: str, encoding: str) -> Arrays:  # noqa: ARG001 - the same for all formats
    """Features as CSR, called by their index in the file, and labels."""
    from sklearn.datasets import load_svmlight_file

    if target not in {"", "label"}:
        raise DatasetError(
            f"file {str(path)!r} is a LIBSVM file: its target is the label that begins a line. Leave out target: "
            f"{target!r}."
        )
    try:
        X, y = load_svmlight_file(str(path), zero_based=True)
    except ValueError as error:
        raise ValueError(f"{error}; lines of `label text` are read by text_file") from error
    first = 0 if (X.indices == 0).any() else 1  # indices start at 1, unless there is a 0
    return Arrays(X[:, first:], y, tuple(str(index) for index in range(first, X.shape[1])))
