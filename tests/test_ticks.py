"""Progress of what takes long: told after each step, to the listener of the context only."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from algrid import progress
from algrid.ticks import listened, ticking


def test_each_step_is_told_when_it_is_done() -> None:
    told: list[object] = []
    with listened(lambda *step: told.append(step)):
        for item in ticking("ab", 2, "letters"):
            told.append(item)
    assert told == ["a", ("letters", 1, 2), "b", ("letters", 2, 2)]
    assert list(ticking("ab", 2, "letters")) == ["a", "b"]
    assert len(told) == 4  # nobody listens any more


@pytest.mark.parametrize(("patience", "seen"), [(-1.0, True), (1e9, False)])
def test_a_long_analysis_shows_a_bar(monkeypatch: pytest.MonkeyPatch, patience: float, seen: bool) -> None:
    out = io.StringIO()
    monkeypatch.setattr(progress, "Console", lambda stderr: Console(file=out, force_terminal=True, width=80))
    monkeypatch.setattr(progress, "_PATIENCE", patience)
    monkeypatch.delenv(progress.OFF, raising=False)
    assert progress.watched(lambda n: sum(ticking(range(n), n, "adding numbers")))(4) == 6
    assert ("adding numbers" in out.getvalue()) is seen


def test_without_a_terminal_nothing_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", -1.0)
    assert progress.watched(lambda: list(ticking("ab", 2, "letters")))() == ["a", "b"]
    assert capsys.readouterr() == ("", "")


def test_a_bar_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(progress, "Console", lambda stderr: Console(file=out, force_terminal=True))
    monkeypatch.setattr(progress, "_PATIENCE", -1.0)
    monkeypatch.setenv(progress.OFF, "off")
    assert progress.watched(lambda: list(ticking("ab", 2, "letters")))() == ["a", "b"]
    assert out.getvalue() == ""
