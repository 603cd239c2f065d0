"""A grid over a user's own files, named by patterns."""

from __future__ import annotations

from pathlib import Path

import pytest

import algrid as ag

SHARED = Path(__file__).parents[2] / "shared" / "datasets" / "tabular"
NAMES = {
    "australian",
    "diabetes",
    "german",
    "glass",
    "haberman",
    "heart",
    "ionosphere",
    "mammographic",
    "thyroid",
    "vehicle",
}
GRID = {
    "name": "files",
    "datasets": [{"files": f"{SHARED}/{pattern}.svm"} for pattern in ("[gh]*", "[aimtv]*", "diabetes")],
    "strategies": ["random", "margin"],
    "learners": ["gaussian_nb"],
    "batch_sizes": [10],
    "budgets": [20],
}

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder shared/datasets is not beside the repository")


def test_plan() -> None:
    plan = ag.make_plan(GRID)
    assert set(plan.spec.levels("dataset")) == NAMES
    assert (plan.n_runs, plan.skips()) == (20, {})


@pytest.mark.slow
def test_run(tmp_path: Path) -> None:
    results = ag.run(GRID, results=tmp_path / "results", workers=2, progress=False)
    assert results.failures.empty
    board = results.leaderboard()
    assert board.attrs["n_datasets"] == 10
    assert set(board["strategy"]) == {"random", "margin"}
