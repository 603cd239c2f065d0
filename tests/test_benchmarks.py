"""The benchmarks work, and their loops do the same runs; how long anything takes is nobody's business here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in ("cost", "influence", "overhead", "process", "scale", "sharing"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.parametrize("learner", ["random_forest", "svm_rbf", "logistic_regression"])
@pytest.mark.parametrize("strategy", ["random", "margin"])
def test_every_loop_does_the_same_run(benchmarks: None, learner: str, strategy: str) -> None:
    import overhead

    case = overhead.make_case("wine", learner, strategy, cycles=2)
    traces = {name: loop(case) for name, loop in overhead.prepared().items()}
    algrid = traces["algrid"]
    assert [len(batch) for batch in algrid.batches] == [5, 5]
    for name, trace in traces.items():
        assert [len(part) for part in (trace.batches, trace.test, trace.pool)] == [2, 3, 3], name
        for ours, theirs in zip(algrid.batches, trace.batches, strict=True):
            assert set(ours) == set(theirs), name
        for part, n in (("test", 71), ("pool", 107)):
            assert [counts.sum() for counts in getattr(trace, part)] == [n] * 3, name
    seconds = overhead.measure(case, 1)
    assert set(seconds) == set(traces)
    assert all(len(values) == 1 for values in seconds.values())


def test_a_loop_that_does_another_run_is_noticed(benchmarks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import overhead

    case = overhead.make_case("wine", "logistic_regression", "random", cycles=2)

    def lazy(case: Any) -> Any:
        trace = overhead.algrid_loop(case)
        trace.batches[1] = np.sort(case.pool.start)
        return trace

    monkeypatch.setitem(overhead.CONTESTANTS, "bare", lazy)
    with pytest.raises(
        AssertionError, match=r"bare on wine.*: other rows were labelled than algrid's, first in cycle 2"
    ):
        overhead.measure(case, 1)


def test_a_loop_that_counts_otherwise_is_noticed(benchmarks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import overhead

    case = overhead.make_case("wine", "logistic_regression", "random", cycles=1)
    monkeypatch.setitem(
        overhead.CONTESTANTS, "bare", lambda c: overhead.bare_loop(c, lambda y, p, k: overhead.by_sklearn(p, y, k))
    )
    with pytest.raises(AssertionError, match=r"bare on wine.*: other confusion matrices"):
        overhead.measure(case, 1)


def test_the_table_and_the_csv(
    benchmarks: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import overhead

    path = tmp_path / "seconds.csv"
    options = ["--learners", "logistic_regression", "--cycles", "2", "--repetitions", "1", "--csv", str(path)]
    monkeypatch.setattr(sys, "argv", ["overhead.py", *options])
    overhead.main()
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 2 + 4 + 1
    assert "target" in shown[-1]
    lines = path.read_text().splitlines()
    assert len(lines) == 1 + 4 + 1
    assert lines[0].split(",")[:4] == ["learner", "dataset", "strategy", "repetition"]


def test_the_child_is_compared(benchmarks: None) -> None:
    import overhead
    import process

    costs = process.compare(overhead.make_case("wine", "logistic_regression", "random", cycles=2), 2)
    assert min(costs.bare, costs.here) > 0
    assert costs.in_child >= 0
    total = costs + process.Costs(0.010, 0.011, 0.012)
    assert total.bare == costs.bare + 0.010
    assert process.Costs(0.010, 0.011, 0.012).line("some").split() == ["some", "10.0", "11.0", "12.0", "9.1%", "1.20"]


def test_shared_runs_are_those_alone(benchmarks: None) -> None:
    import sharing

    from algrid.api import make_plan

    grid = {
        "name": "small",
        "datasets": ["iris"],
        "strategies": ["random", "margin", "kcenter_greedy"],
        "learners": ["gaussian_nb"],
        "batch_sizes": [5, 10],
        "budgets": [10],
        "splits": {"kind": "stratified", "count": 2},
    }
    (saving,) = sharing.savings(make_plan(grid))
    assert (saving.runs, saving.points) == (6, 3 * 3 + 3 * 2)
    # all six share the start set, both batch sizes of `random` and of `kcenter_greedy` end at the same set
    assert saving.shared_points >= 6 + 2 + 2


def test_influences_are_measured_without_holding_all_runs(benchmarks: None) -> None:
    import influence

    (row,) = influence.measure(1, 1, resamples=5, only="query_influence(learner)")
    assert row["rows"] == 6 * 5 * 504
    # three pairs of learners at 10, 20, ... 50 labels: counts that four of the six batch sizes have
    assert row["result"] == 3 * 5
    assert row["making_runs"] > 0


def test_the_synthetic_store_is_a_store_of_its_grid(benchmarks: None, tmp_path: Path) -> None:
    import scale

    from algrid.results import Results
    from algrid.session import Session
    from algrid.store import Store

    session = Session(scale.grid_of(1008, cycles=9), tmp_path)
    scale.make_store(tmp_path, session.spec)
    assert session.todo().nothing
    assert session.plan.n_runs == Store.open(tmp_path).snapshot().count("runs") == 6 * 168 - 54
    rows = Store.open(tmp_path).snapshot().table("runs").to_pylist()
    for row in rows[::7]:
        k, points = row["n_classes"], len(row["n_labeled"])
        for part, n in (("test", row["n_test"]), ("pool", row["n_pool"])):
            counts = np.array(row[f"confusion_{part}"]).reshape(points, k, k)
            assert (counts >= 0).all()
            assert (counts.sum(axis=(1, 2)) == n).all()
        assert len(set(row["queried"])) == len(row["queried"]) == row["reach"]
        assert not set(row["queried"]) & set(row["start_indices"])
        assert row["n_labeled"][-1] == row["reach"] + k
        assert [len(row[c]) for c in ("fit_seconds", "query_cpu_seconds", "fit_shared")] == [points] * 3
    Store.open(tmp_path).compact()
    manifest = Store.open(tmp_path).snapshot().manifest
    assert 0.4 < session.plan.n_bytes / sum(shard.bytes for shard in manifest.of("runs")) < 2.5
    assert Results(tmp_path).scores()["value"].between(0.3, 1).all()


@pytest.mark.slow
def test_a_prediction_is_held_against_what_a_grid_cost(benchmarks: None) -> None:
    import cost

    grid = {**cost.NOTHING, "strategies": ["random", "margin"], "budgets": [20], "start_sets": {"count": 3}}
    found = cost.compare(grid, seconds=1.0, workers=1)
    assert found.runs == 6
    assert 0 < found.pilot_runs <= 6
    assert found.predicted[0] < found.predicted[1] < found.predicted[2]
    assert len(found.rows()) == 5


def test_a_shipped_prior_is_of_no_dataset_and_as_uncertain_as_nothing(benchmarks: None, tmp_path: Path) -> None:
    import cost
    from small_store import make_store

    model = cost.prior([make_store(tmp_path / "tiny")])
    (ladder,) = model.ladders["query"]
    assert set(ladder.names) == {"random", "margin"}
    assert not ladder.datasets
    assert not ladder.left
    assert model.n_runs == 0
