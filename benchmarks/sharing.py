"""What sharing saves: the runs of a cell together, beside the same runs one by one, in CPU seconds.

    python benchmarks/sharing.py [GRID] [--cells N]

Runs of a cell that reach the same labelled set share its fit and predictions; what comes out is the same. By default
the shipped grid `quickstart` is taken, one cell of each of its datasets and learners (the first split and start set).
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from algrid.api import make_plan
from algrid.cell import Cell, Variant
from algrid.history import History
from algrid.loop import run_cell
from algrid.plan import Plan
from algrid.pool import Pool, make_pool

__all__ = ["Saving", "savings"]


@dataclass(frozen=True)
class Saving:
    """Of one cell: its runs, its points (fits, were every run alone), those that share a fit, and CPU seconds."""

    cell: str
    runs: int
    points: int
    shared_points: int
    together: float
    alone: float


def savings(plan: Plan, n_cells: int | None = None) -> Iterator[Saving]:
    """Run the first replicate's cells both ways.

    Raises
    ------
    AssertionError
        If a run is another one alone.
    """
    first = [i for i, c in enumerate(plan.cells) if (c.split_index, c.start_index) == (0, 0) and plan.planned[i].any()]
    for i in first[:n_cells]:
        cell, chosen = plan.cells[i], np.flatnonzero(plan.planned[i])
        pool = make_pool(cell, cell.dataset.load())
        variants = [plan.variants[j] for j in chosen]
        targets = [int(plan.targets[i, j]) for j in chosen]
        _run(cell, pool, variants, [1] * len(variants))  # what is imported on first use is nobody's cost
        histories, together = _run(cell, pool, variants, targets)
        alone = 0.0
        for history, variant, target in zip(histories, variants, targets, strict=True):
            (lone,), seconds = _run(cell, pool, [variant], [target])
            assert np.array_equal(lone.queried, history.queried), f"{variant} is another run alone"
            alone += seconds
        points = [p for h in histories for p in h.points]
        name = f"{cell.dataset.label}, {cell.learner.label}"
        yield Saving(name, len(variants), len(points), sum(p.fit_shared for p in points), together, alone)


def _run(cell: Cell, pool: Pool, variants: list[Variant], targets: list[int]) -> tuple[list[History], float]:
    pool.shared.clear()  # what strategies keep for all runs of a cell
    begin = time.process_time()
    histories = run_cell(cell, pool, variants, targets)
    return histories, time.process_time() - begin


def main() -> None:
    """Measure, print the table."""
    parser = argparse.ArgumentParser(description="CPU seconds of cells: their runs together, and one by one.")
    parser.add_argument("grid", nargs="?", default="quickstart", help="a grid file, or the name of a shipped grid")
    parser.add_argument("--cells", type=int, help="only so many cells")
    options = parser.parse_args()
    print(f"{'cell':<56}{'runs':>5}{'points':>8}{'shared':>8}{'together [s]':>14}{'alone [s]':>11}{'ratio':>7}")
    rows = []
    for saving in savings(make_plan(options.grid), options.cells):
        rows.append(saving)
        _print_row(saving)
    total = [sum(getattr(r, f) for r in rows) for f in ("runs", "points", "shared_points", "together", "alone")]
    _print_row(Saving("all", *total))


def _print_row(row: Saving) -> None:
    share = row.shared_points / row.points
    times = f"{row.together:>14.2f}{row.alone:>11.2f}{row.together / row.alone:>7.2f}"
    print(f"{row.cell:<56}{row.runs:>5}{row.points:>8}{share:>8.0%}{times}", flush=True)


if __name__ == "__main__":
    main()
