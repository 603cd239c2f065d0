"""Progress of a grid run, in a terminal or a notebook: runs, cells, failures, time left."""

from __future__ import annotations

import functools
import math
import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from algrid.plan import Z90
from algrid.ticks import listened

__all__ = ["ProgressBar", "Quiet", "time_left", "watched"]

P = ParamSpec("P")
R = TypeVar("R")

#: Environment variable that is ``off`` where nobody watches, such as in notebooks that are executed without a browser.
OFF = "ALGRID_PROGRESS"
#: An analysis that takes less than so many seconds shows nothing.
_PATIENCE = 3.0
_MOST_DEVIATION = 1.0  # of a logarithm: a wider interval says no more


class Quiet:
    """Tells nothing."""

    def begin(self, runs: int, cells: int, seconds: float, spread: float, dashboard: str) -> None:
        """Ignore it."""

    def ended(self, runs: int, failures: int, cells: int, seconds: float) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""


class ProgressBar:
    """A bar with runs done / total, cells, failures and the time left (`algrid.executor.Listener`).

    The time left is that of the predicted cost still to do, at the pace so far. Without a terminal (a log file) a
    line is printed each time another tenth is done.

    Parameters
    ----------
    console : rich.console.Console, optional
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._live = self._console.is_terminal or self._console.is_jupyter
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[runs]} runs · {task.fields[cells]} cells · {task.fields[failures]}"),
            TimeElapsedColumn(),
            TextColumn("· {task.fields[left]}"),
            console=self._console,
        )
        self._task: TaskID | None = None
        self._runs = self._cells = self._failures = self._all_runs = self._all_cells = 0
        self._seconds = self._all_seconds = self._spread = 0.0
        self._tenths = 0

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begin(self, runs: int, cells: int, seconds: float, spread: float, dashboard: str) -> None:
        """Show the bar, and where the Dask dashboard is."""
        self._all_runs, self._all_cells, self._all_seconds = runs, cells, max(seconds, 1e-9)
        self._spread = spread
        self._console.print(f"Dask dashboard: {dashboard}", highlight=False, soft_wrap=True)
        self._task = self._bar.add_task("running", total=self._all_seconds, **self._fields(None))
        if self._live:
            self._bar.start()

    def ended(self, runs: int, failures: int, cells: int, seconds: float) -> None:
        """Move the bar."""
        if self._task is None:
            return
        self._runs, self._failures, self._cells = self._runs + runs, self._failures + failures, self._cells + cells
        self._seconds += seconds
        elapsed = self._bar.tasks[0].elapsed if self._live else None
        share = min(1.0, self._seconds / self._all_seconds)
        left = time_left(elapsed, share, self._spread) if elapsed and share > 0 else None
        self._bar.update(self._task, completed=self._seconds, **self._fields(left))
        tenths = int(10 * self._runs / max(1, self._all_runs))
        if not self._live and tenths > self._tenths:
            self._tenths = tenths
            shown = self._fields(None)
            self._console.print(
                f"{shown['runs']} runs, {shown['cells']} cells, {shown['failures']}", highlight=False, soft_wrap=True
            )

    def note(self, text: str) -> None:
        """Print it above the bar."""
        self._console.print(f"note: {text}", markup=False, highlight=False, soft_wrap=True)

    def _fields(self, left: tuple[float, float, float] | None) -> dict[str, Any]:
        eta = "time left unknown" if left is None else "about {1} left ({0} to {2})".format(*map(_duration, left))
        return {
            "runs": f"{self._runs:,}/{self._all_runs:,}",
            "cells": f"{self._cells:,}/{self._all_cells:,}",
            "failures": f"{self._failures:,} failed" if self._failures else "none failed",
            "left": "done" if self._runs == self._all_runs else eta,
        }


def time_left(elapsed: float, share: float, spread: float) -> tuple[float, float, float]:
    """Seconds that are left at the pace so far: the low end of a 90 % interval, the guess, the high end.

    Parameters
    ----------
    elapsed : float
        Seconds since the beginning.
    share : float
        The part of the predicted cost that is done, above 0 and at most 1.
    spread : float
        Standard deviation of the logarithm of the whole cost, without what all have in common (it is in the pace).
        What is done and what is left are two parts of it, each the more uncertain the smaller it is.
    """
    left = elapsed * (1 - share) / share
    deviation = spread * math.sqrt(1 / share + (1 / (1 - share) if share < 1 else 0.0))
    factor = math.exp(Z90 * min(deviation, _MOST_DEVIATION))
    return left / factor, left, left * factor


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def watched(function: Callable[P, R]) -> Callable[P, R]:
    """Let an analysis show how far it is, in a terminal or a notebook, once it takes long; at the end the bar goes."""

    @functools.wraps(function)
    def with_bar(*args: P.args, **kwargs: P.kwargs) -> R:
        console = Console(stderr=True)
        if not (console.is_terminal or console.is_jupyter) or os.environ.get(OFF) == "off":
            return function(*args, **kwargs)
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
        bar = Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
        started, tasks = time.monotonic(), dict[str, TaskID]()

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)
            if not bar.live.is_started and time.monotonic() - started > _PATIENCE:
                bar.start()

        try:
            with listened(tell):
                return function(*args, **kwargs)
        finally:
            bar.stop()

    return with_bar
