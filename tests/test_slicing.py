"""Slices of a plan: every pending run once, fair at any moment, about a minute each."""

from __future__ import annotations

import numpy as np
from test_plan import plan_of

from algrid.history import History
from algrid.identity import to_hex
from algrid.slicing import slices
from algrid.stored import Stored


def test_slices_hold_every_pending_run_once_and_replicates_come_in_turn() -> None:
    plan = plan_of()
    pending = plan.pending(Stored.nothing())
    pending[0, 3] = False
    tasks = list(slices(plan, pending, np.ones(16, np.bool_), 2, lambda ids: {}))
    handed = [(s.cell.digest, v.digest) for s in tasks for v in s.variants]
    wanted = [(plan.cells[i].digest, plan.variants[j].digest) for i, j in np.argwhere(pending)]
    assert sorted(handed) == sorted(wanted)
    assert sum(s.skyline for s in tasks) == 16
    replicates = [max(s.cell.split_index, s.cell.start_index) for s in tasks]
    assert replicates == sorted(replicates)
    assert all(s.targets == (20,) * len(s.variants) for s in tasks)


def test_stored_histories_go_with_their_runs() -> None:
    plan = plan_of()
    only = np.zeros_like(plan.planned)
    only[2, 5] = True
    known = {str(to_hex(plan.ids[2:3, 5])[0]): History(stop_reason="budget")}
    (task,) = slices(plan, only, np.zeros(16, np.bool_), 2, lambda ids: known)
    assert task.histories == tuple(known.values())


def test_large_slices_are_cut_by_predicted_cost() -> None:
    plan = plan_of(learners=["random_forest"], batch_sizes=[1], budgets="all")
    one = np.zeros_like(plan.planned)
    one[0] = True
    tasks = list(slices(plan, one, np.zeros(len(plan.cells), np.bool_), 1, lambda ids: {}))
    assert len(tasks) > 1
    assert sum(len(s.variants) for s in tasks) == len(plan.variants)
