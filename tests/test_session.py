"""A grid from its file to the store and back: other workers, interruptions and single runs give the same rows."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_store import make_store

import algrid as ag
from algrid.errors import AlgridError, GridError, StoreError
from algrid.schema import RUNS, SKYLINES, TIMING_COLUMNS
from algrid.session import Session
from algrid.store import Store

SMALL: dict[str, Any] = {
    "name": "small",
    "datasets": ["iris", "wine"],
    "splits": {"count": 1},
    "start_sets": {"count": 2},
    "strategies": ["random", "margin", {"qbc": {"committee_size": 2}}, "margin@modal"],
    "learners": ["gaussian_nb", {"random_forest": {"n_estimators": 3}}],
    "query_learners": ["same", "decision_tree"],
    "batch_sizes": [3, 7],
    "budgets": [20],
    "record": {"probability_metrics": ["log_loss"]},
}


class Counter:
    """A listener that adds up, and can interrupt after so many slices."""

    def __init__(self, interrupt_after: int | None = None) -> None:
        self.runs = self.failures = self.cells = self.calls = 0
        self.begun: tuple[Any, ...] = ()
        self._interrupt_after = interrupt_after

    def begin(self, runs: int, cells: int, seconds: float, spread: float, dashboard: str) -> None:
        self.begun = (runs, cells, dashboard)

    def ended(self, runs: int, failures: int, cells: int, seconds: float) -> None:
        self.runs, self.failures, self.cells = self.runs + runs, self.failures + failures, self.cells + cells
        self.calls += 1
        if self.calls == self._interrupt_after:
            raise KeyboardInterrupt


def rows_of(path: Path, table: str = "runs") -> list[dict[str, Any]]:
    """All rows in a fixed order, without what differs between two executions (or is of who executes: provenance)."""
    kind = {"runs": RUNS, "skylines": SKYLINES}[table]
    kept = [name for name in kind.names if name not in (*TIMING_COLUMNS, "provenance")]
    rows = Store.open(path).snapshot().table(table, kept)
    return sorted(rows.to_pylist(), key=lambda row: str(row[kind.key]))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("undisturbed")
    counter = Counter()
    assert Session(SMALL, path).run(counter, workers=2) == 128
    assert (counter.runs, counter.failures, counter.cells) == (128, 0, 8)
    assert counter.begun[:2] == (128, 8)
    assert counter.begun[2].startswith("http://127.0.0.1:")
    return path


def test_a_second_run_has_nothing_to_do_and_starts_no_dask(undisturbed: Path) -> None:
    code = (
        "import sys; from algrid.session import Session; from algrid.progress import Quiet;"
        f"n = Session({SMALL!r}, {str(undisturbed)!r}).run(Quiet());"
        "print(n, *(name in sys.modules for name in ('distributed', 'matplotlib', 'sklearn')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False", "False", "False"]


def test_what_is_finished_is_forgotten_where_the_grid_its_files_or_the_code_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.csv"
    file.write_text("a,b,label\n" + "\n".join(f"{i % 7},{i % 3},{i % 2}" for i in range(40)))
    grid = {"name": "own", "datasets": [{"file": {"path": str(file), "target": "label"}}], "strategies": ["random"]}
    session = Session({**grid, "budgets": [5]}, tmp_path / "results")
    assert session._finished_runs() is None
    assert session.run(Counter(), workers=1) == 1
    assert (session._finished_runs(), session.n_runs) == (1, 1)
    assert Session({**grid, "budgets": [10]}, tmp_path / "results")._finished_runs() is None
    with monkeypatch.context() as changed:
        changed.setattr("algrid.session.code", lambda plugins: {"algrid": "other"})
        assert session._finished_runs() is None
    file.write_text(file.read_text() + "\n3,3,1")
    assert session._finished_runs() is None
    assert not Session({**grid, "budgets": [5]}, tmp_path / "results").nothing_to_do()


def test_another_number_of_workers_gives_the_same_rows_also_when_interrupted(undisturbed: Path, tmp_path: Path) -> None:
    session = Session(SMALL, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        session.run(Counter(interrupt_after=2), workers=1)
    part = len(rows_of(tmp_path))
    assert 0 < part < 128
    counter = Counter()
    assert session.run(counter, workers=1) == 128 - part == counter.runs
    assert rows_of(tmp_path) == rows_of(undisturbed)
    assert rows_of(tmp_path, "skylines") == rows_of(undisturbed, "skylines")


def test_single_runs_alone_give_the_same_rows(undisturbed: Path) -> None:
    session = Session(SMALL, undisturbed)
    stored = rows_of(undisturbed)
    for row in stored[::16]:
        alone = session.run_one(row["run_id"])
        for name in row.keys() - {"limit_seconds", "limit_memory"}:
            assert alone[name] == row[name], name


@pytest.mark.parametrize("held", [0, 1 << 30])  # bytes of stored rows that are held in memory; with more, in a file
def test_a_larger_budget_extends_the_runs_and_equals_a_fresh_grid(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr("algrid.store.queue._HELD", held)
    smaller, larger = {**SMALL, "budgets": [9]}, {**SMALL, "budgets": [9, 20]}
    assert Session(smaller, tmp_path).run(Counter(), workers=2) == 128
    assert {row["reach"] for row in rows_of(tmp_path)} == {9, 14}
    session = Session(larger, tmp_path)
    assert session.run(Counter(), workers=2) == 128
    assert rows_of(tmp_path) == rows_of(undisturbed)
    assert session.todo().nothing
    assert Session(smaller, tmp_path).todo().nothing


def test_a_grid_can_grow(undisturbed: Path, tmp_path: Path) -> None:
    part = {**SMALL, "datasets": ["wine"], "strategies": ["margin"], "query_learners": ["same"]}
    assert Session(part, tmp_path).run(Counter(), workers=1) == 8
    assert Session(SMALL, tmp_path).run(Counter(), workers=2) == 120
    assert rows_of(tmp_path) == rows_of(undisturbed)


def test_status_counts_by_strategy_learner_and_dataset(undisturbed: Path) -> None:
    whole = {**SMALL, "datasets": ["iris", "wine", "breast_cancer"]}
    found = {(axis, level): counts for axis, level, counts in Session(whole, undisturbed).status()}
    assert found["runs", None] == {"all": 192, "to do": 64, "failed": 0, "done": 128}
    assert found["dataset", "breast_cancer"] == {"all": 64, "to do": 64, "failed": 0, "done": 0}
    assert found["strategy", "margin@modal"] == {"all": 48, "to do": 16, "failed": 0, "done": 32}


def test_failures_are_rows_and_are_made_again_only_when_asked(tmp_path: Path) -> None:
    grid = {**SMALL, "datasets": ["iris"], "learners": ["gaussian_nb"], "query_learners": ["same"], "start_sets": 1}
    grid["start_sets"] = {"count": 1}
    grid["strategies"] = ["random", {"villains:Villain": {"deed": "raise"}}, {"villains:Villain": {"deed": "exit"}}]
    session = Session(grid, tmp_path)
    counter = Counter()
    assert session.run(counter, workers=1) == 6
    assert counter.failures == 4
    failures = ag.open(tmp_path).failures
    assert sorted(failures["stop_reason"]) == ["crashed", "crashed", "error", "error"]
    assert failures["traceback"].notna().sum() == 2
    assert session.todo().nothing
    assert session.todo(["error"]).n_runs == 2
    assert session.run(Counter(), workers=1, retry=["error"]) == 2
    assert len(rows_of(tmp_path)) == 6
    history = ag.open(tmp_path).attempts
    assert history[["attempt", "now", "stop_reason"]].to_numpy().tolist() == [[1, "error", "error"]] * 2
    assert set(history["run_id"]) == set(failures[failures["stop_reason"] == "error"]["run_id"])
    assert history["traceback"].str.contains("on purpose").all()
    assert history["algrid"].notna().all()
    assert Session(tmp_path).todo(["error", "crashed"]).n_runs == 4, "a folder of results knows its grid"


def test_an_interrupted_process_leaves_a_store_that_goes_on(undisturbed: Path, tmp_path: Path) -> None:
    code = (
        "from algrid.session import Session; from algrid.progress import Quiet\n"
        f"if __name__ == '__main__': Session({SMALL!r}, {str(tmp_path)!r}).run(Quiet(), workers=1)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "manifest.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(3.0)
        process.send_signal(signal.SIGKILL)
    assert Session(SMALL, tmp_path).run(Counter(), workers=2) <= 128
    assert rows_of(tmp_path) == rows_of(undisturbed)


def test_two_writers_do_not_meet(undisturbed: Path) -> None:
    grown = {**SMALL, "batch_sizes": [3, 7, 9]}
    with Store.open(undisturbed).writer(), pytest.raises(StoreError, match="writ"):
        Session(grown, undisturbed).run(Counter(), workers=1)


def test_results_as_frames(undisturbed: Path) -> None:
    results = ag.open(undisturbed)
    assert len(results.runs) == 128
    assert len(results.skylines) == 8
    assert results.grid == Session(SMALL).spec
    curves = results.curves("f1_macro", where="dataset = 'iris' AND batch_size = 7")
    assert set(curves["dataset"]) == {"iris"}
    assert set(curves["n_bought"]) == {0, 7, 14, 21}
    scores = results.scores("accuracy", "labels_to_skyline")
    assert len(scores) == 128
    assert set(scores["budget"]) == {20}
    assert len(results.leaderboard(by="learner")) == 2
    assert len(results.scores("log_loss", "final", [10, 20])) == 256
    assert "128" in repr(results)
    assert "<table>" in results._repr_html_()


def test_replay_of_a_stored_run(undisturbed: Path) -> None:
    results = ag.open(undisturbed)
    runs = results.runs
    run_id = runs[(runs["strategy"] == "qbc(committee_size=2)") & (runs["dataset"] == "wine")]["run_id"].iloc[0]
    values = results.curves("accuracy", where=f"run_id = '{run_id}'")["value"].to_numpy()
    replayed = [float(np.mean(again.predictions == again.pool.y_test)) for again in results.replay(run_id)]
    assert replayed == pytest.approx(values.tolist())
    for wrong in ("nonsense", "0" * 16):
        with pytest.raises(StoreError, match=wrong):
            results.replay(wrong)


def test_results_can_be_read_while_they_are_written(tmp_path: Path) -> None:
    seen = []

    class Reader(Counter):
        def ended(self, runs: int, failures: int, cells: int, seconds: float) -> None:
            super().ended(runs, failures, cells, seconds)
            seen.append(len(ag.open(tmp_path).runs))

    Session({**SMALL, "datasets": ["iris"]}, tmp_path).run(Reader(), workers=1)
    assert seen == sorted(seen)


@pytest.mark.parametrize("grid", [42, None, "no_such_grid", "/no/such/file.yaml"])
def test_what_is_no_grid_is_an_error(grid: Any) -> None:
    with pytest.raises(GridError):
        Session(grid)


def test_a_scheduler_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import algrid.cluster

    monkeypatch.setattr(algrid.cluster, "_CONNECT_SECONDS", 0.5)
    with pytest.raises(AlgridError, match="no Dask scheduler answers"):
        Session(SMALL, tmp_path).run(Counter(), scheduler="tcp://127.0.0.1:9")
    with pytest.raises(GridError, match="at least one"):
        Session(SMALL, tmp_path).run(Counter(), workers=0)


def test_changed_packages_and_plugins_are_said(undisturbed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import algrid.session

    session = Session(SMALL, undisturbed)
    here = algrid.session.provenance([])
    changed = {
        **here,
        "packages": {**here["packages"], "numpy": "0.1"},
        "plugins": {"algrid.strategies.margin.margin": "0"},
    }
    monkeypatch.setattr(algrid.session, "provenance", lambda plugins: changed)
    assert "package pandas" not in str(session.changes())
    found = session.changes()
    assert any(line.startswith("package numpy: stored results have") for line in found)
    assert any(line.startswith("source of plugin algrid.strategies.margin.margin") for line in found)


def own_data() -> tuple[Any, Any]:
    """A user's function, whose data may be others tomorrow."""
    X = np.arange(80.0).reshape(40, 2) % 7
    return X, np.arange(40) % 2


