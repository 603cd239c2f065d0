"""Every error that a user can meet: one base class, a few kinds.

A message says four things where they are known: what is wrong, the value, what is allowed, and the
cure. The functions at the end build the recurring ones, so that they read the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "AlgridError",
    "AlgridWarning",
    "DataWarning",
    "DatasetError",
    "GridError",
    "LearnerError",
    "ModelError",
    "PluginError",
    "StoreError",
    "StrategyError",
    "in_one_line",
    "nearest",
    "unknown_name",
]


class AlgridError(Exception):
    """Base of all errors that algrid raises on purpose. Its text is meant for the user."""


class AlgridWarning(UserWarning):
    """Something that works but is probably not meant: an id among the features, a class that a pool lacks."""


class DataWarning(AlgridWarning):
    """Something odd about data that is seen only while they are read; the checks of data repeat it.

    Parameters
    ----------
    message : str
        What it is.
    cure : str
        What to do about it.
    """

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(f"{message}; {cure}." if cure else message)
        self.message, self.cure = message, cure


class GridError(AlgridError):
    """A mistake in a grid file or in the arguments that stand for one. Nothing was run."""


class DatasetError(AlgridError):
    """A dataset that can't be had, read or used."""


class PluginError(AlgridError):
    """A strategy, learner, dataset or metric that is unknown, broken, or given a wrong parameter.

    Parameters
    ----------
    message : str
    parameter : str, optional
        Name of the parameter that is at fault, where it is one.
    """

    def __init__(self, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter


class ModelError(AlgridError):
    """A pretrained model that is not there, is not whole, or does not fit."""


class LearnerError(AlgridError):
    """A learner that can't do what was asked of it."""


class StrategyError(AlgridError):
    """A query strategy that broke its contract (wrong number, repeated or labelled rows ...)."""


class StoreError(AlgridError):
    """A result store that is missing, damaged, locked or of another version."""


def in_one_line(error: BaseException, most: int = 300) -> str:
    """What another library raised, ``ValueError: ...`` in one line of at most so many characters."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= most else f"{text[: most - 4].rstrip()} ..."


def nearest(value: str, allowed: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` for the closest allowed name, or nothing where none is close."""
    match = get_close_matches(str(value), list(allowed), n=1, cutoff=0.6)
    return f" Did you mean {match[0]!r}?" if match else ""


def unknown_name(kind: str, value: object, allowed: Iterable[str]) -> str:
    """The message for a name that is not one of `allowed`: with the nearest match and the whole list."""
    known = sorted(allowed)
    return f"unknown {kind} {value!r}.{nearest(str(value), known)} Known: {', '.join(known) or 'none'}."
