"""The shipped grid of all strategies: it misses none, and they run."""

from __future__ import annotations

import pytest

from algrid.grid import GridSpec
from algrid.loop import run_cell
from algrid.planner import make_plan
from algrid.pool import make_pool
from algrid.session import read_grid
from algrid.strategies import STRATEGIES


def test_the_grid_has_every_strategy() -> None:
    there = {strategy.name for strategy in read_grid("strategies_smoke").strategies}
    missing = sorted(set(STRATEGIES.names()) - there)
    assert not missing, f"add to algrid/grids/strategies_smoke.yaml: {', '.join(missing)}"


@pytest.mark.slow
def test_every_strategy_runs() -> None:
    """With one learner, on two classes; what is skipped has a reason."""
    full = read_grid("strategies_smoke").to_dict()
    spec = GridSpec.from_dict({**full, "datasets": [{"banana": {"n_rows": 250}}], "learners": ["logistic_regression"]})
    plan = make_plan(spec)
    ((cell,), (planned,), (targets,)) = plan.cells, plan.planned, plan.targets
    variants = [v for v, wanted in zip(plan.variants, planned, strict=True) if wanted]
    histories = run_cell(cell, make_pool(cell, cell.dataset.load()), variants, targets[planned].tolist())
    failed = {v.strategy.label: h.error for v, h in zip(variants, histories, strict=True) if h.error is not None}
    assert not failed
    assert all(len(h.points) == 4 for h in histories)
    reasons = ("needs", "not installed", "two classes", "pools of at most", "can't")
    assert all(any(word in reason for word in reasons) for reason in plan.skips()), plan.skips()
