"""Small things of language that captions and findings share."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["are_too_few", "enumerated", "plural", "spoken"]


def spoken(axis: str) -> str:
    """A column's name as a word: ``batch size``."""
    return axis.replace("_", " ")


def plural(count: int, noun: str) -> str:
    """``1 run``, ``2 runs``, ``1,000 strategies``."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else many}"


def are_too_few(datasets: int) -> str:
    """``1 dataset is too few``, ``2 datasets are too few``."""
    return f"{plural(datasets, 'dataset')} {'is' if datasets == 1 else 'are'} too few"


def enumerated(names: Sequence[str], most: int = 6) -> str:
    """``a``, ``a and b``, ``a, b and c``; of many the first, and how many more."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
