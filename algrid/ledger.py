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

#: Deaths of the process in which a run was in step: at one and the same place, or anywhere, after which the run is to
#: blame. One may be bad luck (an operator, a machine short of memory), and so may be some at other places.
_STRIKES, _DEATHS = 2, 10


class Ledger:
    """The state of a slice as its parent knows it.

    Parameters
    ----------
    task : Slice
        The slice, with the histories that its runs had when it was handed out.
    """

    def __init__(self, task: Slice) -> None:
        self._task = task
        self._histories = [h.reopened() for h in task.histories]
        self._skyline: History | None = None
        self._facts: dict[str, Any] = {}
        self._provenance: dict[str, Any] = {}
        self._sent: list[int] = []  # positions, in the whole slice, of the runs that the child has
        self._phase, self._in_step, self._since = "start", list(range(len(task.variants))), time.monotonic()
        self._seen: set[int] = set()  # who was in step since memory was looked at
        self._used = [0.0] * len(task.variants)  # seconds of each run in its present cycle
        self._spent = [sum(p.seconds for p in h.points) for h in self._histories]  # ... in the cycles before
        self._deaths: list[list[tuple[str, int]]] = [[] for _ in task.variants]  # phase and cycle of each
        self._suspects: list[int] = []  # who was in step at the last death
        self._barren = 0  # deaths in a row with nobody in step
        self._late = False  # whether a cycle was over its time by the end

    def _open(self) -> list[int]:
        return [i for i, h in enumerate(self._histories) if h.stop_reason is None]

    def _wants_skyline(self) -> bool:
        return self._task.skyline and self._skyline is None

    def is_open(self) -> bool:
        """Whether anything of the slice is still to be computed."""
        return self._wants_skyline() or bool(self._open())

    def begin(self) -> Slice:
        """What a child is to compute now, from where it stands.

        Who was in step when the last one died goes first and alone: what it does there is its own doing.
        """
        suspects = [i for i in self._suspects if self._histories[i].stop_reason is None]
        self._sent = suspects or self._open()
        self._used = [0.0] * len(self._used)
        self._late = False
        self._seen = set()
        self._enter("start", self._sent, time.monotonic())
        return self._part(self._sent, skyline=self._wants_skyline() and not suspects)

    def _part(self, runs: list[int], *, skyline: bool) -> Slice:
        part = self._task.only(runs, skyline=skyline)
        return replace(part, histories=tuple(self._histories[i].reopened() for i in runs))

    def note(self, at: float, kind: str, *rest: Any) -> None:
        """Write an event of the journal down; `at` is when it was (`time.monotonic`)."""
        notes: dict[str, Callable[..., None]] = {
            "phase": lambda phase, runs: self._enter(phase, [self._sent[i] for i in runs], at),
            "point": self._note_point,
            "ended": self._note_end,
            "provenance": lambda facts: setattr(self, "_provenance", facts),
            "facts": lambda facts: setattr(self, "_facts", facts),
            "skyline": lambda history: setattr(self, "_skyline", history),
            "unusable": lambda cause: self.give_up("error", cause),
        }
        notes[kind](*rest)

    def _enter(self, phase: str, runs: list[int], at: float) -> None:
        if self._phase not in ("start", "load"):
            for run in self._in_step:
                self._used[run] += at - self._since
        self._phase, self._in_step, self._since = phase, runs, at
        self._seen.update(runs)

    def note_memory(self, peak: int) -> None:
        """Note the most bytes that the child had since the last call: all that were in step meanwhile are told."""
        for i in self._seen:
            self._histories[i].memory = max(self._histories[i].memory, peak)
        self._seen = set(self._in_step)

    def _note_point(self, run: int, packed: tuple[Any, ...]) -> None:
        position, point = self._sent[run], Point.unpacked(packed)
        history = self._histories[position]
        if history.stop_reason is not None:
            return  # it went on while nobody looked
        late = self._lateness(position, point.seconds)
        if late:
            history.stop("timeout", late)
            self._late = True
            return
        history.points.append(point)
        self._used[position] = 0.0
        self._spent[position] += point.seconds
        self._barren = 0

    def _note_end(self, run: int, reason: str, error: str | None, traceback: str | None) -> None:
        history = self._histories[self._sent[run]]
        if history.stop_reason is None:
            history.stop(reason, error, traceback)

    def give_up(self, reason: str, cause: str) -> None:
        """End all that is open for one reason: the data of the cell can't be had, no worker survives it."""
        for i in self._open():
            self._histories[i].stop(reason, cause)
        if self._wants_skyline():
            self._skyline = History(stop_reason=reason, error=cause)

    def end_overdue(self) -> bool:
        """End the runs that are past a deadline; True if the child has to be killed for it."""
        late, self._late = self._late, False
        elapsed = time.monotonic() - self._since
        if self._phase == "skyline":
            limit = self._task.seconds_per_cycle
            if self._wants_skyline() and limit is not None and elapsed > limit:
                self._skyline = History(stop_reason="timeout", error=f"the fit on the whole pool took over {limit:g} s")
                late = True
        elif self._phase not in ("start", "load"):
            for i in self._blamable():
                cause = self._lateness(i, self._used[i] + elapsed)
                if cause:
                    self._histories[i].stop("timeout", f"{cause}; it was in its {self._phase}")
                    late = True
        return late

    def _lateness(self, run: int, seconds: float) -> str | None:
        """Which deadline a run is past whose present cycle took so long, as if it were alone."""
        cycle = len(self._histories[run].points)
        of_cycle, of_run = self._task.seconds_per_cycle, self._task.seconds_per_run
        if of_cycle is not None and seconds > of_cycle:
            return f"cycle {cycle} took over {of_cycle:g} s"
        if of_run is not None and self._spent[run] + seconds > of_run:
            return f"the run took over {of_run:g} s, up to cycle {cycle}"
        return None

    def is_oversized(self, resident: int) -> bool:
        """Whether the child outgrew the memory limit with so many bytes: then it has to be killed, as if it had died.

        What it holds may be left from other runs; in a new child the run in step is alone with its own.
        """
        limit = self._task.memory
        if limit is None or resident <= limit:
            return False
        self.death(f"the process grew to {resident / 2**20:.0f} MiB; the limit is {limit / 2**20:.0f} MiB")
        return True

    def death(self, cause: str) -> None:
        """Note that the child died, by itself or by another's hand; a run that was in step too often is crashed."""
        in_step = self._suspects = self._blamable()
        for i in in_step:
            deaths = self._deaths[i]
            # before the data are there nothing of a run has been called, so that it may have been anything
            place = len(deaths) if self._phase in ("start", "load") else len(self._histories[i].points)
            deaths.append((self._phase, place))
            if deaths.count(deaths[-1]) >= _STRIKES or len(deaths) >= _DEATHS:
                cycle = len(self._histories[i].points)
                self._histories[i].stop("crashed", f"{cause} (in the {self._phase} of cycle {cycle})")
        self._barren = 0 if in_step else self._barren + 1
        crashed = any(self._histories[i].stop_reason for i in in_step)
        if self._wants_skyline() and (self._barren >= _STRIKES or (crashed and self._phase in ("start", "load"))):
            self._skyline = History(stop_reason="crashed", error=cause)
        elif self._barren >= _DEATHS:
            self.give_up("crashed", cause)

    def _blamable(self) -> list[int]:
        return [i for i in self._in_step if self._histories[i].stop_reason is None]

    def outcome(self) -> Outcome:
        """Rows of all that ended, and a slice of the rest."""
        task = self._task
        ended = [i for i, h in enumerate(self._histories) if h.stop_reason is not None]
        stamp = {
            "limit_seconds": task.seconds_per_cycle,
            "limit_run_seconds": task.seconds_per_run,
            "limit_memory": task.memory,
            "provenance": content_key(self._provenance) if self._provenance else None,
        }
        variants, histories = [task.variants[i] for i in ended], [self._histories[i] for i in ended]
        tables = {RUNS.name: to_table(run_rows(task.cell, variants, histories, self._facts, stamp), RUNS)}
        if self._skyline is not None:
            rows = skyline_rows(task.cell, self._skyline, self._facts, stamp)
            tables[SKYLINES.name] = to_table(rows, SKYLINES)
        rest = (self._part(self._open(), skyline=self._wants_skyline()),) if self.is_open() else ()
        return Outcome(tables, self._provenance, rest)
