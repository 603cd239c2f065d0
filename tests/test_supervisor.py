"""The child process and its supervisor: deadlines, memory, crashes, and who is to blame."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import villains
from cells import make_cell, run_alone, stored_rows, variant

from algrid.cell import Variant
from algrid.errors import AlgridError
from algrid.history import History
from algrid.schema import EXECUTION_COLUMNS, TIMING_COLUMNS
from algrid.slices import Outcome, Slice
from algrid.supervisor import Supervisor

NOT_COMPARED = (*TIMING_COLUMNS, *EXECUTION_COLUMNS)


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    one = Supervisor(patience=600.0)  # on a busy machine too, a slice is not handed back before it is done
    yield one
    one.close()


def make_slice(*variants: Variant, target: int = 10, **options: Any) -> Slice:
    n = len(variants)
    return Slice(make_cell(), variants, (target,) * n, tuple(History() for _ in range(n)), **options)


def rows_of(outcome: Outcome) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = outcome.tables["runs"].to_pylist()
    return rows


def expected(one: Variant, target: int = 10) -> dict[str, Any]:
    (row,) = stored_rows(make_cell(), [one], [run_alone(make_cell(), one, target)])
    return {key: value for key, value in row.items() if key not in NOT_COMPARED}


def compared(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in NOT_COMPARED}


def test_a_child_gives_what_the_loop_gives(supervisor: Supervisor) -> None:
    variants = [variant("margin", 5), variant("random", 2), variant("qbc", 5)]
    outcome = supervisor.run(make_slice(*variants, skyline=True, plugins=(variants[0].strategy,)))
    assert [compared(row) for row in rows_of(outcome)] == [expected(v) for v in variants]
    (skyline,) = outcome.tables["skylines"].to_pylist()
    assert sum(skyline["confusion_test"]) == 60
    assert skyline["error"] is None
    assert outcome.rest == ()
    assert outcome.provenance["packages"]["numpy"]
    assert "algrid.strategies.margin.margin" in outcome.provenance["plugins"]


@pytest.mark.parametrize(
    ("deed", "reason", "cause"),
    [
        ("raise", "error", "ValueError: on purpose"),
        ("exit", "crashed", "exit status 3"),
        ("segfault", "crashed", "signal SIGSEGV"),
        ("fork and segfault", "crashed", "signal SIGSEGV"),
        ("sleep", "timeout", "cycle 1 took over 1 s; it was in its query"),
        ("spin", "timeout", "cycle 1 took over 1 s"),
        ("hang in C", "timeout", "cycle 1 took over 1 s"),
        ("eat memory", "crashed", "MiB; the limit is"),
        ("garbage", "error", "a one-dimensional array of pool indices is needed"),
    ],
)
def test_only_the_guilty_run_pays(supervisor: Supervisor, deed: str, reason: str, cause: str) -> None:
    variants = (variant("random", 5), Variant(villains.Villain(deed), None, 5), variant("margin", 5))
    limits: dict[str, Any] = {"memory": 500 * 2**20} if deed == "eat memory" else {"seconds_per_cycle": 1.0}
    first, guilty, last = rows_of(supervisor.run(make_slice(*variants, **limits)))
    assert (guilty["stop_reason"], len(guilty["n_labeled"])) == (reason, 1)
    assert cause in guilty["error"]
    assert [compared(row) for row in (first, last)] == [expected(v) for v in (variants[0], variants[2])]


@pytest.mark.parametrize(
    "deed", ["print", "fork", "fork and stay", "poison", "leave a thread", "change folder and environment"]
)
def test_harmless_mischief_changes_nothing(supervisor: Supervisor, deed: str) -> None:
    variants = (Variant(villains.Villain(deed), None, 5), variant("qbc", 5), variant("qbc@modal", 5))
    rows = rows_of(supervisor.run(make_slice(*variants)))
    assert [row["stop_reason"] for row in rows] == ["budget"] * 3
    assert [compared(row) for row in rows[1:]] == [expected(v) for v in variants[1:]]
    after = rows_of(supervisor.run(make_slice(*variants[1:])))
    assert [compared(row) for row in after] == [expected(v) for v in variants[1:]], "nor in the next slice"


def test_a_run_has_the_memory_that_there_was_while_it_was_in_step(supervisor: Supervisor) -> None:
    greedy = Variant(villains.Villain("taste memory"), None, 5)
    peaks = [
        [row["peak_memory"] for row in rows_of(supervisor.run(make_slice(*variants)))]
        for variants in ([variant("random")], [greedy], [variant("random"), variant("margin")])
    ]
    (before,), (much,), after = peaks
    assert before > 20 * 2**20, "an interpreter and libraries"
    # what is given back at once is seen: it is the system that looks all the time
    assert much > before + 200 * 2**20
    assert max(after) < much - 150 * 2**20, "and it is of that slice alone"


def test_where_the_system_does_not_say_the_peak_memory_is_what_is_seen(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.run(make_slice(variant("random")))
    child = supervisor._child
    assert child is not None
    assert child.peak() >= child.resident() > 0
    monkeypatch.setattr("algrid.supervisor.Path", lambda _: Path("nowhere"))
    assert child.peak() == child.resident()


def test_a_slice_begins_where_the_child_began(supervisor: Supervisor) -> None:
    supervisor.run(make_slice(Variant(villains.Villain("change folder and environment"), None, 5)))
    assert supervisor._child is not None
    child = psutil.Process(supervisor._child._process.pid)
    assert child.cwd() == "/"
    supervisor.run(make_slice(variant("random")))
    assert child.cwd() == os.getcwd()


def test_a_whole_run_has_a_deadline_too(supervisor: Supervisor) -> None:
    slow = Variant(villains.Villain("slow"), None, 1)
    limits: dict[str, Any] = {"seconds_per_cycle": 5.0, "seconds_per_run": 0.8}
    first, guilty = rows_of(supervisor.run(make_slice(variant("random", 1), slow, target=20, **limits)))
    assert compared(first) == expected(variant("random", 1), 20)
    assert guilty["stop_reason"] == "timeout"
    assert 2 <= len(guilty["n_labeled"]) <= 6  # the start, and at most a point each 0.15 s
    assert guilty["error"].startswith("the run took over 0.8 s")
    assert (guilty["limit_seconds"], guilty["limit_run_seconds"]) == (5.0, 0.8)


def test_a_run_that_goes_on_has_used_some_of_its_time_and_a_raised_limit_lets_it_finish(supervisor: Supervisor) -> None:
    slow = Variant(villains.Villain("slow"), None, 1)
    begun = run_alone(make_cell(), slow, 3)
    task = replace(make_slice(slow, target=20, seconds_per_run=0.8), histories=(begun.reopened(),))
    (row,) = rows_of(supervisor.run(task))
    assert (row["stop_reason"], row["n_labeled"][:4]) == ("timeout", [3, 4, 5, 6])
    assert len(row["n_labeled"]) <= 6
    on = History.again(row, {}, anew=False)
    (finished,) = rows_of(supervisor.run(replace(task, histories=(on,), targets=(8,), seconds_per_run=None)))
    assert compared(finished) == expected(slow, 8)
    (attempt,) = json.loads(finished["attempts"])
    assert (attempt["stop_reason"], attempt["limit_run_seconds"]) == ("timeout", 0.8)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread looks, which C code can keep from it")
@pytest.mark.parametrize(("deed", "family"), [("hang in C", 1), ("fork and hang", 2)])
def test_neither_a_hanging_child_nor_what_it_forked_outlives_its_worker(deed: str, family: int) -> None:
    script = f"""
