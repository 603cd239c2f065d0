"""Which runs of a grid tell most about the cost of all: some of every dataset and learner, for a given time."""

from __future__ import annotations

import re
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from algrid.errors import GridError
from algrid.plan import Plan

__all__ = ["choose_pilot", "parse_duration"]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float:
    """Seconds of a text such as ``90s``, ``5m`` or ``1.5h``.

    Raises
    ------
    GridError
        If it is none.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh])\s*", text)
    if match is None or float(match[1]) <= 0:
        raise GridError(f"{text!r} is no duration; write a number above 0 and its unit, such as 90s, 5m or 1.5h.")
    return float(match[1]) * _UNITS[match[2]]


def choose_pilot(plan: Plan, pending: NDArray[np.bool_], seconds: float) -> NDArray[np.bool_]:
    """(n_cells, n_variants) pending runs that are predicted to cost about so many CPU seconds together.

    Time is divided evenly among the combinations of dataset, preprocessing and learner; what a cheap one leaves goes to
    the others. A combination's first cell comes first, whole where the time suffices (so that shared fits are shared as
    in the grid), else some of its runs, at least one; then its second cell, and so on.

    Parameters
    ----------
    plan : Plan
    pending : (n_cells, n_variants) bool array
    seconds : float
    """
    kinds: dict[tuple[str, str, str], list[int]] = {}
    for i in np.flatnonzero(pending.any(axis=1)).tolist():
        cell = plan.cells[i]
        kinds.setdefault((cell.dataset.dataset_name, cell.preprocessing.label, cell.learner.label), []).append(i)
    chosen = np.zeros_like(pending)
    left = seconds
    costs = np.where(pending, plan.seconds, 0.0)
    for turn, row in enumerate(zip_longest(*kinds.values())):
        cells = np.array([i for i in row if i is not None])
        order = cells[np.argsort(costs[cells].sum(axis=1), kind="stable")]
        for k, i in enumerate(order):
            runs = np.flatnonzero(pending[i])
            runs = runs[np.argsort(plan.ids[i, runs])]  # in no order that means anything
            most = int(np.searchsorted(np.cumsum(costs[i, runs]), left / (len(order) - k), side="right"))
            taken = runs[: max(most, 1 if turn == 0 else 0)]
            chosen[i, taken] = True
            left -= float(costs[i, taken].sum())
        if left <= 0.02 * seconds:
            break
    return chosen
