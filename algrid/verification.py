"""Stored runs made again: a random sample of a store, compared bit by bit with what it holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from algrid.errors import AlgridError
from algrid.plan import Plan
from algrid.provenance import differences, provenance
from algrid.schema import EXECUTION_COLUMNS, RUNS, TIMING_COLUMNS
from algrid.session import Session
from algrid.store import Damage, Snapshot, Store
from algrid.stored import Stored

if TYPE_CHECKING:
    from algrid.executor import Listener

__all__ = ["Difference", "Verification", "sample_size", "verify"]

#: What has to be the same whenever and wherever a run is made.
_COMPARED = tuple(name for name in RUNS.names if name not in (*TIMING_COLUMNS, *EXECUTION_COLUMNS, "traceback"))
#: Of a run that was killed only the curve up to there.
_END = ("stop_reason", "error")


@dataclass(frozen=True)
class Difference:
    """A run that came out otherwise than it is stored.

    Parameters
    ----------
    stored, again : dict
        The two rows.
    columns : tuple of str
        Those that differ.
    """

    stored: Mapping[str, Any]
    again: Mapping[str, Any]
    columns: tuple[str, ...]

    def __str__(self) -> str:
        row = self.stored
        where = ", ".join(f"{row[name]}" for name in ("dataset", "learner", "strategy"))
        if "error" in self.columns:
            return f"{row['run_id']} ({where}): stored {_end(row)}, now {_end(self.again)}"
        return f"{row['run_id']} ({where}): {', '.join(self.columns)}"


@dataclass
class Verification:
    """What came of it.

    Parameters
    ----------
    damaged : list of Damage
        Shards whose checksum is wrong.
    asked : int
        Runs of the sample.
    repeated : int
        Those that were made again to where they are stored.
    different : list of Difference
        Those of them that came out otherwise.
    stopped : dict
        Runs that could not be made again to where they are stored, by stop reason (a timeout, a lack of memory).
    outside : int
        Stored runs that can't be repeated: the grid has them no more, or they have not a single point.
    versions : dict
        Of the runs that differ: how many were made with each set of versions, as lines that say what is other here.
    """

    damaged: list[Damage]
    asked: int = 0
    repeated: int = 0
    different: list[Difference] = field(default_factory=list)
    stopped: Counter[str] = field(default_factory=Counter)
    outside: int = 0
    versions: dict[tuple[str, ...], int] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether all that is stored can be trusted as far as was looked."""
        return not (self.damaged or self.different or self.stopped)


def sample_size(sample: str | int, n: int) -> int:
    """How many of `n` runs ``1%``, ``0.5 %`` or ``20`` are; at least one, where there is one.

    Raises
    ------
    AlgridError
        If it is neither a share nor a number.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", str(sample))
    if match is None or (not match[2] and "." in match[1]) or float(match[1]) == 0:
        raise AlgridError(f"a sample of {sample!r} is not possible. Give a number of runs, such as 20, or a share, 1%.")
    count = ceil(float(match[1]) / 100 * n) if match[2] else int(match[1])
    return min(n, max(1, count))


def verify(
    path: str | Path, sample: str | int, listener: Listener, *, seed: int = 0, workers: int | None = None
) -> Verification:
    """Look at the checksums of a store, and make a random sample of its runs again.

    Parameters
    ----------
    path : str or Path
        Folder of the results.
    sample : str or int
        As of `sample_size`.
    listener : Listener
        Told of the progress.
    seed : int
        Of the sample.
    workers : int, optional
        Local worker processes; by default as many as there are cores.

    Raises
    ------
    AlgridError
        If the store or its grid can't be read; damaged shards are no such reason, nothing is repeated then.
    """
    store = Store.open(path)
    found = Verification(store.verify())
    if found.damaged:
        return found
    from algrid.executor import Cluster, execute

    session, snapshot = Session(path), store.snapshot()
    known, plan = snapshot.stored(), session.plan
    chosen, targets = _sample(plan, known, sample, seed)
    found.asked, found.outside = int(chosen.sum()), snapshot.count(RUNS.name) - _repeatable(plan, known)
    if found.asked:
        again = replace(plan, targets=targets)
        execute(
            again,
            chosen,
            np.zeros(len(plan.cells), np.bool_),
            _Comparison(snapshot, found),
            cluster=Cluster.of(workers=workers, scheduler=None, file=None),
            listener=listener,
            histories=lambda run_ids: {},  # noqa: ARG005 - all begin anew
        )
    here = provenance(session.spec.plugins)
    made = Counter(difference.stored["provenance"] for difference in found.different)
    found.versions = {
        tuple(differences(snapshot.provenances.get(key, here), here)): count for key, count in made.most_common()
    }
    return found


def _targets(plan: Plan, stored: Stored) -> NDArray[np.int64]:
    """(n_cells, n_variants): labels that a run has to buy to come to where it is stored; -1 where it can't."""
    rows = plan.rows(stored)
    # an error came after the last point: when one more label was asked for
    wanted = stored.reach.astype(np.int64) + stored.ended(["error"])
    return np.where((rows >= 0) & plan.planned, np.append(wanted, -1)[rows], -1)


def _repeatable(plan: Plan, stored: Stored) -> int:
    return int(np.count_nonzero(_targets(plan, stored) >= 0))


def _sample(plan: Plan, stored: Stored, sample: str | int, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    targets = _targets(plan, stored)
    candidates = np.flatnonzero(targets >= 0)
    chosen = np.zeros(targets.shape, np.bool_)
    if len(candidates):
        size = sample_size(sample, len(candidates))
        chosen.ravel()[np.random.default_rng(seed).choice(candidates, size, replace=False)] = True
    return chosen, targets.astype(np.int32)


class _Comparison:
    """Takes repeated runs in place of a store's writer (`algrid.executor.Sink`)."""

    def __init__(self, snapshot: Snapshot, found: Verification) -> None:
        self._snapshot, self._found = snapshot, found

    def append(self, table: str, rows: Any) -> None:
        """Compare them with what is stored."""
        if table != RUNS.name or not rows.num_rows:
            return
        before = {row["run_id"]: row for row in self._snapshot.rows(rows["run_id"].to_pylist()).to_pylist()}
        for row in rows.to_pylist():
            self._compare(before[row["run_id"]], row)

    def _compare(self, stored: Mapping[str, Any], again: Mapping[str, Any]) -> None:
        killed = ("timeout", "crashed")
        if again["stop_reason"] in killed:
            self._found.stopped[again["stop_reason"]] += 1
            return
        self._found.repeated += 1
        left_out = _END if stored["stop_reason"] in killed else ()
        columns = [name for name in _COMPARED if name not in left_out and not _same(name, stored[name], again[name])]
        if columns:
            self._found.different.append(Difference(stored, again, tuple(columns)))

    def provenance(self, facts: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Not of interest: what is compared was made here."""
        return ""

    def flush(self) -> None:
        """Nothing waits."""


def _same(name: str, stored: Any, again: Any) -> bool:
    if name != "probability_metrics":
        return bool(stored == again)
    first, second = dict(stored or ()), dict(again or ())
    # a grid may record other metrics than it once did
    return all(np.array(first[m]).tobytes() == np.array(second[m]).tobytes() for m in first.keys() & second.keys())


def _end(row: Mapping[str, Any]) -> str:
    return str(row["stop_reason"]) + (f" ({row['error']})" if row["error"] else "")
