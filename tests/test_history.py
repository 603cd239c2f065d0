"""Confusion matrices, and histories as stored rows and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cells import make_cell, variant
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.history import DENSE_CLASSES, Confusion, History, Point, confusion
from algrid.rows import run_rows, to_table
from algrid.schema import RUNS

CELL, VARIANT = make_cell(), variant("random")
SHARED = ("query", "fit", "predict")


# --- confusion matrices ---


def codes(*values: int) -> Any:
    return np.array(values, dtype=np.intp)


def test_dense_by_hand() -> None:
    """Three classes; true 0 0 1 1 2, predicted 0 1 1 1 0."""
    counted = confusion(codes(0, 0, 1, 1, 2) * 3, codes(0, 1, 1, 1, 0), 3)
    assert counted.counts.tolist() == [1, 1, 0, 0, 2, 0, 1, 0, 0]
    assert counted.counts.dtype == np.int32
    assert counted.at is None


def test_sparse_by_hand() -> None:
    """A hundred classes; true 2 2 2 99 0, predicted 5 5 2 0 99."""
    counted = confusion(codes(2, 2, 2, 99, 0) * 100, codes(5, 5, 2, 0, 99), 100)
    assert counted.at is not None
    assert counted.at.tolist() == [99, 202, 205, 9900]
    assert counted.counts.tolist() == [1, 1, 2, 1]
    assert (counted.counts.dtype, counted.at.dtype) == (np.int32, np.int64)


def test_where_sparse_begins() -> None:
    assert DENSE_CLASSES == 50
    assert confusion(codes(0) * 50, codes(0), 50).at is None
    assert confusion(codes(0) * 51, codes(0), 51).at is not None


def test_of_no_rows() -> None:
    assert confusion(codes(), codes(), 2).counts.tolist() == [0, 0, 0, 0]
    assert confusion(codes(), codes(), 60).counts.tolist() == []


@given(st.integers(2, 70), st.integers(0, 40), st.integers(0, 2**32))
@settings(deadline=None, max_examples=50)
def test_both_forms_are_the_same_counts(n_classes: int, n: int, seed: int) -> None:
    true, predicted = np.random.default_rng(seed).integers(n_classes, size=(2, n))
    counted = confusion(true * n_classes, predicted, n_classes)
    full = np.zeros((n_classes, n_classes), dtype=int)
    np.add.at(full, (true, predicted), 1)
    if counted.at is None:
        assert np.array_equal(counted.counts, full.ravel())
    else:
        assert np.array_equal(counted.at, np.flatnonzero(full))
        assert np.array_equal(counted.counts, full.ravel()[counted.at])


# --- rows ---


def point(batch: Any, n_labeled: int, n_classes: int = 2, seed: int = 0, **changes: Any) -> Point:
    rng = np.random.default_rng([seed, n_labeled])

    def counted() -> Confusion:
        true, predicted = rng.integers(n_classes, size=(2, 30))
        return confusion(true * n_classes, predicted, n_classes)

    given = {
        "batch": np.array(batch, dtype=np.intp),
        "n_labeled": n_labeled,
        "test": counted(),
        "pool": counted(),
        "probability": {},
        **{stage: tuple(map(float, rng.random(2).astype(np.float32))) for stage in SHARED},
        "fit_shared": bool(rng.integers(2)),
    }
    return Point(**{**given, **changes})


def stored(history: History, n_start: int, n_classes: int | None) -> dict[str, Any]:
    """The row of a history, there and back through Arrow."""
    facts = {} if n_classes is None else {"start_indices": np.arange(n_start), "n_classes": n_classes}
    table = to_table(run_rows(CELL, [VARIANT], [history], facts, {}), RUNS)
    assert table.schema == RUNS.schema
    (row,) = table.to_pylist()
    return dict(row)


def assert_same(found: Point, expected: Point) -> None:
    assert found.batch.dtype == expected.batch.dtype == np.intp
    assert found.batch.tolist() == expected.batch.tolist()
    assert found.n_labeled == expected.n_labeled
    for part in ("test", "pool"):
        ours, theirs = getattr(found, part), getattr(expected, part)
        assert ours.counts.dtype == np.int32
        assert ours.counts.tolist() == theirs.counts.tolist()
        assert (ours.at is None) == (theirs.at is None)
        assert ours.at is None or (ours.at.dtype == np.int64 and ours.at.tolist() == theirs.at.tolist())
    np.testing.assert_equal(found.probability, expected.probability)  # NaN is NaN
    for stage in SHARED:
        assert getattr(found, stage) == getattr(expected, stage)
    assert found.fit_shared is expected.fit_shared


@st.composite
def made_up(draw: st.DrawFn) -> tuple[History, int, int]:
    n_classes = draw(st.sampled_from([2, 3, 50, 51, 1000]))
    n_start = draw(st.integers(1, 5))
    sizes = draw(st.lists(st.integers(1, 4), max_size=5))
    metrics = draw(st.lists(st.sampled_from(["log_loss", "brier", "roc_auc"]), unique=True))
    values = st.floats(width=64)
    points, n_labeled = [], n_start
    if draw(st.booleans()):
        points.append(point([], n_start, n_classes, probability={m: draw(values) for m in metrics}))
        for size in sizes:
            batch = np.arange(n_labeled, n_labeled + size)[::-1]
            n_labeled += size
            probability = {m: draw(values) for m in metrics}
            points.append(point(batch, n_labeled, n_classes, draw(st.integers(0, 99)), probability=probability))
    return History(points), n_start, n_classes


@given(made_up())
@settings(deadline=None, max_examples=60)
def test_a_history_comes_back_from_its_row(made: tuple[History, int, int]) -> None:
    history, n_start, n_classes = made
    history.stop("timeout", "too slow")
    history.memory = 2**40
    back = History.from_row(stored(history, n_start, n_classes))
    assert len(back.points) == len(history.points)
    for found, expected in zip(back.points, history.points, strict=True):
        assert_same(found, expected)
    assert back.queried.tolist() == history.queried.tolist()
    assert (back.stop_reason, back.error, back.traceback) == (None, None, None)  # ready to go on
    assert back.memory == back.reopened().memory == (2**40 if history.points else 0)


def test_a_row_by_hand() -> None:
    first = point([], 3, test=Confusion(np.array([2, 0, 1, 1], np.int32), None), probability={"log_loss": 0.5})
    second = point([9, 4], 5, test=Confusion(np.array([2, 0, 0, 2], np.int32), None), probability={"log_loss": 0.25})
    third = point([7], 6, test=Confusion(np.array([1, 1, 0, 2], np.int32), None), probability={"log_loss": 0.125})
    history = History([first, second, third])
    history.stop("pool_empty")
    row = stored(history, 3, 2)
    assert row["stop_reason"] == "pool_empty"
    assert (row["error"], row["traceback"]) == (None, None)
    assert row["reach"] == 3
    assert row["n_labeled"] == [3, 5, 6]
    assert row["queried"] == [9, 4, 7]
    assert row["confusion_test"] == [2, 0, 1, 1, 2, 0, 0, 2, 1, 1, 0, 2]
    assert row["confusion_test_at"] is None
    assert row["probability_metrics"] == [("log_loss", [0.5, 0.25, 0.125])]
    for stage in SHARED:
        assert row[f"{stage}_seconds"] == [getattr(p, stage)[0] for p in history.points]
        assert row[f"{stage}_cpu_seconds"] == [getattr(p, stage)[1] for p in history.points]
    assert row["fit_shared"] == [p.fit_shared for p in history.points]
    assert row["peak_memory"] is None


def test_sparse_counts_lie_at_positions_of_the_whole_column() -> None:
    """1000 classes: a matrix has a million places, so that the second point's begin at 1,000,000."""
    counts = Confusion(np.array([4, 6], np.int32), np.array([0, 999_999]))
    nothing = Confusion(np.empty(0, np.int32), np.empty(0, np.int64))
    batches = ([], [5], [6])
    tests = (counts, nothing, counts)
    history = History([point(b, 1 + i, test=t) for i, (b, t) in enumerate(zip(batches, tests, strict=True))])
    row = stored(history, 1, 1000)
    assert row["confusion_test"] == [4, 6, 4, 6]
    assert row["confusion_test_at"] == [0, 999_999, 2_000_000, 2_999_999]
    back = [p.test for p in History.from_row(row).points]
    assert [m.at.tolist() for m in back if m.at is not None] == [[0, 999_999], [], [0, 999_999]]
    assert [m.counts.tolist() for m in back] == [[4, 6], [], [4, 6]]


