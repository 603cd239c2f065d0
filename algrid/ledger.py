"""What the journal of a child says about the runs of a slice, and who is to blame when it has to be killed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from algrid.history import History, Point
from algrid.identity import content_key
from algrid.rows import run_rows, skyline_rows, to_table
from algrid.schema import RUNS, SKYLINES
from algrid.slices import Outcome, Slice

__all__ = ["Ledger"]

_STRIKES = 2  # deaths of the process in which a run was in step, after which the run is to blame: one may be bad luck
_LOOK = 0.25  # seconds between two looks at the child's memory


class Ledger:
    """The state of a slice as its parent knows it.

    Parameters
    ----------
    task : Slice
        The slice, with the histories that its runs had when it was handed out.
    """

    def __init__(self, task: Slice) -> None:
        self._task = task
        self._histories = [History(list(h.points)) for h in task.histories]
        self._skyline: History | None = None
        self._facts: dict[str, Any] = {}
        self._provenance: dict[str, Any] = {}
        self._sent: list[int] = []  # positions, in the whole slice, of the runs that the child has
        self._phase, self._in_step, self._since = "load", list(range(len(task.variants))), time.monotonic()
        self._used = [0.0] * len(task.variants)  # seconds of each run in its present cycle
        self._strikes = [0] * len(task.variants)
        self._barren = 0  # deaths in a row with nobody in step
        self._looked = 0.0

    def _open(self) -> list[int]:
        return [i for i, h in enumerate(self._histories) if h.stop_reason is None]

    def _wants_skyline(self) -> bool:
        return self._task.skyline and self._skyline is None

    def is_open(self) -> bool:
        """Whether anything of the slice is still to be computed."""
        return self._wants_skyline() or bool(self._open())

    def open_part(self) -> Slice:
        """What is still to be computed, from where it stands."""
        self._sent = self._open()
        self._enter("load", self._sent)
        part = self._task.only(self._sent, skyline=self._wants_skyline())
        return replace(part, histories=tuple(History(list(self._histories[i].points)) for i in self._sent))

    def note(self, event: tuple[Any, ...]) -> bool:
        """Write an event of the journal down; True if it is the child's last word on what it was sent."""
        kind, *rest = event
        notes: dict[str, Callable[..., None]] = {
            "phase": lambda phase, runs: self._enter(phase, [self._sent[i] for i in runs]),
            "point": self._note_point,
            "ended": self._note_end,
            "provenance": lambda facts: setattr(self, "_provenance", facts),
            "facts": lambda facts: setattr(self, "_facts", facts),
            "skyline": lambda history: setattr(self, "_skyline", history),
            "unusable": lambda cause: self.give_up("error", cause),
            "done": lambda: None,
        }
        notes[kind](*rest)
        return bool(kind == "done")

    def _enter(self, phase: str, runs: list[int]) -> None:
        now = time.monotonic()
        if self._phase != "load":
            for run in self._in_step:
                self._used[run] += now - self._since
        self._phase, self._in_step, self._since = phase, runs, now

    def _note_point(self, run: int, point: Point) -> None:
        position = self._sent[run]
        self._histories[position].points.append(point)
        self._used[position] = 0.0
        self._barren = 0

    def _note_end(self, run: int, reason: str, error: str | None, traceback: str | None) -> None:
        self._histories[self._sent[run]].stop(reason, error, traceback)

    def give_up(self, reason: str, cause: str) -> None:
        """End all that is open for one reason: the data of the cell can't be had, no worker survives it."""
        for i in self._open():
            self._histories[i].stop(reason, cause)
        if self._wants_skyline():
            self._skyline = History(stop_reason=reason, error=cause)

    def end_overdue(self) -> bool:
        """End the runs in step whose cycle is past its deadline; True if the child has to be killed for it."""
        limit = self._task.seconds_per_cycle
        elapsed = time.monotonic() - self._since
        if limit is None or self._phase == "load" or elapsed <= 0:
            return False
        if self._phase == "skyline":
            if elapsed <= limit:
                return False
            self._skyline = History(stop_reason="timeout", error=f"the fit on the whole pool took over {limit:g} s")
            return True
        late = [i for i in self._blamable() if self._used[i] + elapsed > limit]
        for i in late:
            cycle = len(self._histories[i].points)
            self._histories[i].stop("timeout", f"cycle {cycle} took over {limit:g} s; it was in its {self._phase}")
        return bool(late)

    def end_oversized(self, resident: Callable[[], int]) -> bool:
        """End the runs in step if the child outgrew the memory limit; True if it has to be killed for it."""
        limit, now = self._task.memory, time.monotonic()
        if limit is None or now - self._looked < _LOOK:
            return False
        self._looked = now
        size = resident()
        if size <= limit:
            return False
        self._blame(f"the process grew to {size / 2**20:.0f} MiB; the limit is {limit / 2**20:.0f} MiB")
        return True

    def crash(self, cause: str) -> None:
        """Note that the child died by itself or by another's hand; a run that was in step twice ends as crashed."""
        in_step = self._blamable()
        for i in in_step:
            self._strikes[i] += 1
        self._barren = 0 if in_step else self._barren + 1
        if self._barren >= _STRIKES and self._phase != "skyline":
            self._in_step = self._open()  # it dies before it says what it does
        if self._barren >= _STRIKES or any(self._strikes[i] >= _STRIKES for i in in_step):
            self._blame(cause)

    def _blame(self, cause: str) -> None:
        for i in self._blamable():
            where = f"in the {self._phase} of cycle {len(self._histories[i].points)}"
            self._histories[i].stop("crashed", f"{cause} ({where})")
        if self._phase in ("load", "skyline") and self._wants_skyline():
            self._skyline = History(stop_reason="crashed", error=cause)

    def _blamable(self) -> list[int]:
        return [i for i in self._in_step if self._histories[i].stop_reason is None]

    def outcome(self) -> Outcome:
        """Rows of all that ended, and a slice of the rest."""
        task = self._task
        ended = [i for i, h in enumerate(self._histories) if h.stop_reason is not None]
        stamp = {
            "limit_seconds": task.seconds_per_cycle,
            "limit_memory": task.memory,
            "provenance": content_key(self._provenance),
        }
        variants, histories = [task.variants[i] for i in ended], [self._histories[i] for i in ended]
        tables = {RUNS.name: to_table(run_rows(task.cell, variants, histories, self._facts, stamp), RUNS)}
        if self._skyline is not None:
            rows = skyline_rows(task.cell, self._skyline, self._facts, stamp)
            tables[SKYLINES.name] = to_table(rows, SKYLINES)
        return Outcome(tables, self._provenance, (self.open_part(),) if self.is_open() else ())
