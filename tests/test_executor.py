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
    part, losses = first, 1
    while rest := _after_loss(part).rest:
        (part,) = rest
        losses += 1
    outcome = _after_loss(part)
    assert outcome.tables["runs"].column("stop_reason").to_pylist() == ["crashed"]
    assert outcome.tables["runs"].column("error").to_pylist() == [f"its worker was lost {losses + 1} times"]
    assert outcome.tables["skylines"].num_rows == 1
