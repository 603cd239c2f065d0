"""What a store has, by cell and variant: against a plain dictionary."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.schema import STOP_REASONS
from algrid.stored import Stored

RUN = st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(-1, 9), st.sampled_from(STOP_REASONS))


def stored_of(runs: list[tuple[int, int, int, str]], skylines: tuple[int, ...] = ()) -> Stored:
    """Runs given by the numbers of their cell and variant, reach and stop reason."""
    cells, cell = np.unique(np.array([r[0] for r in runs], np.uint64), return_inverse=True)
    variants, variant = np.unique(np.array([r[1] for r in runs], np.uint64), return_inverse=True)
    return Stored(
        cells=cells,
        variants=variants,
        cell=cell.astype(np.int32),
        variant=variant.astype(np.int32),
        reach=np.array([r[2] for r in runs], np.int32),
        stop_reason=np.array([STOP_REASONS.index(r[3]) for r in runs], np.int8),
        limits=np.array([[300.0, np.inf, np.inf]]),
        limit=np.zeros(len(runs), np.int32),
        skylines=np.array(skylines, np.uint64),
    )


@given(
    st.lists(st.lists(RUN, max_size=8), max_size=4),
    st.permutations([0, 1, 2, 3, 4, 5]),
    st.lists(st.integers(0, 5), unique=True),
)
@settings(deadline=None, max_examples=80)
def test_the_last_row_of_a_run_counts_wherever_it_is(
    parts: list[list[tuple[int, int, int, str]]], cells: list[int], variants: list[int]
) -> None:
    joined = Stored.joined([stored_of(part, (len(part),)) for part in parts])
    newest = {(c, v): (reach, reason) for part in parts for c, v, reach, reason in part}
    rows = joined.rows(np.array(cells, np.uint64), np.array(variants, np.uint64))
    assert rows.shape == (6, len(variants))
    for i, c in enumerate(cells):
        for j, v in enumerate(variants):
            row = rows[i, j]
            found = None if row < 0 else (int(joined.reach[row]), STOP_REASONS[joined.stop_reason[row]])
            assert found == newest.get((c, v))
    assert joined.skylines.tolist() == sorted({len(part) for part in parts})


def test_reasons_and_limits() -> None:
    first, second = stored_of([(0, 0, 1, "error"), (0, 1, 1, "budget")]), stored_of([(1, 1, 1, "timeout")])
    joined = Stored.joined([first, Stored(**{**vars(second), "limits": np.array([[7.0, 6.0, 5.0]])})])
    assert joined.ended(["budget", "timeout"]).tolist() == [False, True, True]
    assert joined.ended([]).tolist() == [False] * 3
    assert joined.failed.tolist() == [True, False, True]
    assert joined.limits[joined.limit].tolist() == [[300.0, np.inf, np.inf]] * 2 + [[7.0, 6.0, 5.0]]
    assert Stored.nothing().rows(joined.cells, joined.variants).tolist() == [[-1, -1], [-1, -1]]
