"""Schedulers and workers as processes of their own over TCP: lost, restarted, slow, of other versions, in two pools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest
from clusters import GRID, OTHER_VERSION, Dask, Notes, evidence

import algrid.cluster
from algrid.errors import AlgridError
from algrid.progress import Quiet
from algrid.session import Session
from algrid.store import Store
from algrid.yaml_lines import dump_yaml

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Mismatched versions"),
]


def test_workers_in_other_folders(expected: dict[str, Any], tmp_path: Path) -> None:
    with Dask(tmp_path / "dask") as dask:
        dask.scheduler()
        dask.worker()
        dask.worker()
        assert Session(GRID, tmp_path / "results").run(Quiet(), scheduler=dask.address) == 32
    assert evidence(tmp_path / "results") == expected


def test_a_machine_without_the_data_is_sent_them_once(
    expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path / "there"))  # of the workers, which start now
    with Dask(tmp_path / "dask") as dask:
        dask.scheduler()
        dask.worker()
        dask.worker()
        monkeypatch.setenv("ALGRID_CACHE", str(tmp_path / "here"))
        assert Session(GRID, tmp_path / "results").run(Quiet(), scheduler=dask.address) == 32
    assert evidence(tmp_path / "results") == expected
    here, there = (sorted(path.name for path in (tmp_path / side / "datasets").iterdir()) for side in ("here", "there"))
    assert here == there
    assert len(there) > 0


def test_a_worker_that_is_killed(expected: dict[str, Any], tmp_path: Path) -> None:
    with Dask(tmp_path / "dask") as dask:
        dask.scheduler()
        lost, _ = dask.worker(), dask.worker()
        Session(GRID, tmp_path / "results").run(Notes(after=1, then=lost.kill), scheduler=dask.address)
    assert evidence(tmp_path / "results") == expected


@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_a_scheduler_that_restarts(how: str, expected: dict[str, Any], tmp_path: Path) -> None:
    with Dask(tmp_path / "dask") as dask:
        scheduler = dask.scheduler()
        dask.worker()

        def restart() -> None:
            getattr(scheduler, how)()
            scheduler.wait(timeout=30)
            dask.scheduler()
            dask.worker()

        listener = Notes(after=2, then=restart)
        Session(GRID, tmp_path / "results").run(listener, scheduler=dask.address)
    assert any("was lost and is back" in note for note in listener.notes)
    assert evidence(tmp_path / "results") == expected


def test_a_scheduler_that_does_not_come_back(
    expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(algrid.cluster, "_BACK_SECONDS", 2.0)
    session = Session(GRID, tmp_path / "results")
    with Dask(tmp_path / "dask") as dask:
        scheduler = dask.scheduler()
        dask.worker()
        with pytest.raises(AlgridError, match=r"was lost.*What had ended is stored"):
            session.run(Notes(after=2, then=scheduler.kill), scheduler=dask.address)
    assert 0 < len(evidence(tmp_path / "results")) < 32
    session.run(Quiet(), workers=1)
    assert evidence(tmp_path / "results") == expected


def test_a_slow_worker_with_another_package(expected: dict[str, Any], tmp_path: Path) -> None:
    with Dask(tmp_path / "dask") as dask:
        dask.scheduler()
        dask.worker(OTHER_VERSION.format(package="numpy", pause=0.02))
        dask.worker()
        listener = Notes()
        Session(GRID, tmp_path / "results").run(listener, scheduler=dask.address)
    assert evidence(tmp_path / "results") == expected
    (note,) = [note for note in listener.notes if "numpy" in note]
    assert note.startswith("package numpy: a worker has 0.0.1, here is ")
    assert {"0.0.1"} < set(numpy_versions(tmp_path / "results"))


def test_a_worker_that_stalls_is_given_up_and_its_runs_are_made_once(
    expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It neither ends nor says anything, as where its disk or its machine hangs."""
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL", "5s")
    with Dask(tmp_path / "dask") as dask:
        dask.scheduler()
        nanny, _ = dask.worker(), dask.worker()
        stalled: list[psutil.Process] = []

        def stall() -> None:
            stalled.extend(p for p in psutil.Process(nanny.pid).children() if "spawn_main" in " ".join(p.cmdline()))
            stalled[0].suspend()

        Session(GRID, tmp_path / "results").run(Notes(after=1, then=stall), scheduler=dask.address)
        assert psutil.wait_procs(stalled, timeout=30)[1] == []
    assert evidence(tmp_path / "results") == expected


def test_a_worker_with_another_algrid_is_refused(tmp_path: Path) -> None:
    with Dask(tmp_path / "dask") as dask:
        dask.scheduler()
        dask.worker(OTHER_VERSION.format(package="algrid", pause=0))
        with pytest.raises(AlgridError, match=r"a worker has algrid 0\.0\.1, and here is"):
            Session(GRID, tmp_path / "results").run(Quiet(), scheduler=dask.address)
    assert evidence(tmp_path / "results") == {}


def test_a_scheduler_without_workers_is_waited_for_aloud(
    expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import algrid.executor

    monkeypatch.setattr(algrid.executor, "_LONELY", 0.5)
    with Dask(tmp_path / "dask") as dask:
        dask.scheduler()

        class Hirer(Notes):
            def note(self, text: str) -> None:
                super().note(text)
                dask.worker()

        listener = Hirer()
        Session(GRID, tmp_path / "results").run(listener, scheduler=dask.address)
    assert listener.notes[0] == f"no worker is connected to the scheduler at {dask.address}; waiting for one"
    assert evidence(tmp_path / "results") == expected


def test_learners_that_want_a_gpu_have_workers_of_their_own(tmp_path: Path) -> None:
    marked = OTHER_VERSION.format(package="numpy", pause=0)
    file = tmp_path / "pools.yaml"
    grid = {**GRID, "learners": ["gaussian_nb", "clusters:OnGpu"]}
    with Dask(tmp_path / "dask") as dask:
        dask.scheduler()
        dask.worker(marked)
        file.write_text(dump_yaml({"pools": {"gpu": {"scheduler": dask.address}, "cpu": {"workers": 1}}}))
        assert Session(grid, tmp_path / "results").run(Quiet(), cluster=file) == 32
    found = numpy_versions(tmp_path / "results", "learner_name")
    assert {learner for version, learner in found if version == "0.0.1"} == {"on_gpu"}
    assert {learner for version, learner in found if version != "0.0.1"} == {"gaussian_nb"}


def numpy_versions(path: Path, *columns: str) -> list[Any]:
    store = Store.open(path)
    rows = store.snapshot().table("runs", ["provenance", *columns]).to_pylist()
    versions = [store.provenances[row["provenance"]]["packages"]["numpy"] for row in rows]
    return [(v, *(row[c] for c in columns)) for v, row in zip(versions, rows, strict=True)] if columns else versions
