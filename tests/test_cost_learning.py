"""Costs learned from a store: of real runs, made in this process."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_store import make_store

from algrid.cost import CostModel
from algrid.cost_learning import costs_of, fit_model, learn, observations, shipped_model
from algrid.grid import GridSpec
from algrid.planner import make_plan
from algrid.progress import Quiet
from algrid.session import Session
from algrid.store import Store

GRID: dict[str, Any] = {
    "name": "learned",
    "datasets": ["iris", "wine"],
    "start_sets": {"count": 2},
    "strategies": ["random", "margin", "qbc"],
    "learners": ["gaussian_nb", {"random_forest": {"n_estimators": 10}}],
    "batch_sizes": [1, 5],
    "budgets": [20],
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("learned") / "results", GRID)


@pytest.fixture(scope="module")
def model(path: Path) -> CostModel:
    return learn(path, Store.open(path).snapshot(), Session(GRID).spec)


def spent(path: Path) -> tuple[dict[str, float], dict[str, float], float]:
    """By dataset, what fits and predictions were charged and what they took once; and the seconds of all queries."""
    charged: dict[str, float] = defaultdict(float)
    once: dict[str, dict[Any, float]] = defaultdict(dict)
    queries = 0.0
    for row in Store.open(path).snapshot().table("runs").to_pylist():
        queries += sum(row["query_cpu_seconds"])
        for i, n in enumerate(row["n_labeled"]):
            fit, price = row["fit_cpu_seconds"][i], row["fit_cpu_seconds"][i] + row["predict_cpu_seconds"][i]
            charged[row["dataset"]] += price
            key = (row["cell_id"], n, fit) if row["fit_shared"][i] else (row["run_id"], n)
            once[row["dataset"]].setdefault(key, price)
    return charged, {dataset: sum(prices.values()) for dataset, prices in once.items()}, queries


def test_the_part_that_is_computed_where_fits_are_shared(path: Path, model: CostModel) -> None:
    charged, once, _ = spent(path)
    assert set(model.sharing) == {"", "iris", "wine"}
    for dataset in charged:
        # runs that share a fit may have predictions that were timed apart
        assert model.sharing[dataset] == pytest.approx(once[dataset] / charged[dataset], rel=0.02)
    assert 0.2 < model.sharing[""] < 0.95


def test_what_was_seen_is_predicted(path: Path, model: CostModel) -> None:
    plan = Session(GRID, path).plan
    _, once, queries = spent(path)
    seen = sum(once.values()) + queries
    overhead = 4e-4 * sum(21 if v.batch_size == 1 else 5 for v in plan.variants) * len(plan.cells)
    assert plan.n_learned == model.n_runs == 48
    # loose: the first fits load libraries, and other work runs beside the tests
    assert 3600 * plan.core_hours[1] == pytest.approx(seen + overhead, rel=0.5)
    assert plan.spread < 0.3 < Session(GRID, path / "nowhere").plan.spread


def test_it_is_saved_and_read_again_until_the_store_has_grown(path: Path, model: CostModel) -> None:
    snapshot, spec = Store.open(path).snapshot(), Session(GRID).spec
    saved = json.loads((path / "cost.json").read_text())
    assert costs_of(path, snapshot, spec).to_plain() == saved == model.to_plain()
    (path / "cost.json").write_text(json.dumps({**saved, "n_runs": 24}))
    assert costs_of(path, snapshot, spec).n_runs == 24, "as long as the store has at most twice as many"
    (path / "cost.json").write_text(json.dumps({**saved, "n_runs": 23}))
    assert costs_of(path, snapshot, spec).n_runs == 48
    (path / "cost.json").write_text("{")
    assert costs_of(path, snapshot, spec).to_plain() == model.to_plain()


def test_a_store_of_other_learners_says_nothing(path: Path, model: CostModel) -> None:
    other = Session({**GRID, "learners": ["knn"]}).spec
    before = (path / "cost.json").read_text()
    assert learn(path, Store.open(path).snapshot(), other).to_plain() == shipped_model().to_plain()
    (path / "cost.json").write_text(before)


def test_memory_is_learned_where_it_was_seen(path: Path, model: CostModel) -> None:
    assert [ladder.names for ladder in model.ladders["memory"][-1:]] == [{}], "nobody looked at runs of this process"
    spec = Session(GRID).spec
    seen = observations(Store.open(path).snapshot())
    assert np.isnan(seen.columns["memory"]).all()
    is_forest = seen.columns["learner"] == "random_forest(n_estimators=10)"
    memory = np.where(is_forest, 6e8, np.where(seen.columns["dataset"] == "wine", 3e8, 2e8))
    learned = fit_model(
        shipped_model(), spec.learners, spec.strategies, {**seen.columns, "memory": memory}, seen.sharing, 48
    )
    plan = make_plan(spec, learned)
    for cell, most in zip(plan.cells, plan.memory, strict=True):
        of_bayes = 3e8 if cell.dataset.dataset_name == "wine" else 2e8
        assert most == pytest.approx(6e8 if cell.learner.name == "random_forest" else of_bayes, rel=0.05)
    assert plan.facts()["memory of a computing process, roughly"] in {"up to 599 MB", "up to 600 MB", "up to 601 MB"}


def test_without_a_store_there_is_the_shipped_model(tmp_path: Path) -> None:
    assert costs_of(tmp_path, None, Session(GRID).spec) is shipped_model()
    assert Session(GRID, tmp_path).plan.n_learned == 0


def test_the_shipped_model_is_of_many_strategies_and_of_no_store() -> None:
    model = shipped_model()
    assert model.n_runs == 0
    (queries,), (fits,), (memory,) = (model.ladders[part] for part in ("query", "fit", "memory"))
    assert len(queries.names) > 80
    assert len(fits.names) == len(memory.names) >= 10
    for ladder in (queries, fits, memory):
        assert len(ladder.datasets) == len(ladder.left) == 0


@pytest.mark.parametrize(
    ("name", "seconds"), [("paper_small", 628), pytest.param("text_small", 540, marks=pytest.mark.text)]
)
def test_the_shipped_grids_cost_about_what_they_did(name: str, seconds: float) -> None:
    """CPU seconds that their stores say (docs/BENCHMARKS.md): sharing is not known before, and counts as none."""
    low, hours, high = make_plan(GridSpec.from_file(name), shipped_model()).core_hours
    assert 0.8 < 3600 * hours / seconds < 1.6
    assert low < seconds / 3600 < high


@pytest.mark.slow
def test_a_pilot_is_stored_and_the_rest_goes_on_from_it(path: Path, tmp_path: Path) -> None:
    session = Session(GRID, tmp_path)
    before = session.plan
    assert 4 <= session.calibrate(Quiet(), seconds=1.0, workers=1) < 48
    stored = Store.open(tmp_path).snapshot().count("runs")
    assert 0 < stored < 48
    assert session.plan.n_learned == stored
    assert session.plan.spread < before.spread
    assert session.todo().n_runs == 48 - stored
    session.run(Quiet(), workers=1)
    columns = ["run_id", "stop_reason", "queried", "confusion_test"]
    rows = [
        sorted(Store.open(where).snapshot().table("runs", columns).to_pylist(), key=lambda row: row["run_id"])
        for where in (path, tmp_path)
    ]
    assert rows[0] == rows[1]
