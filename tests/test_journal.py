"""The journal: what is written is there, whole events only, whatever becomes of the writer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import numpy as np
import pytest

from algrid.history import Confusion, History, Point
from algrid.journal import JournalError, JournalReader, JournalWriter, Stopped, new_journal

DENSE = Confusion(np.array([1, 0, 2, 3], np.int32), None)
SPARSE = Confusion(np.array([4, 6], np.int32), np.array([0, 999_999], np.int64))
POINT = Point(np.array([5, 1], np.intp), 7, DENSE, SPARSE, {"log_loss": 0.5}, (1.0, 0.5), (2.0, 1.0), (4.0, 2.0), True)


@pytest.fixture
def ends() -> Iterator[tuple[JournalWriter, JournalReader]]:
    descriptor = new_journal()
    reader = JournalReader(descriptor)
    yield JournalWriter(descriptor), reader
    reader.close()


def test_events_come_in_order_and_once(ends: tuple[JournalWriter, JournalReader]) -> None:
    writer, reader = ends
    before = time.monotonic()
    writer.phase("fit", range(3))
    writer.point(1, POINT)
    (at, *phase), (_, *point) = reader.events()
    assert phase == ["phase", "fit", [0, 1, 2]]
    assert before <= at <= time.monotonic()
    assert (point[0], point[1]) == ("point", 1)
    assert reader.events() == []
    writer.ended(1, History(stop_reason="error", error="cause", traceback="Traceback"))
    assert [event[1:] for event in reader.events()] == [("ended", 1, "error", "cause", "Traceback")]
    writer.phase("query", [2])
    reader.begin()
    assert reader.events() == []
    writer.phase("query", [0])
    assert [event[1:] for event in reader.events()] == [("phase", "query", [0])]


def test_a_point_survives_packing() -> None:
    back = Point.unpacked(POINT.packed())
    assert back.batch.tolist() == [5, 1]
    assert back.test.counts.tolist() == [1, 0, 2, 3]
    assert back.test.at is None
    assert back.pool.at is not None
    assert (back.pool.counts.tolist(), back.pool.at.tolist()) == ([4, 6], [0, 999_999])
    rest = ("n_labeled", "probability", "query", "fit", "predict", "fit_shared")
    assert [getattr(back, name) for name in rest] == [getattr(POINT, name) for name in rest]
    assert [a.dtype for a in (back.batch, back.test.counts, back.pool.at)] == [np.intp, np.int32, np.int64]
    assert POINT.seconds == 7.0


def test_an_event_that_a_death_cut_off_is_left_out(ends: tuple[JournalWriter, JournalReader]) -> None:
    writer, reader = ends
    writer.phase("fit", [0])
    whole = os.fstat(writer._descriptor).st_size
    writer.point(0, POINT)
    size = os.fstat(writer._descriptor).st_size
    content = os.pread(writer._descriptor, size, 0)
    for cut in (whole + 1, whole + 4, size - 1):
        os.ftruncate(writer._descriptor, cut)
        reader._at = 0
        assert [event[1] for event in reader.events()] == ["phase"]
        assert reader.events() == []
    os.pwrite(writer._descriptor, content, 0)
    assert [event[1] for event in reader.events()] == ["point"], "the rest came later"


def test_time_is_up(ends: tuple[JournalWriter, JournalReader]) -> None:
    writer, reader = ends
    writer.until = time.monotonic() - 1
    with pytest.raises(Stopped):
        writer.phase("fit", [0])
    writer.point(0, POINT)
    assert [event[1] for event in reader.events()] == ["point"], "what is done is kept"


def test_no_room() -> None:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(JournalError, match="can't be written"):
        JournalWriter(descriptor).phase("fit", [0])
    os.close(descriptor)
