"""Stores of several machines united into one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from algrid.errors import StoreError
from algrid.identity import from_hex
from algrid.schema import EXECUTION_COLUMNS, FAILED, RUNS, SKYLINES, TIMING_COLUMNS, Table
from algrid.store import Snapshot, Store, Writer
from algrid.store_comparison import differing

__all__ = ["OUTCOMES", "Conflict", "Merged", "merge_stores"]

#: What can become of a row, see `Merged`.
OUTCOMES = ("added", "equal", "replaced", "shorter", "conflicting")

#: Columns that two executions of a run may differ in.
_ASIDE = frozenset((*TIMING_COLUMNS, *EXECUTION_COLUMNS, "traceback"))


@dataclass(frozen=True)
class Conflict:
    """A run or skyline whose two results differ: its key, and the columns that do."""

    key: str
    columns: tuple[str, ...]


@dataclass
class Merged:
    """What became of the rows of a source.

    Parameters
    ----------
    source : Path
    counts : Counter
        ``added``; ``equal`` (dropped); ``replaced`` (the source's went further, or had not failed) and ``shorter``
        (the target's did: dropped); ``conflicting`` (the target's is kept).
    conflicts : list of Conflict
    notes : list of str
        What the user should know.
    """

    source: Path
    counts: Counter[str] = field(default_factory=Counter)
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def merge_stores(target: str | Path, sources: Sequence[str | Path]) -> list[Merged]:
    """Add the runs and skylines of some stores to another one, which is made where it is not there.

    Of two rows of one run the one that went further stays, if it begins as the other one does; one that did not fail
    stays before one that did. Where results differ, that is a conflict: the target's row stays. Sources are not
    changed. Whatever was added stays also where it is interrupted; the same call goes on from there.

    Parameters
    ----------
    target : str or Path
    sources : sequence of str or Path
        One after another: a later one is compared with what came from those before.

    Raises
    ------
    StoreError
        If a source is no store, is damaged, is of a newer schema, or is the target itself; if the target can't be
        written.
    """
    opened = [(Path(source), Store.open(source)) for source in sources]
    for source, _ in opened:
        if source.resolve() == Path(target).resolve():
            raise StoreError(f"{str(source)!r} is the target itself: a store can't be merged into itself.")
    new = not (Path(target) / "manifest.json").exists()
    grid = next((store.grid for _, store in opened if store.grid is not None), None)
    into = Store.create_or_open(target, grid=grid if new else None)
    results = []
    with into.writer() as writer:
        for source, store in opened:
            results.append(_merge_one(writer, source, store.snapshot()))
    return results


def _merge_one(writer: Writer, source: Path, snapshot: Snapshot) -> Merged:
    merged = Merged(source)
    for facts in snapshot.provenances.values():
        writer.provenance(facts)
    writer.flush()
    before = writer.snapshot()
    if snapshot.grid is not None and before.grid is not None and snapshot.grid != before.grid:
        merged.notes.append(
            "its grid is another one; the target keeps its own, which `algrid run` with a grid replaces"
        )
    for table in (RUNS, SKYLINES):
        known = before.ids(table.name)
        for batch in snapshot.batches(table.name):
            rows = pa.Table.from_batches([batch])
            ids = from_hex(np.array(rows[table.key].to_pylist(), dtype=np.str_))
            is_new = ~np.isin(ids, known)
            taken = is_new.copy()
            if not is_new.all():
                both = np.flatnonzero(~is_new)
                taken[both] = _preferred(table, rows.take(pa.array(both)), ids[both], before, merged)
            merged.counts["added"] += int(is_new.sum())
            writer.append(table.name, rows.filter(pa.array(taken)))
    return merged


def _preferred(
    table: Table, theirs: pa.Table, ids: NDArray[np.uint64], before: Snapshot, merged: Merged
) -> NDArray[np.bool_]:
    """(n,) which rows of the source are to replace those that the target has."""
    ours = before.rows(ids, table.name)
    place = {key: i for i, key in enumerate(ours[table.key].to_pylist())}
    ours = ours.take(pa.array([place[key] for key in theirs[table.key].to_pylist()]))
    compared = [name for name in table.names if name not in _ASIDE]
    differs = {name: differing(ours[name], theirs[name]) for name in compared}
    other = np.any(list(differs.values()), axis=0)
    merged.counts["equal"] += int((~other).sum())
    replaces = np.zeros(len(ids), np.bool_)
    for i in np.flatnonzero(other):
        row, (our, their) = int(i), (part.slice(int(i), 1).to_pylist()[0] for part in (ours, theirs))
        outcome = _outcome(our, their)
        replaces[row] = outcome == "replaced"
        merged.counts[outcome] += 1
        if outcome == "conflicting":
            columns = tuple(name for name in compared if differs[name][row])
            merged.conflicts.append(Conflict(str(their[table.key]), columns))
    return replaces


def _outcome(our: Mapping[str, Any], their: Mapping[str, Any]) -> str:
    """What two different rows of one run are to each other: ``replaced``, ``shorter`` or ``conflicting``."""
    ranks = [(len(row.get("n_labeled") or ()), not _failed(row)) for row in (our, their)]
    if ranks[0] == ranks[1] and ranks[0][1]:
        return "conflicting"
    shorter, longer = (our, their) if ranks[0] < ranks[1] else (their, our)
    if not all(_begins(shorter[name], longer[name]) for name in shorter if name not in {*_ASIDE, *_END}):
        return "conflicting"
    return "replaced" if ranks[0] < ranks[1] else "shorter"


#: How a run ended: differs where one of two went further.
_END = ("stop_reason", "error", "reach")


def _failed(row: Mapping[str, Any]) -> bool:
    return row.get("stop_reason") in FAILED or ("stop_reason" not in row and row["error"] is not None)


def _begins(short: Any, long: Any) -> bool:
    """Whether a value is the other one's beginning (of lists), or the same; a failed row may lack it."""
    if isinstance(short, list) and isinstance(long, list):
        if short and isinstance(short[0], tuple):  # metrics by name
            values = dict(long)
            return all(name in values and _begins(part, values[name]) for name, part in short)
        return str(short) == str(long[: len(short)])
    return short is None or short == long
