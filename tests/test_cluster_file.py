"""Cluster files: what they mean, and the line of every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from algrid.cluster_file import Jobs, Scheduler, Workers, read_cluster, walltime_seconds
from algrid.errors import GridError

SLURM = """\
class: SLURM
jobs: 3
options:
  cores: 4
  memory: 8 GB
  walltime: 01:00:00
"""


def read(text: str, folder: Path) -> dict[str, object]:
    path = folder / "here.yaml"
    path.write_text(text, encoding="utf-8")
    return dict(read_cluster(path))


def test_jobs(tmp_path: Path) -> None:
    (pool,) = read(SLURM, tmp_path).values()
    assert isinstance(pool, Jobs)
    assert (pool.class_name, pool.minimum, pool.maximum, pool.threads) == ("SLURMCluster", 3, 3, 12)
    assert dict(pool.options) == {"cores": 4, "memory": "8 GB", "walltime": "01:00:00"}
    lifetime, stagger = pool.lifetime
    assert (lifetime, stagger) == (3240, 180)  # 90 and 5 % of an hour
    assert lifetime + stagger < 3600


def test_jobs_that_adapt_and_the_walltime_that_is_left_out(tmp_path: Path) -> None:
    text = "class: PBSCluster\nadapt: {minimum: 0, maximum: 7}\noptions: {cores: 2, memory: 1 GB}\n"
    (pool,) = read(text, tmp_path).values()
    assert isinstance(pool, Jobs)
    assert (pool.system, pool.minimum, pool.maximum, pool.lifetime) == ("PBS", 0, 7, (1620, 90))


def test_pools(tmp_path: Path) -> None:
    text = "pools:\n  gpu: {scheduler: 'tcp://big:8786'}\n  cpu: {workers: 2}\n"
    assert read(text, tmp_path) == {"gpu": Scheduler("tcp://big:8786"), "cpu": Workers(2)}


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["a cluster file is a mapping with one of the keys class, scheduler, workers, or `pools:`"]),
        ("jobs: 3\n", ["needs one of the keys class, scheduler, workers; found none of them"]),
        ("workers: 2\nscheduler: tcp://a:1\n", ["found scheduler and workers"]),
        ("workers: 0\n", ["line 1, workers: 0 is no whole number of at least 1"]),
        ("workers: true\n", ["line 1, workers: True is no whole number"]),
        ("scheduler: 8786\n", ["line 1, scheduler: 8786 is no address, such as tcp://host:8786"]),
        ("workers: 2\njobs: 3\n", ["line 2, jobs: unknown key 'jobs'. Known: workers."]),
        ("pools: {}\n", ["line 1, pools: a mapping of cpu and gpu"]),
        ("pools:\n  cpu: {workers: 1}\nworkers: 2\n", ["line 3, workers: beside `pools:` there is no other key"]),
        ("pools:\n  cpus: {workers: 1}\n", ["line 2, pools.cpus: unknown pool 'cpus'. Did you mean 'cpu'?"]),
        (SLURM.replace("SLURM", "SLRUM"), ["line 1, class: unknown queueing system 'SLRUM'. Did you mean 'SLURM'?"]),
        (SLURM.replace("jobs: 3\n", ""), ["one of `jobs: N` and `adapt: {minimum: N, maximum: M}` is needed"]),
        (SLURM + "adapt: {minimum: 1, maximum: 2}\n", ["one of `jobs: N` and `adapt:"]),
        (SLURM.replace("jobs: 3", "adapt: {minimum: 2}"), ["line 2, adapt: a mapping with `minimum` and `maximum`"]),
        (
            SLURM.replace("jobs: 3", "adapt: {minimum: 5, maximum: 2}"),
            ["line 2, adapt: the minimum of 5 jobs is above the maximum of 2"],
        ),
        ("class: SLURM\njobs: 1\n", ["`options:` is missing"]),
        (
            SLURM.replace("memory", "memmory").replace("01:00:00", "soon"),
            [
                "line 3, options: `memory` of a job is missing",
                "line 5, options.memmory: SLURMCluster has no argument 'memmory' that can be set here. "
                "Did you mean 'memory'?",
                "line 6, options.walltime: 'soon' is no walltime",
            ],
        ),
        (SLURM + "  processes: 2\n", ["line 7, options.processes: SLURMCluster has no argument 'processes'"]),
        (SLURM + "  cores: 2\n", ["line 7, options.cores: written twice, first in line 4"]),
    ],
)
def test_mistakes_are_told_with_their_lines(text: str, messages: list[str], tmp_path: Path) -> None:
    with pytest.raises(GridError) as caught:
        read(text, tmp_path)
    for message in messages:
        assert message in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GridError, match=r"cluster file .* can't be read"):
        read_cluster(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("system", "text", "seconds"),
    [
        ("SLURM", "04:00:00", 14400),
        ("SLURM", "90", 5400),
        ("SLURM", 90, 5400),
        ("SLURM", "30:15", 1815),
        ("SLURM", "1-12", 129600),
        ("SLURM", "1-12:30", 131400),
        ("SLURM", "2-00:00:30", 172830),
        ("LSF", "04:30", 16200),
        ("LSF", "60", 3600),
        ("PBS", "01:00:00", 3600),
        ("SGE", "7200", 7200),
    ],
)
def test_walltimes_as_each_system_reads_them(system: str, text: object, seconds: int) -> None:
    assert walltime_seconds(system, text) == seconds


@pytest.mark.parametrize("text", ["1h", "", "00:00:59", "1:2:3:4", "-5"])
def test_what_is_no_walltime(text: str) -> None:
    with pytest.raises(ValueError, match="walltime"):
        walltime_seconds("SLURM", text)
