"""Disks that are full, read-only or lie, stores of other versions, two writers, clocks that jump: through the command
line, as a user meets them. Each is one clear message, loses nothing, and the same command goes on afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from test_kills import evidence, wait_for

from algrid.schema import VERSION
from algrid.store import Store

TESTS = Path(__file__).parent
GRID = {
    "name": "small",
    "datasets": ["iris", "wine"],
    "strategies": ["random", "margin"],
    "learners": ["gaussian_nb"],
    "batch_sizes": [5],
    "budgets": [10],
}


def start(*arguments: str, folder: Path, first: str = "") -> subprocess.Popen[str]:
    """Start a command; `first` is Python that its process does before."""
    paths = os.pathsep.join(map(str, (TESTS, TESTS.parent)))
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": paths}
    script = folder / "command.py"  # a file, because processes that it starts import it again
    script.write_text(f"{first}\nfrom algrid.cli import main\nif __name__ == '__main__':\n    main()\n")
    command = [sys.executable, str(script), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=folder, env=environment)


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """What a command came to."""
    said, complained = process.communicate()
    assert "Traceback" not in complained
    return subprocess.CompletedProcess(process.args, process.returncode, said, complained)


def algrid(*arguments: str, folder: Path, first: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command, from `start` to the end."""
    return ended(start(*arguments, folder=folder, first=first))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    (folder / "small.yaml").write_text(yaml.safe_dump(GRID))
    (folder / "grown.yaml").write_text(yaml.safe_dump({**GRID, "budgets": [20]}))
    done = algrid("run", "small.yaml", "--workers", "1", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy of a working directory with results."""
    return Path(shutil.copytree(original, tmp_path / "work"))


def shard(folder: Path) -> Path:
    results = folder / "results/small"
    return results / next(s.file for s in Store.open(results).snapshot().manifest.shards if s.table == "runs")


FULL_AFTER = """
import errno, os
from algrid.store import durable
def full(descriptor, synced=[0], real=os.fsync):
    synced[0] += 1
    if synced[0] > {0}:
        raise OSError(errno.ENOSPC, "No space left on device")
    real(descriptor)
durable.os.fsync = full
"""


@pytest.mark.parametrize("synced", [0, pytest.param(3, marks=pytest.mark.slow)])
def test_a_disk_that_is_full(folder: Path, original: Path, synced: int) -> None:
    before = evidence(folder / "results/small")
    done = algrid("run", "grown.yaml", "--results", "results/small", folder=folder, first=FULL_AFTER.format(synced))
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "run the same command again: it goes on from there" in done.stderr
    assert evidence(folder / "results/small").keys() >= before.keys()
    assert algrid("run", "grown.yaml", "--results", "results/small", folder=folder).returncode == 0
    fresh = algrid("run", "grown.yaml", "--results", "fresh", folder=folder)
    assert fresh.returncode == 0
    assert evidence(folder / "results/small") == evidence(folder / "fresh")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, which needs the right to mount one."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mounted)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no right to mount a disk: {done.stderr.strip()}")
    yield mounted
    subprocess.run(["umount", "-l", str(mounted)], check=True)


def mend(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)


@pytest.mark.slow
def test_a_real_disk_that_is_full_and_then_read_only(folder: Path, disk: Path) -> None:
    results = str(disk / "small")
    (disk / "ballast").write_bytes(bytes(40_000))
    done = algrid("run", "small.yaml", "--results", results, folder=folder)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    (disk / "ballast").unlink()
    mend(disk, "size=16m")
    assert algrid("run", "small.yaml", "--results", results, folder=folder).returncode == 0
    assert evidence(disk / "small") == evidence(folder / "results/small")
    mend(disk, "ro")
    for command in (["status", "small.yaml"], ["leaderboard", "small.yaml"], ["failures", "small.yaml"]):
        assert algrid(*command, "--results", results, folder=folder).returncode == 0
    assert algrid("verify", results, "--sample", "1", "--workers", "1", folder=folder).returncode == 0
    again = algrid("run", "small.yaml", "--results", results, folder=folder)
    assert again.returncode == 0, "there is nothing to do"
    grown = algrid("run", "grown.yaml", "--results", results, folder=folder)
    assert grown.returncode == 1
    assert "can't write to the store" in grown.stderr
    assert "Read-only file system" in grown.stderr


def test_a_store_that_may_not_be_written(folder: Path) -> None:
    """As on a read-only file system, without one."""
    first = """
import errno, os
from algrid.store import durable
real = os.open
def read_only(path, flags, *rest):
    if flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT):
        raise OSError(errno.EROFS, "Read-only file system", str(path))
    return real(path, flags, *rest)
