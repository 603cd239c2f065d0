"""What the journal says, and whose fault a death is: event by event."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from cells import make_cell, variant

from algrid.history import Confusion, History, Point
from algrid.ledger import Ledger
from algrid.slices import Slice


def ledger_of(n_runs: int, **options: Any) -> Ledger:
    variants = tuple(variant("random", i + 1) for i in range(n_runs))
    ledger = Ledger(Slice(make_cell(), variants, (9,) * n_runs, tuple(History() for _ in variants), **options))
    ledger.note(0.0, "facts", {"n_classes": 3, "start_indices": np.arange(3)})
    return ledger


def point(n_labeled: int, seconds: float = 0.0) -> Any:
    counts = Confusion(np.zeros(9, np.int32), None)
    batch = np.arange(n_labeled - 3)[-1:]
    return Point(batch, n_labeled, counts, counts, {}, (seconds, 0.0), (0.0, 0.0), (0.0, 0.0), False).packed()


def ends(ledger: Ledger) -> dict[int, tuple[str, int]]:
    """Stop reason and number of points by batch size of those that ended."""
    rows = ledger.outcome().tables["runs"].to_pylist()
    return {row["batch_size"]: (row["stop_reason"], len(row["n_labeled"])) for row in rows}


def sizes(part: Slice) -> list[int]:
    return [v.batch_size for v in part.variants]


def die_in(ledger: Ledger, phase: str, runs: list[int]) -> None:
    ledger.note(time.monotonic(), "phase", phase, runs)
    ledger.death("it died")


def test_a_suspect_goes_first_and_alone_and_a_second_death_at_the_same_place_condemns_it() -> None:
    ledger = ledger_of(3)
    assert sizes(ledger.begin()) == [1, 2, 3]
    ledger.note(0.0, "point", 1, point(3))
    die_in(ledger, "query", [1])
    assert ends(ledger) == {}
    part = ledger.begin()
    assert sizes(part) == [2]
    assert len(part.histories[0].points) == 1
    assert sizes(ledger.outcome().rest[0]) == [1, 2, 3], "what is handed back is all of it"
    die_in(ledger, "query", [0])
    assert ends(ledger) == {2: ("crashed", 1)}
    assert sizes(ledger.begin()) == [1, 3]


def test_memory_is_of_all_that_were_in_step_since_it_was_looked_at() -> None:
    ledger = ledger_of(4)
    ledger.begin()
    ledger.note(0.0, "phase", "fit", [0, 1])
    ledger.note_memory(100)  # all four had begun
    ledger.note(0.0, "phase", "query", [0])
    ledger.note_memory(300)  # of a fit of two and a query of one of them
    ledger.note_memory(400)  # the query goes on
    ledger.note(0.0, "phase", "query", [2])
    ledger.note_memory(50)
    ledger.give_up("error", "enough")
    rows = ledger.outcome().tables["runs"].to_pylist()
    assert [row["peak_memory"] for row in rows] == [400, 300, 100, 100]


def test_a_suspect_that_passes_is_free() -> None:
    ledger = ledger_of(2)
    ledger.begin()
    die_in(ledger, "fit", [0])
    ledger.begin()
    ledger.note(0.0, "ended", 0, "budget", None, None)
    assert sizes(ledger.begin()) == [2]
    assert ends(ledger) == {1: ("budget", 0)}


def test_deaths_at_other_places_are_bad_luck_up_to_ten() -> None:
    ledger = ledger_of(1)
    for deaths in range(10):
        assert ends(ledger) == {}, deaths
        ledger.begin()
        ledger.note(0.0, "point", 0, point(3 + deaths))
        die_in(ledger, "query", [0])
    assert ends(ledger) == {1: ("crashed", 10)}


def test_a_process_that_is_killed_while_it_starts_condemns_nobody() -> None:
    ledger = ledger_of(2, skyline=True)
    for _ in range(9):
        ledger.begin()
        ledger.death("it died")
        assert ends(ledger) == {}
    ledger.begin()
    ledger.death("it died")
    assert ends(ledger) == {1: ("crashed", 0), 2: ("crashed", 0)}, "but it has to start at last"
    assert ledger.outcome().tables["runs"]["provenance"].to_pylist() == [None, None], "nobody said what made them"
    assert not ledger.is_open()


def test_all_of_a_deadly_fit_and_a_deadly_skyline() -> None:
    ledger = ledger_of(3, skyline=True)
    for _ in range(2):
        assert ledger.begin().skyline
        die_in(ledger, "skyline", [])
    for _ in range(2):
        assert not ledger.begin().skyline
        die_in(ledger, "fit", [0, 1])
    assert ends(ledger) == {1: ("crashed", 0), 2: ("crashed", 0)}
    (skyline,) = ledger.outcome().tables["skylines"].to_pylist()
    assert skyline["error"] == "it died"


def test_deadlines_count_what_a_run_would_take_alone() -> None:
    """What two runs share is charged to both: cycles of 9 s and of 12 s, whoever computed it."""
    ledger = ledger_of(2, seconds_per_cycle=11.0)
    ledger.begin()
    ledger.note(0.0, "point", 0, point(3, 9.0))
    ledger.note(0.0, "point", 1, point(3, 12.0))
    assert ends(ledger) == {2: ("timeout", 0)}
    assert ledger.end_overdue(), "the child does not know yet"
    assert not ledger.end_overdue()
    ledger.note(0.0, "point", 1, point(4, 1.0))
    ledger.note(0.0, "ended", 1, "budget", None, None)
    assert ends(ledger) == {2: ("timeout", 0)}, "it is over"


def test_the_cycles_of_a_run_add_up_also_those_before() -> None:
    before = History([Point.unpacked(point(3, 5.0))])
    ledger = Ledger(Slice(make_cell(), (variant("random", 1),), (9,), (before,), seconds_per_run=11.0))
    ledger.note(0.0, "facts", {"n_classes": 3, "start_indices": np.arange(3)})
    ledger.begin()
    ledger.note(0.0, "point", 0, point(4, 5.0))
    assert ends(ledger) == {}
    ledger.note(0.0, "point", 0, point(5, 2.0))
    assert ends(ledger) == {1: ("timeout", 2)}


def test_time_in_step_adds_up_over_phases_and_is_forgotten_with_the_process() -> None:
    ledger = ledger_of(1, seconds_per_cycle=10.0)
    for elapsed, late in ((4.0, False), (6.0, True)):
        ledger.begin()
        now = time.monotonic()
        ledger.note(now - 5.0 - elapsed, "phase", "fit", [0])
        ledger.note(now - elapsed, "phase", "query", [0])
        assert ledger.end_overdue() == late
    (row,) = ledger.outcome().tables["runs"].to_pylist()
    assert row["error"] == "cycle 0 took over 10 s; it was in its query"


def test_what_others_left_in_memory_is_not_held_against_a_run() -> None:
    ledger = ledger_of(2, memory=2**30)
    ledger.begin()
    ledger.note(0.0, "phase", "query", [1])
    assert ledger.is_oversized(2**31)
    assert sizes(ledger.begin()) == [2], "in a new process, alone"
    ledger.note(0.0, "phase", "query", [0])
    assert not ledger.is_oversized(2**29)
    ledger.note(0.0, "ended", 0, "budget", None, None)
    assert ends(ledger) == {2: ("budget", 0)}


def test_too_much_memory_is_a_death() -> None:
    ledger = ledger_of(2, memory=2**30)
    for _ in range(2):
        ledger.begin()
        ledger.note(0.0, "phase", "query", [0])
        assert not ledger.is_oversized(2**30)
        assert ledger.is_oversized(2**30 + 1)
    assert ends(ledger) == {1: ("crashed", 0)}
