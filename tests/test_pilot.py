"""The sample of a grid's runs that is to tell what the grid costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import algrid as ag
from algrid.errors import GridError
from algrid.pilot import choose_pilot, parse_duration
from algrid.plan import Plan

GRID: dict[str, Any] = {
    "name": "pilot",
    "datasets": ["iris", "wine"],
    "splits": {"count": 2},
    "start_sets": {"count": 2},
    "strategies": ["random", "margin", "entropy", "kcenter_greedy"],
    "learners": ["gaussian_nb", {"random_forest": {"n_estimators": 10}}],
    "batch_sizes": [1, 5],
    "budgets": [20],
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return ag.make_plan(GRID)


def kinds_of(plan: Plan, chosen: Any) -> set[tuple[str, str]]:
    cells = [plan.cells[i] for i in np.flatnonzero(chosen.any(axis=1))]
    return {(cell.dataset.dataset_name, cell.learner.name) for cell in cells}


def test_every_kind_is_in_it_also_where_the_time_does_not_suffice(plan: Plan) -> None:
    chosen = choose_pilot(plan, plan.planned, 1e-9)
    assert len(kinds_of(plan, chosen)) == 4
    assert chosen.sum() == 4


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_it_takes_about_as_long_as_it_may(plan: Plan, share: float) -> None:
    whole = float(plan.seconds[plan.planned].sum())
    chosen = choose_pilot(plan, plan.planned, share * whole)
    taken = float(plan.seconds[chosen].sum())
    assert 0.6 * share * whole < taken <= share * whole
    assert len(kinds_of(plan, chosen)) == 4


def test_cells_are_whole_where_the_time_suffices(plan: Plan) -> None:
    # a quarter of the time of each kind is one of its four cells
    chosen = choose_pilot(plan, plan.planned, 0.3 * float(plan.seconds[plan.planned].sum()))
    sizes = chosen.sum(axis=1)
    assert (sizes == 8).sum() >= 4


def test_only_what_is_pending_and_all_of_it_where_time_is_plenty(plan: Plan) -> None:
    pending = plan.planned.copy()
    pending[::2] = False
    pending[1, 3] = False
    assert np.array_equal(choose_pilot(plan, pending, 1e9), pending)
    assert not choose_pilot(plan, np.zeros_like(pending), 10.0).any()


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("1.5h", 5400), (" 2 m ", 120)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["5", "m", "-5m", "0s", "5 minutes", ""])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(GridError, match="such as 90s, 5m"):
        parse_duration(text)
