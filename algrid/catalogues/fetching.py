"""Fetches what a catalogue, or a grid, names and the data folder lacks; says what could not be had."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from algrid.catalogues._http import Http, UnreachableError
from algrid.catalogues.openml_server import fetch_dataset, server
from algrid.datasets.base import DatasetPlugin
from algrid.datasets.facts import DatasetFacts
from algrid.datasets.folders import data_folder
from algrid.datasets.openml import OpenML
from algrid.errors import AlgridError, AlgridWarning

__all__ = ["FETCHED", "HERE", "LACKING", "Outcome", "fetch"]

_WITHOUT_NETWORK = (
    "Without a network: copy {} from a machine that has it, put a dataset's file there as ID/dataset.arff, or write "
    "entries of your own (file: ...)."
)
#: What became of a dataset: downloaded now; there already (or needing no file); not to be had.
FETCHED, HERE, LACKING = "fetched", "here", "lacking"


@dataclass(frozen=True)
class Outcome:
    """What became of one dataset.

    Parameters
    ----------
    name : str
    state : str
        One of `FETCHED`, `HERE` and `LACKING`.
    facts : DatasetFacts or None
        Of the data; None where they could not be had, or used.
    reason : str
        Why not; empty where they could.
    notes : tuple of str
        What is doubtful about the data.
    """

    name: str
    state: str
    facts: DatasetFacts | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()


def fetch(
    plugins: Iterable[DatasetPlugin],
    *,
    http: Http | None = None,
    again: bool = False,
    progress: Callable[[str, int], None] | None = None,
) -> Iterator[Outcome]:
    """Fetch datasets one after another, each checked by being read.

    What is in the data folder is not fetched again, so that the same call goes on where an earlier one ended. After a
    server could not be reached, no further dataset is asked of it.

    Parameters
    ----------
    plugins : iterable of DatasetPlugin
        Those that need no fetching are read only.
    http : Http, optional
    again : bool
        Whether to fetch what is there already.
    progress : callable, optional
        Told the name of a dataset and the bytes of every block of it.

    Yields
    ------
    Outcome
        Of each dataset, in the order given.
    """
    unreachable = ""
    for plugin in plugins:
        name, fetched = plugin.dataset_name, False
        try:
            if isinstance(plugin, OpenML) and (again or not plugin.files()):
                if unreachable:
                    yield Outcome(name, LACKING, reason=unreachable)
                    continue
                told = None if progress is None else _named(progress, name)
                fetched = fetch_dataset(plugin.data_id, http=http, again=again, progress=told)
            facts, notes = _read(plugin)
            yield Outcome(name, FETCHED if fetched else HERE, facts, notes=notes)
        except UnreachableError as error:
            unreachable = f"not tried: {server()} can't be reached"
            yield Outcome(name, LACKING, reason=f"{error} {_WITHOUT_NETWORK.format(data_folder() / 'openml')}")
        except AlgridError as error:
            yield Outcome(name, LACKING, reason=str(error))


def _read(plugin: DatasetPlugin) -> tuple[DatasetFacts, tuple[str, ...]]:
    """The facts of data, and what was said when they were read for the first time."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", AlgridWarning)
        facts = plugin.facts()
        if facts.content_hash is None:  # only expected: loading says what is missing
            facts = plugin.load().facts
    return facts, tuple(str(warning.message) for warning in said if issubclass(warning.category, AlgridWarning))


def _named(progress: Callable[[str, int], None], name: str) -> Callable[[int], None]:
    return lambda n_bytes: progress(name, n_bytes)
