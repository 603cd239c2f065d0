"""The progress bar: counts, notes, and the time that is left."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from algrid.progress import ProgressBar, time_left


def test_a_sure_cost_leaves_a_sure_time() -> None:
    assert time_left(30.0, 0.25, 0.0) == pytest.approx((90.0, 90.0, 90.0))
    assert time_left(30.0, 1.0, 0.5)[1] == 0.0


def test_by_hand() -> None:
    # half of it is done: two halves, each with sqrt(2) times the spread of the whole, so their ratio with twice of it
    low, left, high = time_left(60.0, 0.5, 0.1)
    assert left == pytest.approx(60.0)
    assert high / left == pytest.approx(left / low)
    assert high / left == pytest.approx(2.718281828 ** (1.645 * 0.2))


def test_early_guesses_are_wider() -> None:
    widths = [high / low for low, _, high in (time_left(10.0, share, 0.1) for share in (0.02, 0.1, 0.5))]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] < 30


def test_a_terminal_sees_the_interval_and_a_log_every_tenth() -> None:
    screen = io.StringIO()
    with ProgressBar(Console(file=screen, force_terminal=True, width=200)) as bar:
        bar.begin(10, 2, 100.0, 0.05, "http://here")
        bar.ended(5, 1, 1, 50.0)
        bar.note("something happened")
        assert " left (" in bar._bar.tasks[0].fields["left"]
    assert "note: something happened" in screen.getvalue()
    log = io.StringIO()
    with ProgressBar(Console(file=log, width=200)) as bar:
        bar.begin(10, 2, 100.0, 0.05, "http://here")
        for _ in range(10):
            bar.ended(1, 0, 0, 10.0)
    assert log.getvalue().count("/10 runs") == 10
    assert "10/10 runs, 0/2 cells, none failed" in log.getvalue()
