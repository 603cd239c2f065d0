"""Which datasets of a catalogue a grid takes: those of a condition, a sample of them, or a representative few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from algrid.arrays import rank_shares
from algrid.catalogues.catalogue import Catalogue
from algrid.catalogues.conditions import Condition
from algrid.catalogues.entry import Entry
from algrid.errors import GridError
from algrid.identity import digest64
from algrid.space_filling import representative

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FACTS", "catalogue_table", "representative_of", "sampled", "where"]

#: What a condition can ask for.
FACTS = tuple(Entry("", "plugin", "").facts())


def where(entries: Sequence[Entry], condition: str) -> list[Entry]:
    """The entries for which a condition is true.

    Raises
    ------
    GridError
        If it is no condition, or true for none.
    """
    test = Condition(condition, FACTS)
    found = [entry for entry in entries if test.holds(entry.facts())]
    if not found:
        raise GridError(f"no dataset of the {len(entries)} is one where {condition!r}.")
    return found


def sampled(entries: Sequence[Entry], count: int, seed: int) -> list[Entry]:
    """`count` of the entries, drawn by a seed, in their order.

    A name has its own draw: a larger sample has all of a smaller one, and a further entry of the catalogue takes the
    place of at most one.

    Raises
    ------
    GridError
        If there are fewer.
    """
    if count > len(entries):
        raise GridError(f"a sample of {count} was asked for; there are {len(entries)} datasets.")
    ranked = sorted(entries, key=lambda entry: digest64([seed, "sample of a catalogue", entry.name]))
    chosen = {entry.name for entry in ranked[:count]}
    return [entry for entry in entries if entry.name in chosen]


def representative_of(entries: Sequence[Entry], count: int, seed: int) -> list[Entry]:
    """`count` of the entries that cover all of them by rows, features, classes and columns a row, in their order.

    Only what the catalogue says counts, so that a grid means the same datasets everywhere, also before they are
    fetched. Repetitions of another entry, and entries of unknown shape, are not taken; see
    `algrid.space_filling.representative`.

    Raises
    ------
    GridError
        If there are fewer.
    """
    able = [e for e in entries if not e.same_as and None not in (e.rows, e.features, e.classes)]
    shapes = np.array([[e.rows, e.features, e.classes] for e in able], dtype=np.float64).reshape(-1, 3)
    points = rank_shares(np.column_stack([shapes, shapes[:, 1] / shapes[:, 0]]))
    return [able[i] for i in representative(points, count, seed).tolist()]


def catalogue_table(name: str, *, representative: int | None = None, seed: int = 0) -> pd.DataFrame:
    """What a catalogue says of its datasets, repetitions left out.

    Parameters
    ----------
    name : str
        Of a catalogue, or its path.
    representative : int, optional
        Size of a subset that covers them, see `representative_of`; marked in the column ``chosen``.
    seed : int
        Of the subset.

    Returns
    -------
    DataFrame
        One row a dataset: ``dataset``, ``origin``, ``n_rows``, ``n_features`` and ``n_classes`` (NaN where unknown).
    """
    import pandas as pd

    entries = [entry for entry in Catalogue.open(name).entries if not entry.same_as]
    rows = [
        {"dataset": e.name, "origin": e.kind, "n_rows": e.rows, "n_features": e.features, "n_classes": e.classes}
        for e in entries
    ]
    table = pd.DataFrame(rows).astype(dict.fromkeys(("n_rows", "n_features", "n_classes"), np.float64))
    if representative is not None:
        chosen = {entry.name for entry in representative_of(entries, representative, seed)}
        table["chosen"] = table["dataset"].isin(chosen)
    return table
