"""Fixtures of clusters: what a local run gives, and a SLURM of one node."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from clusters import GRID, evidence, one_node_slurm

from algrid.progress import Quiet
from algrid.session import Session

_DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Distributed leaves sockets of connections that break to the garbage collector."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run on this machine gives."""
    path = tmp_path_factory.mktemp("expected")
    assert Session(GRID, path).run(Quiet(), workers=1) == 32
    return evidence(path)


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of commands that are to talk to a SLURM of this machine alone; it ends with the tests."""
    _install_slurm()
    with one_node_slurm(tmp_path_factory.mktemp("slurm")) as environment:
        yield environment


def _install_slurm() -> None:
    if all(map(shutil.which, _DAEMONS)):
        return
    if not os.environ.get("ALGRID_INSTALL_SLURM"):
        pytest.skip(
            "no SLURM here: install slurm-wlm and munge, or set ALGRID_INSTALL_SLURM=1 to have apt do it as root"
        )
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("ALGRID_INSTALL_SLURM needs root and apt-get")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", "slurm-wlm", "munge"]):
        done = subprocess.run(
            ["apt-get", "-qq", *command], env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        if done.returncode != 0:
            pytest.skip(f"apt-get {command[0]} failed: {done.stderr[-300:]}")
