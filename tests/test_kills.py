"""`kill -9` of any process at random moments: nothing that was stored is lost, nothing is double, no result differs."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from algrid.progress import Quiet
from algrid.schema import EXECUTION_COLUMNS, RUNS, SKYLINES, TIMING_COLUMNS
from algrid.session import Session
from algrid.store import Store

# distributed leaves sockets of connections that break to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

TESTS = Path(__file__).parent

GRID: dict[str, Any] = {
    "name": "killed",
    "datasets": ["iris"],
    "start_sets": {"count": 4},
    "strategies": ["random", "margin", {"villains:Villain": {"deed": "slow"}}],
    "learners": ["gaussian_nb"],
    "batch_sizes": [2, 5],
    "budgets": [10],
}

DRIVER = f"""
import sys
from algrid.progress import Quiet
from algrid.session import Session
from algrid.store import Policy, Store, Writer
Store.writer = lambda self: Writer(self.path, grid=self._grid, policy=Policy(flush_seconds=0.3))
if __name__ == "__main__":
    Session({GRID!r}, sys.argv[1]).run(Quiet(), **({{"scheduler": sys.argv[2]}} if sys.argv[2:] else {{"workers": 1}}))
"""


def evidence(path: Path) -> dict[str, dict[str, Any]]:
    """All rows by key, without what differs between two executions; fails where one is there twice."""
    found: dict[str, dict[str, Any]] = {}
    for table in (RUNS, SKYLINES):
        left_out = {*TIMING_COLUMNS, *EXECUTION_COLUMNS}
        rows = Store.open(path).snapshot().table(table.name, [n for n in table.names if n not in left_out]).to_pylist()
        keyed = {f"{table.name} {row[table.key]}": row for row in rows}
        assert len(keyed) == len(rows)
        found |= keyed
    return found


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    path = tmp_path_factory.mktemp("undisturbed")
    Session(GRID, path).run(Quiet(), workers=1)
    return evidence(path)


class Family:
    """Processes of a run, told from all others by a word in their environment: the driver and all that it starts.

    Parameters
    ----------
    folder : Path
        For the driver's script, its results and what processes print.
    own_cluster : bool
        Whether scheduler and worker are processes of their own, which are started again when they are gone.
    """

    def __init__(self, folder: Path, *, own_cluster: bool = False) -> None:
        self.folder, self.results, self.word = folder, folder / "results", uuid.uuid4().hex
        self._script = folder / "driver.py"
        self._script.write_text(DRIVER)
        self._port = _free_port() if own_cluster else None
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def roles(self) -> tuple[str, ...]:
        return ("child", "worker", "driver", *(("scheduler", "nanny") if self._port else ()))

    def _start(self, role: str, *command: str) -> None:
        paths = os.pathsep.join(map(str, (TESTS, TESTS.parent)))
        environment = {**os.environ, "PYTHONPATH": paths, "ALGRID_TEST": self.word}
        with (self.folder / f"{role}.txt").open("wb") as said:
            self._started[role] = subprocess.Popen(
                [sys.executable, *command], cwd=self.folder, env=environment, stdout=said, stderr=said
            )

    def start_what_is_gone(self) -> bool:
        """See that all run; False where the driver has done its work."""
        dead = [role for role, process in self._started.items() if process.poll() is not None]
        driver = self._started.get("driver")
        if driver is not None and driver.poll() == 0:
            return False
        assert driver is None or driver.poll() in {None, -9}, (self.folder / "driver.txt").read_text()
        address = f"tcp://127.0.0.1:{self._port}"
        if self._port and ("scheduler" not in self._started or "scheduler" in dead):
            self._start(
                "scheduler", "-m", "distributed.cli.dask_scheduler", "--port", str(self._port), "--no-dashboard"
            )
        if self._port and ("nanny" not in self._started or "nanny" in dead):
            self._start("nanny", "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard")
        if driver is None or "driver" in dead:
            self._start("driver", str(self._script), str(self.results), *([address] if self._port else []))
        return True

    def members(self) -> dict[str, list[psutil.Process]]:
        """Living processes by role."""
        found: dict[str, list[psutil.Process]] = {}
        pids = {process.pid: role for role, process in self._started.items()}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE or process.environ().get("ALGRID_TEST") != self.word:
                    continue
                command = " ".join(process.cmdline())
                role = pids.get(process.pid, "other")
                if role == "other" and "algrid.child" in command:
                    role = "child"
                elif role == "other" and "spawn_main" in command:
                    role = "worker"
                found.setdefault(role, []).append(process)
        return found

    def kill(self, role: str) -> bool:
        """Kill one with `kill -9`; False where there is none just now."""
        there = self.members().get(role, [])
        if there:
            there[0].kill()
            if role in self._started:
                self._started[role].wait()
        return bool(there)

    def end(self) -> None:
        for processes in self.members().values():
            for process in processes:
                with contextlib.suppress(psutil.Error):
                    process.kill()
        for process in self._started.values():
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def family(folder: Path, **options: Any) -> Iterator[Family]:
    folder.mkdir()
    one = Family(folder, **options)
    try:
        yield one
    finally:
        one.end()


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def stored_ids(path: Path) -> set[str]:
    return set(evidence(path)) if (path / "manifest.json").exists() else set()


def harass(one: Family, roles: list[str], dice: random.Random) -> int:
    """Kill by turns, each some time after there is a process that computes, until the grid is done; number of kills."""
    done = 0
    end = time.monotonic() + 60 + 30 * len(roles)
    while one.start_what_is_gone():
        assert time.monotonic() < end, (one.folder / "driver.txt").read_text()
        if done == len(roles):
            time.sleep(0.1)
            continue
        wait_for(lambda: "child" in one.members() or not one.start_what_is_gone(), 30)
        time.sleep(dice.uniform(0, 2.5))
        acknowledged = stored_ids(one.results)
        if not one.kill(roles[done]):
            continue
        done += 1
        assert acknowledged <= stored_ids(one.results)
        if roles[done - 1] == "driver" and "scheduler" not in one.roles:
            assert wait_for(lambda: not one.members(), 60), f"left behind: {one.members()}"
    return done


def check_end(one: Family, expected: dict[str, dict[str, Any]]) -> None:
    found = evidence(one.results)
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        assert found[key] == row
    assert Store.open(one.results).verify() == []
    with Store.open(one.results).writer() as writer:
        writer.collect_garbage(older_than_s=0)
    manifest = json.loads((one.results / "manifest.json").read_text())
    files = {p.relative_to(one.results).as_posix() for p in one.results.glob("*/*.parquet")}
    assert files == {shard["file"] for shard in manifest["shards"]}
    assert not list(one.results.glob("**/.tmp-*"))


def test_five_kills(expected: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    dice = random.Random(20261127)
    with family(tmp_path / "run") as one:
        assert harass(one, ["child", "driver", "worker", "child", "driver"], dice) > 0
        check_end(one, expected)
        assert wait_for(lambda: not one.members(), 60), f"left behind: {one.members()}"


@pytest.mark.slow
@pytest.mark.parametrize(("own_cluster", "kills"), [(False, 30), (True, 20)], ids=["local", "own scheduler"])
def test_fifty_kills(expected: dict[str, dict[str, Any]], tmp_path: Path, own_cluster: bool, kills: int) -> None:
    """As many grids as it takes."""
    dice = random.Random(kills)
    done = rounds = 0
    while done < kills:
        with family(tmp_path / f"run{rounds}", own_cluster=own_cluster) as one:
            roles = dice.choices(one.roles, k=min(8, kills - done))
            done += harass(one, roles, dice)
            check_end(one, expected)
        rounds += 1
        assert rounds < 3 * kills
