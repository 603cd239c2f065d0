"""Reading index lists from a user's file: what explicit splits and explicit start sets have in common."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.errors import GridError

__all__ = ["file_state", "index_array", "read_json", "read_text"]


def file_state(path: str) -> tuple[str, int, int]:
    """The path with the file's time of change and size: what a cached reading of it depends on.

    Raises
    ------
    GridError
        If there is no such file.
    """
    try:
        state = Path(path).expanduser().stat()
    except OSError as error:
        raise GridError(
            f"file {path!r} can't be read: {error.strerror}. Relative paths start at the folder in which algrid runs, "
            f"{Path.cwd()}."
        ) from error
    return path, state.st_mtime_ns, state.st_size


def read_text(path: str) -> str:
    """The text of a UTF-8 file.

    Raises
    ------
    GridError
        If it can't be read.
    """
    try:
        return Path(path).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GridError(f"file {path!r} can't be read as UTF-8 text: {error}.") from error


def read_json(path: str, shape: str) -> Any:
    """The content of a JSON file; `shape` says in messages what it should look like.

    Raises
    ------
    GridError
        If it is no JSON.
    """
    try:
        return json.loads(read_text(path), parse_constant=_no_constant)
    except ValueError as error:
        raise GridError(f"file {path!r} is no JSON: {error}. It should look like {shape}") from error


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def index_array(values: Any, size: int, *, space: str, where: str) -> NDArray[np.intp]:
    """A list of indices as an array, in the order given.

    Parameters
    ----------
    values : list of int
    size : int
        Indices are from 0 to ``size - 1``.
    space : str
        The word for one of them: ``"row"`` or ``"pool index"``.
    where : str
        The place in the file, for messages.

    Raises
    ------
    GridError
        If it is no list, is empty, or has anything but distinct integers in the range.
    """
    if not isinstance(values, list) or not values:
        raise GridError(f"{where} must be a list of at least one {space}, not {values!r}.")
    for value in values:
        if type(value) is not int:
            raise GridError(f"{where} has the {space} {value!r}: it must be an integer.")
        if not 0 <= value < size:
            raise GridError(f"{where} has the {space} {value}: allowed are 0 to {size - 1}.")
    array = np.array(values, dtype=np.intp)
    distinct, counts = np.unique(array, return_counts=True)
    if len(distinct) < len(array):
        raise GridError(f"{where} has the {space} {distinct[counts > 1][0]} more than once.")
    return array