@pytest.mark.parametrize("n_classes", [None, 2, 1000])  # None: the data could not be had
def test_a_run_without_a_point(n_classes: int | None) -> None:
    history = History()
    history.stop("error", "no data", "Traceback ...")
    row = stored(history, 0, n_classes)
    assert row["reach"] == -1
    assert (row["stop_reason"], row["error"], row["traceback"]) == ("error", "no data", "Traceback ...")
    assert row["n_labeled"] == row["queried"] == row["confusion_test"] == row["probability_metrics"] == []
    back = History.from_row(row)
    assert back == History()
    assert back.queried.dtype == np.intp


def test_a_reopened_run_has_its_points_and_no_end() -> None:
    history = History([point([], 3)], attempts=({"stop_reason": "error"},))
    history.stop("error", "cause", "Traceback ...")
    assert (history.stop_reason, history.error, history.traceback) == ("error", "cause", "Traceback ...")
    again = history.reopened()
    assert again == History(history.points, attempts=history.attempts)
    again.points.append(point([1], 4))
    assert len(history.points) == 1


def test_what_failed_stays_among_the_attempts() -> None:
    failed = History([point([], 3), point([1], 4)])
    failed.stop("timeout", "cycle 2 took over 5 s")
    limits = {"limit_seconds": 5.0, "limit_run_seconds": None, "limit_memory": None, "provenance": "first"}
    row = {**stored(failed, 3, 2), **limits}
    on = History.again(row, {"retried": "2026-11-27 12:00:00"}, anew=False)
    assert [p.n_labeled for p in on.points] == [3, 4]
    (attempt,) = on.attempts
    assert attempt == {
        **{"stop_reason": "timeout", "error": "cycle 2 took over 5 s", "traceback": None, "reach": 1},
        **{"retried": "2026-11-27 12:00:00", **limits},
    }
    on.stop("error", "ValueError")
    anew = History.again({**stored(on, 3, 2), **limits}, {"retried": "2026-11-28 12:00:00"}, anew=True)
    assert anew.points == []
    assert [a["stop_reason"] for a in anew.attempts] == ["timeout", "error"]
    anew.stop("budget")
    row = {**stored(anew, 3, 2), **limits}
    assert History.again(row, {}, anew=False).attempts == History.from_row(row).attempts == anew.attempts


def test_other_metrics_than_before() -> None:
    """What a grid records is not part of a run's identity: a run may be extended by a grid that records others."""
    history = History([point([], 3, probability={"brier": 0.5}), point([5], 4, probability={"log_loss": 0.25})])
    metrics = dict(stored(history, 3, 2)["probability_metrics"])
    np.testing.assert_equal(metrics, {"brier": [0.5, np.nan], "log_loss": [np.nan, 0.25]})