durable.os.open = read_only
"""
    done = algrid("run", "grown.yaml", "--results", "results/small", folder=folder, first=first)
    assert done.returncode == 1
    assert "can't write to the store 'results/small'" in done.stderr
    assert "Read-only file system" in done.stderr


def test_a_shard_that_is_cut_off_is_put_aside_said_and_made_again(folder: Path, original: Path) -> None:
    file = shard(folder)
    file.write_bytes(file.read_bytes()[:-50])
    status = algrid("status", "small.yaml", folder=folder)
    assert status.returncode == 1
    assert file.name in status.stderr
    done = algrid("run", "small.yaml", "--workers", "1", folder=folder)
    assert done.returncode == 0
    assert "warning: damaged shards of the store 'results/small' were moved to quarantine/" in done.stderr
    assert file.name in done.stderr
    assert evidence(folder / "results/small") == evidence(original / "results/small")
    assert [p.name for p in (folder / "results/small/quarantine").iterdir()] == [f"runs-{file.name}"]


def test_changed_bytes_are_found_put_aside_and_made_again(folder: Path, original: Path) -> None:
    file = shard(folder)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    verified = algrid("verify", "small.yaml", folder=folder)
    assert verified.returncode == 3
    assert f"damaged: runs/{file.name} (4 runs): its checksum is another" in verified.stdout
    assert "algrid verify small.yaml --repair" in verified.stdout
    repaired = algrid("verify", "small.yaml", "--repair", folder=folder)
    assert repaired.returncode == 0
    assert "1 damaged files were put aside" in repaired.stdout
    assert algrid("run", "small.yaml", "--workers", "1", folder=folder).returncode == 0
    assert evidence(folder / "results/small") == evidence(original / "results/small")


HELD_UP = """
import time
from pathlib import Path
import algrid.executor
def late(*given, real=algrid.executor.execute, **options):
    Path("held").touch()
    while not Path("go").exists():
        time.sleep(0.05)
    real(*given, **options)
algrid.executor.execute = late
"""


def test_of_two_runs_at_once_the_second_is_refused_and_told_by_whom(folder: Path, original: Path) -> None:
    """Two real commands on one store that is not there yet; the first has every run, each once."""
    run = ("run", "small.yaml", "--results", "shared", "--workers", "1")
    with start(*run, folder=folder, first=HELD_UP) as first:
        assert wait_for((folder / "held").exists, 60)
        refused = algrid(*run, folder=folder)
        assert refused.returncode == 1
        holder = f"process {first.pid} on {socket.gethostname()} since "
        assert f"the store 'shared' is being written by {holder}" in refused.stderr
        assert "One writer at a time: wait for it or end it." in refused.stderr
        assert algrid("status", "small.yaml", "--results", "shared", folder=folder).returncode == 0
        (folder / "go").touch()
        assert ended(first).returncode == 0
    assert evidence(folder / "shared") == evidence(original / "results/small")


def rewritten(results: Path, **changes: Any) -> None:
    """Replace the manifest's content, with its checksum."""
    from algrid.store.manifest import _digest

    content = json.loads((results / "manifest.json").read_text())
    content.pop("checksum")
    content |= changes
    (results / "manifest.json").write_text(json.dumps({"checksum": _digest(content), **content}))


@pytest.mark.parametrize(
    ("version", "lacks"),
    [(1, ("limit_run_seconds", "attempts", "peak_memory")), (2, ("peak_memory",))],
    ids=["layout 1", "layout 2"],
)
def test_a_store_of_an_older_layout_is_read_and_goes_on(folder: Path, version: int, lacks: tuple[str, ...]) -> None:
    results = folder / "results/small"
    shards = []
    for one in json.loads((results / "manifest.json").read_text())["shards"]:
        file = results / one["file"]
        table = pq.read_table(file, partitioning=None)
        pq.write_table(table.drop_columns([c for c in lacks if c in table.column_names]), file)
        shards.append({**one, "version": version, "bytes": file.stat().st_size})
    rewritten(results, version=version, shards=shards)
    assert algrid("status", "small.yaml", folder=folder).returncode == 0
    rows = Store.open(results).snapshot().table("runs").to_pylist()
    assert {row[column] for row in rows for column in lacks} == {None}
    assert all(row["queried"] for row in rows)
    done = algrid("run", "grown.yaml", "--results", "results/small", "--workers", "1", folder=folder)
    assert done.returncode == 0
    snapshot = Store.open(results).snapshot()
    assert snapshot.manifest.version == VERSION
    found = snapshot.table("runs", ["reach", "peak_memory"])
    assert found["reach"].to_pylist() == [20] * 4
    assert all(peak > 2**20 for peak in found["peak_memory"].to_pylist()), "of what was made now"


def test_a_store_of_a_newer_layout_is_left_alone(folder: Path) -> None:
    rewritten(folder / "results/small", version=VERSION + 1)
    for command in ("status", "run", "failures"):
        done = algrid(command, "small.yaml", folder=folder)
        assert done.returncode == 1
        assert f"has schema version {VERSION + 1}, this algrid knows up to {VERSION}. Upgrade algrid." in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("days", [400, -400])
def test_a_clock_that_jumps(folder: Path, days: int) -> None:
    """Deadlines don't look at it, and what Dask makes of it (workers that seem long silent) only costs time."""
    first = f"""
import time
real, start = time.time, time.monotonic()
time.time = lambda: real() + {days * 86400} * (time.monotonic() - start > 4)
"""
    grid = {**GRID, "strategies": ["random", {"villains:Villain": {"deed": "slow"}}], "limits": {"seconds_per_run": 60}}
    (folder / "slow.yaml").write_text(yaml.safe_dump({**grid, "name": "slow", "batch_sizes": [1]}))
    done = algrid("run", "slow.yaml", "--workers", "1", folder=folder, first=first)
    assert done.returncode == 0, done.stderr
    assert {row["stop_reason"] for row in evidence(folder / "results/slow").values() if "stop_reason" in row} == {
        "budget"
    }
