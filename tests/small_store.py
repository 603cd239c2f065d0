"""A store of a small real grid, computed in this process: what `algrid run` would leave, in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from algrid.loop import run_cell, skyline
from algrid.pool import make_pool
from algrid.rows import pool_facts, run_rows, skyline_rows, to_table
from algrid.schema import RUNS, SKYLINES
from algrid.session import Session
from algrid.store import Store

GRID: dict[str, Any] = {
    "name": "tiny",
    "datasets": ["iris", "wine"],
    "splits": {"count": 1},
    "start_sets": {"count": 3},
    "strategies": ["random", "margin"],
    "learners": ["gaussian_nb"],
    "batch_sizes": [2, 5],
    "budgets": [10],
}


def make_store(path: Path, grid: dict[str, Any] = GRID) -> Path:
    plan = Session(grid, path).plan
    runs, skylines = [], []
    stamp = {"limit_seconds": None, "limit_memory": None, "provenance": None}
    for i, cell in enumerate(plan.cells):
        if not plan.planned[i].any():  # all of it is skipped
            continue
        pool = make_pool(cell, cell.dataset.load())
        histories = run_cell(cell, pool, plan.variants, plan.targets[i].tolist())
        runs += run_rows(cell, plan.variants, histories, pool_facts(pool), stamp)
        skylines += skyline_rows(cell, skyline(cell, pool), pool_facts(pool), stamp)
    with Store.create_or_open(path, grid=plan.spec.to_yaml()).writer() as writer:
        writer.append(RUNS.name, to_table(runs, RUNS))
        writer.append(SKYLINES.name, to_table(skylines, SKYLINES))
    return path
