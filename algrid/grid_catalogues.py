"""``datasets: {catalogue: paper, where: ..., sample: ...}`` (or ``representative: ...``) in a grid file."""

from __future__ import annotations

from typing import Any

from algrid.catalogues import Catalogue, entry_named
from algrid.catalogues.selection import representative_of, sampled, where
from algrid.datasets import DATASETS
from algrid.errors import GridError, unknown_name
from algrid.grid_files import FileFinder

__all__ = ["level_named", "levels_of_catalogue"]

_KEYS = ("catalogue", "where", "sample", "representative", "seed")


def level_named(name: str) -> Any:
    """What a plain name in `datasets` stands for: a plugin of that name, else an entry of a known catalogue.

    Raises
    ------
    GridError
        For mistakes in a catalogue.
    """
    if ":" in name or name in DATASETS.names():
        return name
    entry = entry_named(name)
    return name if entry is None else entry.level()


def levels_of_catalogue(item: dict[str, Any], files: FileFinder) -> list[Any]:
    """The entries of a grid file that the datasets of a catalogue stand for.

    Parameters
    ----------
    item : dict
        ``catalogue``: its name or path; ``where``: a condition on what it says of a dataset; ``sample``: how many of
        those, drawn by ``seed`` (default 0), or ``representative``: how many that cover them. In this order, each of
        them optional but the first.
    files : FileFinder
        Finds catalogues by path.

    Raises
    ------
    GridError
        For anything that is wrong with it.
    """
    for key in item:
        if key not in _KEYS:
            raise GridError(unknown_name("key of a catalogue", key, _KEYS))
    if not isinstance(item["catalogue"], str):
        raise GridError(f"a catalogue is given by its name or path, not by {item['catalogue']!r}.")
    catalogue = Catalogue.open(item["catalogue"], files.folders)
    entries = list(catalogue.entries)
    if "where" in item:
        if not isinstance(item["where"], str):
            raise GridError(f"where is a text such as 'n_classes == 2', not {item['where']!r}.")
        entries = where(entries, item["where"])
    if {"sample", "representative"} <= set(item):
        raise GridError("a catalogue's sample is drawn, a representative subset chosen: give one of the two.")
    if "representative" in item:
        entries = representative_of(entries, _whole(item, "representative", 1), _whole(item, "seed", 0))
    elif "sample" in item:
        entries = sampled(entries, _whole(item, "sample", 1), _whole(item, "seed", 0))
    elif "seed" in item:
        raise GridError("a seed is for a sample: give sample or representative too, or leave seed out.")
    return [entry.level() for entry in entries]


def _whole(item: dict[str, Any], key: str, least: int) -> int:
    value = item.get(key, 0)
    if type(value) is not int or value < least:
        raise GridError(f"{key} is {value!r}; a whole number of at least {least} is needed.")
    return value
