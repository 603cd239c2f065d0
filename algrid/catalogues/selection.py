"""Which datasets of a catalogue a grid takes: those of a condition, a sample of them, or a representative few."""

from __future__ import annotations

from collections.abc import Sequence

from algrid.catalogues.conditions import Condition
from algrid.catalogues.entry import Entry
from algrid.errors import GridError
from algrid.identity import digest64

__all__ = ["FACTS", "sampled", "where"]

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
