"""Largest remainders within bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid._allocation import apportion


def shares(sizes: list[int], total: int, lower: int = 0, spare: int = 0) -> list[int]:
    counts = np.array(sizes)
    return apportion(counts, total, np.minimum(counts, lower), counts - spare).tolist()


@pytest.mark.parametrize(
    ("sizes", "total", "lower", "spare", "expected"),
    [
        ([50, 50, 50], 60, 1, 1, [20, 20, 20]),
        ([50, 50, 50], 61, 1, 1, [21, 20, 20]),  # a tie goes to the earlier class
        ([7, 2, 1], 4, 0, 0, [3, 1, 0]),  # quotas 2.8, 0.8, 0.4
        ([7, 2, 1], 4, 1, 0, [2, 1, 1]),  # the lower bound of the last costs the first, furthest above
        ([97, 2, 2], 40, 1, 1, [38, 1, 1]),
        ([97, 2, 2], 99, 1, 1, [96, 1, 1]),  # clipped to what the upper bounds allow
        ([3, 3], 0, 1, 1, [1, 1]),
        ([0, 4], 2, 0, 0, [0, 2]),
    ],
)
def test_by_hand(sizes: list[int], total: int, lower: int, spare: int, expected: list[int]) -> None:
    assert shares(sizes, total, lower, spare) == expected


@given(st.lists(st.integers(2, 40), min_size=1, max_size=12), st.data())
@settings(deadline=None, max_examples=60)
def test_sums_bounds_and_quotas(sizes: list[int], data: st.DataObject) -> None:
    counts = np.array(sizes)
    total = data.draw(st.integers(len(sizes), int(counts.sum()) - len(sizes)))
    given_out = apportion(counts, total, np.ones_like(counts), counts - 1)
    assert given_out.sum() == total
    assert (given_out >= 1).all()
    assert (given_out < counts).all()
    unbounded = apportion(counts, total, np.zeros_like(counts), counts)
    assert (np.abs(unbounded - counts * total / counts.sum()) < 1).all()


def test_many_classes() -> None:
    counts = np.full(1000, 3)
    assert apportion(counts, 1200, np.ones_like(counts), counts - 1).sum() == 1200
