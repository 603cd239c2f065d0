"""What a notebook calls: run a grid, open its results, look at a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from algrid.grid import GridSpec
from algrid.plan import Plan
from algrid.progress import ProgressBar, Quiet
from algrid.results import Results
from algrid.session import Session

__all__ = ["make_plan", "open", "run"]


def run(
    grid: GridSpec | Mapping[str, Any] | str | Path,
    *,
    results: str | Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    cluster: str | Path | None = None,
    retry: Sequence[str] = (),
    progress: bool = True,
) -> Results:
    """Run what is planned and not yet stored of a grid, and open its results.

    Parameters
    ----------
    grid : GridSpec, mapping, str or Path
        A grid, plain data with the keys of a grid file, the path of a grid file, or the name of a shipped grid.
    results : str or Path, optional
        Where results go; by default ``results/NAME``.
    workers : int, optional
        Local worker processes; by default as many as there are cores.
    scheduler : str, optional
        Address of a running Dask scheduler, instead of local workers.
    cluster : str or Path, optional
        A cluster file, instead of both: jobs of a queueing system, or several pools of workers.
    retry : sequence of str
        Stop reasons (``error``, ``timeout``, ``crashed``) whose runs are made again.
    progress : bool
        Whether to show a progress bar.

    Raises
    ------
    AlgridError
        For mistakes in the grid, and for a store or a cluster that can't be used.
    """
    session = Session(grid, results)
    if progress:
        with ProgressBar() as bar:
            session.run(bar, workers=workers, scheduler=scheduler, cluster=cluster, retry=retry)
    else:
        session.run(Quiet(), workers=workers, scheduler=scheduler, cluster=cluster, retry=retry)
    return Results(session.path)


def open(path: str | Path) -> Results:
    """Open the results in a folder; see `algrid.results.Results`."""
    return Results(path)


def make_plan(grid: GridSpec | Mapping[str, Any] | str | Path) -> Plan:
    """Plan a grid without running it: how many runs, what is skipped and why, what is shared, what it will cost."""
    return Session(grid).plan
