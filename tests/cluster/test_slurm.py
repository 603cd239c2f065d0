"""A queueing system: jobs are submitted, lost, and end before their walltime; rows are those of a local run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clusters import GRID, Notes, evidence, told, wait_for

from algrid.progress import Quiet
from algrid.session import Session
from algrid.yaml_lines import dump_yaml

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
]


def cluster_file(folder: Path, jobs: int, **options: Any) -> Path:
    common = {"cores": 1, "memory": "500 MB", "walltime": "00:30:00", "interface": "lo", "log_directory": "logs"}
    path = folder / "slurm.yaml"
    path.write_text(dump_yaml({"class": "SLURM", "jobs": jobs, "options": {**common, **options}}))
    return path


def jobs_of(slurm: dict[str, str], state: str = "RUNNING") -> list[str]:
    return told(slurm, "squeue", "--noheader", "--format=%i", f"--states={state}").split()


@pytest.fixture
def at_home(slurm: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of the test's own, from which SLURM's commands find their way."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLURM_CONF", slurm["SLURM_CONF"])
    return tmp_path


def test_a_cut_of_the_quickstart_gives_the_rows_of_a_local_run(at_home: Path, slurm: dict[str, str]) -> None:
    from algrid.grid import GridSpec

    plain = GridSpec.from_file("quickstart").to_dict()
    cut = {**plain, "splits": {**plain["splits"], "count": 1}, "datasets": plain["datasets"][:2], "budgets": [25]}
    (at_home / "cut.yaml").write_text(dump_yaml({**cut, "name": "cut"}))
    command = [sys.executable, "-c", "from algrid.cli import main; main()", "run", "cut.yaml"]
    command += ["--cluster", str(cluster_file(at_home, 2))]
    done = subprocess.run(command, env=slurm, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "accuracy, aubc" in done.stdout
    assert Session("cut.yaml", at_home / "local").run(Quiet(), workers=2) == 136
    assert evidence(at_home / "results" / "cut") == evidence(at_home / "local")
    wait_for(lambda: not jobs_of(slurm))  # none is left behind
    assert list((at_home / "logs").glob("algrid-*.err"))


def test_a_job_that_is_cancelled_is_replaced(at_home: Path, slurm: dict[str, str], expected: dict[str, Any]) -> None:
    cancelled: list[str] = []

    def cancel() -> None:
        cancelled.extend(wait_for(lambda: jobs_of(slurm)))
        told(slurm, "scancel", *cancelled)

    notes = Notes(after=2, then=cancel)
    Session(GRID, at_home / "results").run(notes, cluster=cluster_file(at_home, 1))
    assert len(cancelled) == 1
    assert evidence(at_home / "results") == expected
    logs = {path.name for path in (at_home / "logs").glob("algrid-*.err")}
    assert len(logs) >= 2, "another job has taken its place"


def test_a_worker_that_ends_before_its_walltime_is_replaced(at_home: Path, slurm: dict[str, str]) -> None:
    # several lifetimes long, of slices that are much shorter than one: what a worker has not ended is begun again
    learners = ["gaussian_nb", "decision_tree", "logistic_regression"]
    slow = {**GRID, "budgets": [20, 60], "start_sets": {"count": 12}, "learners": learners}
    file = cluster_file(at_home, 1, worker_extra_args=["--lifetime", "8s"])
    Session(slow, at_home / "results").run(Quiet(), cluster=file)
    rows = evidence(at_home / "results")
    assert {row["stop_reason"] for row in rows.values()} == {"budget"}
    assert len(rows) == 2 * 12 * 3 * 2 * 2
    assert len(list((at_home / "logs").glob("algrid-*.err"))) >= 2


def test_jobs_compute_on_one_thread_where_the_driver_is(at_home: Path, slurm: dict[str, str]) -> None:
    from algrid.cluster import Cluster

    with Cluster.of(workers=None, scheduler=None, file=cluster_file(at_home, 1)).open() as pools:
        client = pools["cpu"].client
        folder, threads = client.submit(lambda: (os.getcwd(), os.environ["NUMBA_NUM_THREADS"])).result(timeout=60)
    assert Path(folder).resolve() == at_home.resolve()
    assert threads == "1"
