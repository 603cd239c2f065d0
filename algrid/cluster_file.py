"""Cluster files: where the workers of a grid come from, as YAML, validated with the line of every mistake.

A pool of workers is jobs of a queueing system (through dask-jobqueue), a running Dask scheduler, or processes of this
machine; a file has one pool, or two that are called ``cpu`` and ``gpu``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from algrid.errors import AlgridError, GridError, nearest, unknown_name
from algrid.yaml_lines import KeyPath, Problems, load_yaml

__all__ = ["POOLS", "Jobs", "PoolSpec", "Scheduler", "Workers", "read_cluster"]

#: What pools of a file may be called. Runs whose learner wants a GPU go to `gpu` where there is one.
POOLS = ("cpu", "gpu")
_SYSTEMS = {"SLURM": "SLURMCluster", "PBS": "PBSCluster", "LSF": "LSFCluster", "SGE": "SGECluster"}
_KINDS = ("class", "scheduler", "workers")
_OF_JOBS = ("options", "jobs", "adapt")
#: Arguments of dask-jobqueue's classes that are algrid's business, or that dask-jobqueue itself wants gone.
_NOT_OPTIONS = frozenset(
    {
        *("self", "scheduler", "name", "n_workers", "job_cls", "loop", "asynchronous", "scheduler_cls", "nanny"),
        *("worker_command", "config_name", "security", "silence_logs", "dashboard_address", "host", "processes"),
        *("job_extra", "env_extra", "header_skip", "extra", "project"),
    }
)
_DEFAULT_WALLTIME = "00:30:00"  # dask-jobqueue's
_LIFETIME, _STAGGER = 0.90, 0.05  # of the walltime


@dataclass(frozen=True)
class Workers:
    """Processes of this machine: so many, of one thread each."""

    threads: int


@dataclass(frozen=True)
class Scheduler:
    """A Dask scheduler that runs already, with workers of its own."""

    address: str


@dataclass(frozen=True)
class Jobs:
    """Jobs of a queueing system, each a Dask worker.

    Parameters
    ----------
    system : str
        ``SLURM``, ``PBS``, ``LSF`` or ``SGE``.
    options : mapping
        Keyword arguments of dask-jobqueue's class.
    minimum, maximum : int
        Jobs to have at least and at most.
    source : str
        What messages call the file.
    """

    system: str
    options: Mapping[str, Any]
    minimum: int
    maximum: int
    source: str

    @property
    def class_name(self) -> str:
        """The class of dask-jobqueue."""
        return _SYSTEMS[self.system]

    @property
    def threads(self) -> int:
        """Threads of all workers together, were all jobs there: slices that are computed at the same time."""
        return self.maximum * int(self.options["cores"])

    @property
    def lifetime(self) -> tuple[int, int]:
        """Seconds after which a worker ends by itself, and by how much they may differ: below the walltime."""
        walltime = walltime_seconds(self.system, self.options.get("walltime", _DEFAULT_WALLTIME))
        return int(walltime * _LIFETIME), int(walltime * _STAGGER)


PoolSpec = Workers | Scheduler | Jobs


def read_cluster(path: str | Path) -> dict[str, PoolSpec]:
    """The pools of a cluster file, by name.

    Raises
    ------
    GridError
        If it can't be read, or for mistakes in it: one error that lists all of them with their lines.
    """
    source = Path(path).name
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GridError(f"cluster file {str(path)!r} can't be read as UTF-8 text: {error}.") from error
    document = load_yaml(text, source)
    problems = Problems(source, document.lines)
    pools = dict(_Reader(problems).pools(document.data))
    problems.raise_if_any()
    return pools


def walltime_seconds(system: str, value: Any) -> int:
    """Seconds of a walltime as a queueing system reads it; a single number is minutes, for PBS and SGE seconds.

    Raises
    ------
    ValueError
        If it is none.
    """
    text = str(value).strip()
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", text)
    if match is None:
        raise ValueError(f"{value!r} is no walltime; write hours:minutes:seconds in quotes, such as '04:00:00'.")
    days, *rest = match.groups()
    parts = [int(part) for part in rest if part is not None]
    if days is not None or len(parts) == 3:
        hours, minutes, seconds = [*parts, 0, 0][:3]
    elif len(parts) == 2:  # LSF counts hours and minutes, the others minutes and seconds
        hours, minutes, seconds = (*parts, 0) if system == "LSF" else (0, *parts)
    else:
        hours, minutes, seconds = (0, 0, parts[0]) if system in ("PBS", "SGE") else (0, parts[0], 0)
    total = ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds
    if total < 60:
        raise ValueError(f"{value!r} is a walltime of {total} s; a worker needs a minute at least.")
    return total


class _Reader:
    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def pools(self, data: Any) -> Iterator[tuple[str, PoolSpec]]:
        if not isinstance(data, dict) or not data:
            self.problems.add((), f"a cluster file is a mapping with one of the keys {', '.join(_KINDS)}, or `pools:`.")
        elif "pools" not in data:
            yield from self._pool("cpu", data, ())
        elif not isinstance(data["pools"], dict) or not data["pools"]:
            self.problems.add(("pools",), f"a mapping of {' and '.join(POOLS)} to a pool each is needed.")
        else:
            for key in data:
                if key != "pools":
                    self.problems.add((key,), f"beside `pools:` there is no other key; put {key!r} into a pool.")
            for name, pool in data["pools"].items():
                if name not in POOLS:
                    self.problems.add(("pools", name), unknown_name("pool", name, POOLS))
                yield from self._pool(name, pool, ("pools", name))

    def _pool(self, name: str, data: Any, path: KeyPath) -> Iterator[tuple[str, PoolSpec]]:
        kinds = [kind for kind in _KINDS if isinstance(data, dict) and kind in data]
        if len(kinds) != 1:
            found = f"found {' and '.join(kinds)}" if kinds else "found none of them"
            self.problems.add(path, f"a pool of workers needs one of the keys {', '.join(_KINDS)}; {found}.")
            return
        allowed = (kinds[0], *(_OF_JOBS if kinds == ["class"] else ()))
        for key in data:
            if key not in allowed:
                self.problems.add((*path, key), unknown_name("key", key, allowed))
        read = {"class": self._jobs, "scheduler": self._scheduler, "workers": self._workers}[kinds[0]]
        found_pool = read(data, path)
        if found_pool is not None:
            yield name, found_pool

    def _workers(self, data: Mapping[str, Any], path: KeyPath) -> Workers | None:
        count = self._count(data["workers"], (*path, "workers"), at_least=1)
        return None if count is None else Workers(count)

    def _scheduler(self, data: Mapping[str, Any], path: KeyPath) -> Scheduler | None:
        address = data["scheduler"]
        if isinstance(address, str) and address.strip():
            return Scheduler(address)
        self.problems.add((*path, "scheduler"), f"{address!r} is no address, such as tcp://host:8786.")
        return None

    def _jobs(self, data: Mapping[str, Any], path: KeyPath) -> Jobs | None:
        before = len(self.problems)
        system = str(data["class"]).removesuffix("Cluster")
        if system not in _SYSTEMS:
            self.problems.add((*path, "class"), unknown_name("queueing system", data["class"], _SYSTEMS))
        minimum, maximum = self._numbers(data, path)
        options = data.get("options")
        if not isinstance(options, dict):
            self.problems.add(path, "`options:` is missing: the keyword arguments of dask-jobqueue's class, of which "
                              "`cores` and `memory` are needed.")  # fmt: skip
        elif system in _SYSTEMS:
            self._options(system, options, (*path, "options"))
        if len(self.problems) > before or not isinstance(options, dict):
            return None
        return Jobs(system, MappingProxyType(options), minimum, maximum, self.problems.source)

    def _numbers(self, data: Mapping[str, Any], path: KeyPath) -> tuple[int, int]:
        if ("jobs" in data) == ("adapt" in data):
            self.problems.add(path, "one of `jobs: N` and `adapt: {minimum: N, maximum: M}` is needed.")
        elif "jobs" in data:
            jobs = self._count(data["jobs"], (*path, "jobs"), at_least=1) or 1
            return jobs, jobs
        elif not isinstance(data["adapt"], dict) or set(data["adapt"]) != {"minimum", "maximum"}:
            self.problems.add((*path, "adapt"), "a mapping with `minimum` and `maximum` is needed.")
        else:
            place = (*path, "adapt")
            minimum = self._count(data["adapt"]["minimum"], (*place, "minimum"), at_least=0) or 0
            maximum = self._count(data["adapt"]["maximum"], (*place, "maximum"), at_least=1) or 1
            if minimum > maximum:
                self.problems.add(place, f"the minimum of {minimum} jobs is above the maximum of {maximum}.")
            return minimum, maximum
        return 1, 1

    def _options(self, system: str, options: Mapping[str, Any], path: KeyPath) -> None:
        known = _arguments(system)
        for key in options:
            if key not in known:
                what = f"{_SYSTEMS[system]} has no argument {key!r} that can be set here.{nearest(key, known)}"
                self.problems.add((*path, key), f"{what} It has: {', '.join(sorted(known))}.")
        for key in ("cores", "memory"):
            if key not in options:
                self.problems.add(path, f"`{key}` of a job is missing.")
        if "cores" in options:
            self._count(options["cores"], (*path, "cores"), at_least=1)
        if "walltime" in options:
            try:
                walltime_seconds(system, options["walltime"])
            except ValueError as error:
                self.problems.add((*path, "walltime"), str(error))

    def _count(self, value: Any, path: KeyPath, *, at_least: int) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and value >= at_least:
            return value
        self.problems.add(path, f"{value!r} is no whole number of at least {at_least}.")
        return None


def _arguments(system: str) -> frozenset[str]:
    """Names of the keyword arguments of dask-jobqueue's class for a system.

    Raises
    ------
    AlgridError
        If dask-jobqueue is not installed.
    """
    try:
        import dask_jobqueue
    except ImportError as error:
        raise AlgridError(
            "a cluster file with `class:` needs the package dask-jobqueue: pip install 'algrid[cluster]'."
        ) from error
    cluster = getattr(dask_jobqueue, _SYSTEMS[system])
    makers = [dask_jobqueue.JobQueueCluster, *cluster.job_cls.__mro__]
    names = {name for cls in makers if "__init__" in vars(cls) for name in inspect.signature(cls.__init__).parameters}
    return frozenset(name for name in names - _NOT_OPTIONS if not name.endswith("kwargs") and name != "args")
