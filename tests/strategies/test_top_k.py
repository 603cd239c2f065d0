"""`top_k` against a full sort."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.strategies.base import top_k


@given(
    st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.25, 1.0, np.inf]) | st.floats(-1, 1), min_size=1, max_size=40),
    st.data(),
)
@settings(deadline=None, max_examples=150)
def test_equals_a_full_sort(values: list[float], data: st.DataObject) -> None:
    utilities = np.array(values)
    ties = np.array(data.draw(st.permutations(range(len(values)))), dtype=np.intp)
    k = data.draw(st.integers(1, len(values)))
    np.testing.assert_array_equal(top_k(utilities, ties, k), np.lexsort((ties, -utilities))[:k])


def test_equal_utilities_go_by_tie_rank() -> None:
    assert top_k(np.array([0.5, 0.9, 0.5, 0.5]), np.array([3, 2, 0, 1]), 3).tolist() == [1, 2, 3]
