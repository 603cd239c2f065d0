"""Workers: of this machine, of a running Dask scheduler, or of a queueing system; in one pool or two."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster
from distributed.comm import CommClosedError

from algrid.cluster_file import Jobs, PoolSpec, Scheduler, Workers, read_cluster
from algrid.errors import AlgridError, GridError
from algrid.supervisor import ONE_THREAD

__all__ = ["Cluster", "Pool", "SchedulerLost"]

_CONNECT_SECONDS = 20.0
_BACK_SECONDS = 60.0  # a scheduler may be away so long
_WORKER_ENVIRONMENT = {**ONE_THREAD, "MALLOC_TRIM_THRESHOLD_": "65536", "DASK_LOGGING__DISTRIBUTED": "critical"}
_CONFIG = {
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.allowed-failures": 0,
    "distributed.nanny.pre-spawn-environ": _WORKER_ENVIRONMENT,
    "distributed.comm.timeouts.connect": "60s",
}
#: After so long Dask replaces a lost worker: a job by another. One of this machine is started again by its nanny, which
#: takes its time where the machine is busy.
_LOST_WORKER, _LOST_LOCAL_WORKER = "5s", "30s"


class SchedulerLost(Exception):  # noqa: N818 - caught and dealt with where runs are handed out
    """A scheduler does not answer, or is another one than it was: what it had is lost."""


class Pool:
    """Workers with one scheduler.

    Parameters
    ----------
    connect : callable
        Makes a client.
    threads : int
        Threads to expect, where workers come and go.
    where : str
        What messages call it.
    renew : callable, optional
        Starts workers again that are gone for good; harmless where none is.
    """

    def __init__(
        self, connect: Callable[[], Client], threads: int, where: str, renew: Callable[[], object] = lambda: None
    ) -> None:
        self.where, self.renew = where, renew
        self._connect = connect
        self.client = connect()
        scheduler = self._identity()
        self._id = scheduler["id"]
        self._expected = max(threads, int(scheduler["total_threads"]))

    def _identity(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.client.sync(self.client.scheduler.identity, n_workers=0)
        return found

    def threads(self) -> int:
        """Threads of the workers that are there now.

        Raises
        ------
        SchedulerLost
            If the scheduler is not there, or was started anew.
        """
        try:
            now = self._identity()
        except (OSError, CommClosedError, TimeoutError, AttributeError) as error:
            raise SchedulerLost from error
        if now["id"] != self._id:
            raise SchedulerLost
        return int(now["total_threads"])

    @property
    def expected(self) -> int:
        """Threads that the pool is to have, at least one."""
        return max(1, self._expected)

    def expect(self, threads: int) -> None:
        """Note that so many threads are there."""
        self._expected = max(self._expected, threads)

    def reconnect(self) -> None:
        """Connect to the scheduler that is there now.

        Raises
        ------
        AlgridError
            If none answers for a minute.
        """
        with contextlib.suppress(Exception):
            self.client.close(timeout=1)
        try:
            self.client = self._connect()
            self._id = self._identity()["id"]
        except (AlgridError, OSError, CommClosedError, TimeoutError) as error:
            raise AlgridError(
                f"the Dask scheduler at {self.where} was lost, and none answered there for {_BACK_SECONDS:.0f} s. What "
                "had ended is stored: start the scheduler and its workers again, and give the same command."
            ) from error

    def close(self) -> None:
        """Close the client."""
        with contextlib.suppress(OSError, CommClosedError, TimeoutError):
            self.client.close()


@dataclass(frozen=True)
class Cluster:
    """Pools of workers, by name: one, or `cpu` and `gpu`.

    Parameters
    ----------
    pools : mapping from str to PoolSpec
    """

    pools: Mapping[str, PoolSpec]

    @classmethod
    def of(cls, *, workers: int | None, scheduler: str | None, file: str | Path | None) -> Cluster:
        """The cluster that a user means.

        Parameters
        ----------
        workers : int or None
            Processes of this machine; where nothing else is given either, as many as it has cores.
        scheduler : str or None
            Address of a running scheduler.
        file : str, Path or None
            A cluster file (see `algrid.cluster_file`).

        Raises
        ------
        GridError
            If more than one is given, and for mistakes in the file.
        """
        given = {"workers": workers, "scheduler": scheduler, "cluster": file}
        named = [name for name, value in given.items() if value is not None]
        if len(named) > 1:
            raise GridError(f"{' and '.join(named)} are given; each says where the workers are: leave all but one out.")
        if workers is not None and workers < 1:
            raise GridError(f"workers is {workers}; at least one is needed.")
        if file is not None:
            return cls(read_cluster(file))
        return cls({"cpu": Workers(workers or _cores()) if scheduler is None else Scheduler(scheduler)})

    @property
    def threads(self) -> int:
        """Threads that all pools are to have; one for a scheduler, as its workers are not known yet."""
        return sum(1 if isinstance(pool, Scheduler) else pool.threads for pool in self.pools.values())

    @contextlib.contextmanager
    def open(self) -> Iterator[dict[str, Pool]]:
        """The pools, connected; what was started for them ends with the block.

        Raises
        ------
        AlgridError
            If a scheduler can't be reached, or workers can't be started.
        """
        for name in ("distributed.nanny", "distributed.scheduler"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # lost and busy workers are dealt with by algrid
        local = any(isinstance(spec, Workers) for spec in self.pools.values())
        lost = {"distributed.deploy.lost-worker-timeout": _LOST_LOCAL_WORKER if local else _LOST_WORKER}
        with dask.config.set({**_CONFIG, **lost}), contextlib.ExitStack() as stack:
            opened = {}
            for name, spec in self.pools.items():
                opened[name] = _open(spec, stack)
                stack.callback(opened[name].close)
            yield opened


def _open(spec: PoolSpec, stack: contextlib.ExitStack) -> Pool:
    if isinstance(spec, Scheduler):
        known: list[Client] = []

        def connect() -> Client:
            known.append(_connect(spec.address, _BACK_SECONDS if known else _CONNECT_SECONDS))
            return known[-1]

        return Pool(connect, 0, spec.address)
    if isinstance(spec, Workers):
        local = stack.enter_context(_local_cluster(spec))
        # a nanny restarts its worker, but is given up where that takes longer than Dask waits for it
        return Pool(lambda: Client(local), spec.threads, local.scheduler_address, lambda: local.scale(spec.threads))
    jobs = stack.enter_context(_job_cluster(spec))
    return Pool(lambda: Client(jobs), spec.threads, jobs.scheduler_address)


def _local_cluster(spec: Workers) -> LocalCluster:
    with warnings.catch_warnings(), _interrupts_ignored():
        warnings.filterwarnings("ignore", "Port .* is already in use")  # the dashboard then takes another
        try:
            return LocalCluster(
                n_workers=spec.threads,
                threads_per_worker=1,
                processes=True,
                memory_limit=None,  # the limit is the child's (algrid.supervisor)
                dashboard_address=_dashboard_address(),
            )
        except RuntimeError as error:
            raise AlgridError(
                f"worker processes can't be started ({error}) A script that runs a grid needs "
                "`if __name__ == '__main__':` before the call, because each worker imports the script."
            ) from error


def _job_cluster(spec: Jobs) -> Any:
    """A cluster of dask-jobqueue: its scheduler is in this process, its workers are jobs."""
    import dask_jobqueue

    options = {"job_name": "algrid", **spec.options}
    options["scheduler_options"] = {"dashboard_address": _dashboard_address(), **options.get("scheduler_options", {})}
    options["job_script_prologue"] = [*_prologue(), *options.get("job_script_prologue", [])]
    extra = list(options.get("worker_extra_args", []))
    if "--lifetime" not in " ".join(map(str, extra)):
        lifetime, stagger = spec.lifetime
        extra += ["--lifetime", f"{lifetime}s", "--lifetime-stagger", f"{stagger}s"]
    options["worker_extra_args"] = extra
    try:
        # one Dask worker a job, with a thread (and a computing process) for each core: dask-jobqueue replaces lost jobs
        # of one worker only
        cluster = getattr(dask_jobqueue, spec.class_name)(processes=1, **options)
    except (TypeError, ValueError, RuntimeError, OSError) as error:
        raise AlgridError(f"{spec.source}: {spec.class_name} can't be started: {error}") from error
    # also for a fixed number: a lost job is replaced by what adapts only
    cluster.adapt(minimum_jobs=spec.minimum, maximum_jobs=spec.maximum)
    return cluster


def _prologue() -> list[str]:
    """What a job does before its worker: into the driver's folder where it is there, one thread for each library."""
    exports = [f"export {name}={value}" for name, value in _WORKER_ENVIRONMENT.items()]
    return [f"cd {shlex.quote(os.getcwd())} 2>/dev/null || true", *exports]


def _dashboard_address() -> str:
    """Dask's usual address of the dashboard, or any other port where somebody has that one."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", 8787))
        except OSError:
            return "127.0.0.1:0"
    return "127.0.0.1:8787"


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes started meanwhile ignore Ctrl-C, which all of a terminal get: it is the driver's business."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _connect(scheduler: str, seconds: float) -> Client:
    try:
        return Client(scheduler, timeout=seconds)
    except (OSError, TimeoutError, ValueError) as error:
        raise AlgridError(
            f"no Dask scheduler answers at {scheduler!r} ({error}). Start one with `dask scheduler` and workers with "
            "`dask worker ADDRESS --nthreads 1`, or leave --scheduler out for workers on this machine."
        ) from error


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