def test_a_done_grid_is_known_by_the_state_of_its_data(tmp_path: Path) -> None:
    rows = "".join(f"{i % 7},{(i * i) % 5},{'ab'[i % 2]}\n" for i in range(40))
    (tmp_path / "a.csv").write_text("x,z,y\n" + rows)
    datasets = {
        "sklearn.datasets:load_iris": True,
        f"{__name__}:own_data": False,  # nobody knows whether it gives the same: looked at every time
        "file": True,
    }
    for position, (name, stamped) in enumerate(datasets.items()):
        level: Any = {"file": {"path": str(tmp_path / "a.csv"), "target": "y"}} if name == "file" else name
        grid = {"datasets": [level], "strategies": ["random"], "learners": ["gaussian_nb"], "budgets": [5]}
        path = tmp_path / str(position)
        make_store(path, grid)
        assert Session(grid, path).nothing_to_do()
        assert (path / "complete.json").exists() is stamped
        assert Session(grid, path).nothing_to_do()
    (tmp_path / "a.csv").write_text("x,z,y\n" + rows.replace("6", "5"))
    assert not Session(grid, path).nothing_to_do()
    session = Session(grid, path)
    (tmp_path / "a.csv").unlink()
    with pytest.raises(AlgridError, match="there is no file"):
        session.nothing_to_do()
