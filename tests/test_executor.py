"""Dask: workers that are lost, and what comes back."""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from cells import make_cell, variant

from algrid.executor import _after_loss
from algrid.history import History
from algrid.progress import Quiet
from algrid.session import Session
from algrid.slices import Slice
from algrid.store import Store

# distributed leaves sockets of connections that break to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


GRID: dict[str, Any] = {
    "name": "shared",
    "datasets": ["iris", "wine"],
    "start_sets": {"count": 2},
    "strategies": ["random", "margin"],
    "learners": ["gaussian_nb", "decision_tree"],
    "batch_sizes": [1, 5],
    "budgets": [20],
}


def evidence(path: Path) -> dict[str, Any]:
    table = Store.open(path).snapshot().table("runs", ["run_id", "stop_reason", "queried", "confusion_test"])
    rows = table.to_pylist()
    assert len({row["run_id"] for row in rows}) == len(rows)
    return {row["run_id"]: row for row in rows}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("expected")
    assert Session(GRID, path).run(Quiet(), workers=1) == 32
    return evidence(path)


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(expected: dict[str, Any], tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_one() -> None:
        deadline = time.monotonic() + 60
        while not killed and time.monotonic() < deadline:
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if "algrid.child" in " ".join(process.cmdline()) and (parent := process.parent()) is not None:
                        time.sleep(1.0)
                        killed.append(parent.pid)
                        parent.kill()
                        return
            time.sleep(0.1)

    killer = threading.Thread(target=kill_one)
    killer.start()
    Session(GRID, tmp_path).run(Quiet(), workers=2)
    killer.join()
    assert killed
    assert killed[0] != os.getpid()
    assert evidence(tmp_path) == expected


def test_a_script_without_a_main_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"import algrid as ag\nag.run({GRID!r}, results='results', workers=1, progress=False)\n")
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "AlgridError: worker processes can't be started" in done.stderr
    assert "if __name__ == '__main__':" in done.stderr.splitlines()[-1]


def test_a_slice_whose_worker_was_lost_is_halved_and_a_single_run_is_given_up_in_the_end() -> None:
    variants = tuple(variant("random", size) for size in (1, 2, 3))
    whole = Slice(make_cell(), variants, (10, 10, 10), (History(), History(), History()), skyline=True, cost=3.0)
    first, second = _after_loss(whole).rest
    assert [len(part.variants) for part in (first, second)] == [1, 2]
    assert (first.skyline, second.skyline) == (True, False)
    assert first.cost + second.cost == pytest.approx(3.0)
    skyline, alone = _after_loss(first).rest
    assert [(len(part.variants), part.skyline) for part in (skyline, alone)] == [(0, True), (1, False)]
    for part, table in ((alone, "runs"), (skyline, "skylines")):
        lost = part
        for losses in (1, 2):
            (lost,) = _after_loss(lost).rest
            assert lost.losses == losses, "those that it had with others don't count"
        outcome = _after_loss(lost)
        assert outcome.rest == ()
        cause = "its worker was lost 3 times while it had nothing else to do"
        assert outcome.tables[table].column("error").to_pylist() == [cause]
    assert outcome.tables["runs"].num_rows == 0


@pytest.mark.slow
def test_only_the_run_that_kills_workers_is_crashed(tmp_path: Path) -> None:
    grid = {**GRID, "datasets": ["iris"], "learners": ["gaussian_nb"], "start_sets": {"count": 1}, "batch_sizes": [5]}
    killer = {**grid, "strategies": ["random", {"villains:Villain": {"deed": "kill the worker"}}, "margin"]}
    Session(killer, tmp_path / "killer").run(Quiet(), workers=1)
    rows = Store.open(tmp_path / "killer").snapshot().table("runs", ["strategy", "stop_reason", "error"]).to_pylist()
    (guilty,) = [row for row in rows if row["stop_reason"] != "budget"]
    assert guilty["strategy"] == "villain(deed=kill the worker)"
    assert (guilty["stop_reason"], guilty["error"][:26]) == ("crashed", "its worker was lost 3 time")
    Session(grid, tmp_path / "undisturbed").run(Quiet(), workers=1)
    found = evidence(tmp_path / "killer")
    for run_id, row in evidence(tmp_path / "undisturbed").items():
        assert found[run_id] == row
    assert Store.open(tmp_path / "killer").snapshot().table("skylines")["error"].to_pylist() == [None]
