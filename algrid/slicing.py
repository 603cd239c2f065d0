"""A plan's runs on their way to workers: cut into slices of about a minute, in an order that is fair at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from algrid.history import History
from algrid.identity import to_hex
from algrid.plan import Plan
from algrid.slices import Slice
from algrid.stored import Stored

__all__ = ["alone", "continued", "slices"]

_SLICE_SECONDS = 60.0
_SLICES_A_WORKER = 6  # of a small grid, so that its last slices end together

#: What is stored of some runs, by id.
Histories = Callable[[list[str]], Mapping[str, History]]


def slices(
    plan: Plan,
    pending: NDArray[np.bool_],
    skylines: NDArray[np.bool_],
    n_workers: int,
    histories: Histories,
    *,
    by_chance: bool = False,
) -> Iterator[Slice]:
    """Hand the pending runs out, in slices of cells of about a minute.

    First comes every cell's first replicate, then the second ..., so that a grid that is stopped
    early is a fair sample of itself; within a replicate the longest come first.

    Parameters
    ----------
    plan : Plan
    pending : (n_cells, n_variants) bool array
    skylines : (n_cells,) bool array
    n_workers : int
    histories : callable
        Gives what is stored of some runs, by id; asked one cell at a time.
    by_chance : bool
        Cells in an order that means nothing instead, for a sample that may be cut off anywhere.
    """
    cost = _cost(plan, pending)
    most, order = _SLICE_SECONDS, np.argsort(plan.cell_ids)
    if not by_chance:
        most = min(most, max(1.0, cost.sum() / (n_workers * _SLICES_A_WORKER)))
        order = _order(plan, cost)
    for i in order:
        chosen = np.flatnonzero(pending[i])
        if len(chosen) == 0 and not skylines[i]:
            continue
        part = np.floor(np.cumsum(plan.seconds[i, chosen], dtype=np.float64) / most).astype(int)
        borders = np.flatnonzero(np.diff(part)) + 1
        for j, members in enumerate(np.split(chosen, borders)):
            yield _slice(plan, i, members, histories, skyline=bool(skylines[i]) and j == 0)


def continued(plan: Plan, pending: NDArray[np.bool_], stored: Stored) -> NDArray[np.uint64]:
    """(n,) ids of pending runs that are stored already, in the order in which `slices` hands them out."""
    known = np.logical_and(pending, plan.rows(stored) >= 0)
    if not known.any():
        return np.empty(0, np.uint64)
    order = _order(plan, _cost(plan, pending))
    order = order[known[order].any(axis=1)]
    return plan.ids[order][known[order]]


def alone(plan: Plan, run_id: str) -> Slice:
    """A slice of one planned run from its beginning, with the grid's limits.

    Raises
    ------
    GridError
        If the grid has no such run.
    """
    i, j = plan.place(run_id)
    return _slice(plan, i, np.array([j]), lambda _: {}, skyline=False)


def _cost(plan: Plan, pending: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n_cells,) predicted seconds of the pending runs."""
    cost: NDArray[np.float64] = np.where(pending, plan.seconds, 0.0).sum(axis=1, dtype=np.float64)
    return cost


def _order(plan: Plan, cost: NDArray[np.float64]) -> NDArray[np.intp]:
    """(n_cells,) positions of the cells: replicate by replicate, the longest first."""
    replicate = np.array([max(c.split_index, c.start_index) for c in plan.cells])
    return np.lexsort((-cost, replicate))


def _slice(plan: Plan, i: int, members: NDArray[np.intp], histories: Histories, *, skyline: bool) -> Slice:
    ids = to_hex(plan.ids[i, members]).tolist()
    known = histories(ids)
    spec = plan.spec
    return Slice(
        cell=plan.cells[i],
        variants=tuple(plan.variants[j] for j in members),
        targets=tuple(int(t) for t in plan.targets[i, members]),
        histories=tuple(known.get(run_id, History()) for run_id in ids),
        metrics=spec.record,
        plugins=spec.plugins,
        skyline=skyline,
        seconds_per_cycle=spec.limits.seconds_per_cycle,
        seconds_per_run=spec.limits.seconds_per_run,
        memory=spec.limits.memory,
        cost=float(plan.seconds[i, members].sum()),
    )