import sys; sys.path[:0] = {sys.path!r}
import villains
from test_supervisor import make_slice
from algrid.cell import Variant
from algrid.supervisor import Supervisor
Supervisor().run(make_slice(Variant(villains.Villain({deed!r}), None, 1)))
"""
    with subprocess.Popen([sys.executable, "-c", script]) as worker:
        born: list[psutil.Process] = []
        end = time.monotonic() + 60
        while len(born) < family and time.monotonic() < end:
            time.sleep(0.1)
            born = psutil.Process(worker.pid).children(recursive=True)
        while family == 1 and born[0].cpu_times().user < 0.5 and time.monotonic() < end:
            time.sleep(0.1)  # it is still importing
        worker.kill()
    assert len(born) == family
    assert psutil.wait_procs(born, timeout=5)[1] == []


def test_a_journal_that_can_not_be_written_is_no_fault_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("algrid.supervisor.new_journal", lambda: os.open(os.devnull, os.O_RDONLY))
    monkeypatch.setattr("algrid.journal.JournalReader.begin", lambda self: None)
    supervisor = Supervisor()
    try:
        with pytest.raises(AlgridError, match=r"journal of a computing process can't be written.*run the same command"):
            supervisor.run(make_slice(variant("random")))
    finally:
        supervisor.close()


def test_all_that_asked_for_a_deadly_fit_are_guilty_and_keep_their_curves(supervisor: Supervisor) -> None:
    cell = replace(make_cell(), learner=villains.Killer(most=8))
    variants = (variant("random", 5), variant("random", 10), variant("random", 2))
    task = replace(make_slice(*variants, target=12), cell=cell)
    rows = rows_of(supervisor.run(task))
    assert [row["stop_reason"] for row in rows] == ["crashed"] * 3
    assert [row["n_labeled"] for row in rows] == [[3, 8], [3], [3, 5, 7]]


def test_a_child_killed_from_outside_once_costs_nothing(supervisor: Supervisor) -> None:
    variants = (variant("random", 1), variant("margin", 1), variant("qbc", 1))
    task = make_slice(*variants, target=40)

    def kill_soon() -> None:
        time.sleep(0.4)
        for child in psutil.Process().children():
            if "algrid.child" in " ".join(child.cmdline()):
                child.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill_soon)
    killer.start()
    rows = rows_of(supervisor.run(task))
    killer.join()
    assert [compared(row) for row in rows] == [expected(v, 40) for v in variants]


def test_an_impatient_supervisor_hands_the_rest_back_and_nothing_is_done_twice() -> None:
    supervisor = Supervisor(patience=0.5)
    slow = Variant(villains.Villain("slow"), None, 1)
    task = make_slice(variant("random", 5), slow, target=10, skyline=True)
    ended, rounds = [], 0
    try:
        rest: tuple[Slice, ...] = (task,)
        while rest:
            outcome = supervisor.run(rest[0])
            ended += rows_of(outcome)
            rest, rounds = outcome.rest, rounds + 1
            assert rounds < 40
    finally:
        supervisor.close()
    assert rounds > 1
    assert sorted(len(row["n_labeled"]) for row in ended) == [3, 11]
    assert {row["stop_reason"] for row in ended} == {"budget"}


def test_data_that_changed_since_the_plan_are_an_error_of_all_runs(supervisor: Supervisor) -> None:
    cell = replace(make_cell(), dataset_hash="0" * 32)
    outcome = supervisor.run(replace(make_slice(variant("random"), skyline=True), cell=cell))
    (row,) = rows_of(outcome)
    assert row["stop_reason"] == "error"
    assert "changed since the plan was made" in row["error"]
    assert outcome.tables["skylines"].num_rows == 1


def test_a_child_does_not_outlive_its_parent() -> None:
    supervisor = Supervisor()
    supervisor.run(make_slice(variant("random")))
    assert supervisor._child is not None
    child = supervisor._child
    child.pipe.close()  # as if the parent had died
    assert child._process.wait(timeout=10) == 0
    child._stderr.close()


def test_a_child_has_one_thread_and_keeps_its_heap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")  # as Dask sets it for its workers
    supervisor = Supervisor()
    supervisor.run(make_slice(variant("random")))
    assert supervisor._child is not None
    environment = psutil.Process(supervisor._child._process.pid).environ()
    supervisor.close()
    assert environment["OMP_NUM_THREADS"] == environment["OPENBLAS_NUM_THREADS"] == "1"
    assert "MALLOC_TRIM_THRESHOLD_" not in environment
