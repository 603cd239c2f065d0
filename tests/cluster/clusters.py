"""Schedulers, workers and a SLURM as processes of their own, for tests."""

from __future__ import annotations

import contextlib
import getpass
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from algrid.learners.decision_tree import DecisionTree
from algrid.store import Store

GRID: dict[str, Any] = {
    "name": "shared",
    "datasets": ["iris", "wine"],
    "start_sets": {"count": 2},
    "strategies": ["random", "margin"],
    "learners": ["gaussian_nb", "decision_tree"],
    "batch_sizes": [1, 5],
    "budgets": [20],
}

#: A `sitecustomize` that makes a worker say that it has another version of a package, and take its time.
OTHER_VERSION = """\
import importlib.metadata, time
from multiprocessing.connection import Connection
version, recv = importlib.metadata.version, Connection.recv
importlib.metadata.version = lambda name: "0.0.1" if name == {package!r} else version(name)
Connection.recv = lambda self: (time.sleep({pause}), recv(self))[1]
"""


@dataclass(frozen=True)
class OnGpu(DecisionTree):
    """A learner that says that it wants a GPU."""

    name: ClassVar[str] = "on_gpu"

    @property
    def wants_gpu(self) -> bool:
        return True


class Notes:
    """A listener that keeps what the user is told, and does something after so many slices."""

    def __init__(self, after: int = 0, then: Callable[[], Any] | None = None) -> None:
        self.notes: list[str] = []
        self.slices, self._after, self._then = 0, after, then

    def begin(self, *counts: Any) -> None: ...

    def note(self, text: str) -> None:
        self.notes.append(text)

    def ended(self, *counts: Any) -> None:
        self.slices += 1
        if self._then is not None and self.slices == self._after:
            self._then()


def evidence(path: Path) -> dict[str, Any]:
    """What is stored of each run, timings left out."""
    table = Store.open(path).snapshot().table("runs", ["run_id", "stop_reason", "queried", "confusion_test"])
    rows = table.to_pylist()
    assert len({row["run_id"] for row in rows}) == len(rows)
    return {row["run_id"]: row for row in rows}


def wait_for(what: Callable[[], Any], seconds: float = 60) -> Any:
    """What `what` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"it did not come true in {seconds} s"
        time.sleep(0.1)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dask:
    """A scheduler at a fixed port and workers, each a process of its own, in a folder of its own.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Dask:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, *module: str, sitecustomize: str | None = None) -> subprocess.Popen[bytes]:
        home = self.folder / f"process{len(self.processes)}"
        home.mkdir(parents=True)
        path = [str(home), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
        if sitecustomize is not None:
            (home / "sitecustomize.py").write_text(sitecustomize)
        with (home / "log").open("wb") as log:
            command = [sys.executable, "-m", *module]
            self.processes.append(subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log))
        return self.processes[-1]

    def scheduler(self) -> subprocess.Popen[bytes]:
        options = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        return self.start("distributed.cli.dask_scheduler", *options)

    def worker(self, sitecustomize: str | None = None) -> subprocess.Popen[bytes]:
        options = ("--nthreads", "1", "--no-dashboard", "--death-timeout", "60")
        return self.start("distributed.cli.dask_worker", self.address, *options, sitecustomize=sitecustomize)

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
            process.kill()
            process.wait()


@contextlib.contextmanager
def one_node_slurm(folder: Path) -> Iterator[dict[str, str]]:
    """A SLURM whose only node is this machine, on loopback, with all its files in a folder; its environment."""
    me, host = getpass.getuser(), socket.gethostname().split(".")[0]
    folder.chmod(0o755)
    key, munge = folder / "key", folder / "munge.socket"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    configuration = folder / "slurm.conf"
    configuration.write_text(f"""\
ClusterName=algrid
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser={me}
SlurmdUser={me}
AuthType=auth/munge
AuthInfo=socket={munge}
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={max(2, os.cpu_count() or 1)} RealMemory=3000 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
""")
    environment = {**os.environ, "SLURM_CONF": str(configuration)}
    files = {"key-file": key, "socket": munge, "pid-file": folder / "munge.pid", "log-file": folder / "munge.log"}
    options = [f"--{name}={path}" for name, path in {**files, "seed-file": folder / "munge.seed"}.items()]
    with contextlib.ExitStack() as stack:
        stack.enter_context(_daemon(folder, environment, "munged", "--force", "--foreground", *options))
        wait_for(munge.exists)
        stack.enter_context(_daemon(folder, environment, "slurmctld", "-D", "-c"))
        stack.enter_context(_daemon(folder, environment, "slurmd", "-D", "-c"))
        wait_for(lambda: "idle" in told(environment, "sinfo", "--noheader", "--format=%T"))
        yield environment


@contextlib.contextmanager
def _daemon(folder: Path, environment: dict[str, str], *command: str) -> Iterator[None]:
    with (folder / f"{command[0]}.out").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def told(environment: dict[str, str], *command: str) -> str:
    """What a command of SLURM prints; nothing where it fails."""
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
