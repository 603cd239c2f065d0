"""Subsets that cover: against exhaustive search, and the promises of a seed."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from algrid.errors import GridError
from algrid.space_filling import discrepancy, representative

POINTS = hnp.arrays(np.float64, st.tuples(st.integers(2, 9), st.just(2)), elements=st.sampled_from([0, 0.25, 0.5, 1]))


def test_discrepancy_by_hand() -> None:
    line = np.array([[0.0], [1.0], [2.0], [6.0]])
    assert discrepancy(line, np.array([1])) == (5.0, (1 + 0 + 1 + 5) / 4)
    assert discrepancy(line, np.array([0, 3])) == (2.0, (0 + 1 + 2 + 0) / 4)
    plane = np.array([[0.0, 0.0], [1.0, 1.0]])
    assert discrepancy(plane, np.array([0])) == (1.0, 0.5)  # a share of the diagonal


def test_three_clusters_have_one_each() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([centre + rng.normal(0, 0.01, (7, 2)) for centre in ([0, 0], [0, 1], [1, 0])])
    chosen = representative(points, 3)
    assert sorted(chosen // 7) == [0, 1, 2]


@given(POINTS, st.integers(1, 4), st.integers(0, 3))
@settings(deadline=None, max_examples=60)
def test_no_single_swap_is_better_and_greedy_s_bound_holds(points: np.ndarray, count: int, seed: int) -> None:
    count = min(count, len(points))
    chosen = representative(points, count, seed)
    assert len(set(chosen.tolist())) == count
    assert np.array_equal(chosen, representative(points, count, seed))
    own = discrepancy(points, chosen)
    every = [discrepancy(points, np.array(subset)) for subset in combinations(range(len(points)), count)]
    assert own[0] <= 2 * min(every)[0] + 1e-9  # Gonzalez, 1985
    for place in range(count):
        for other in set(range(len(points))) - set(chosen.tolist()):
            swapped = chosen.copy()
            swapped[place] = other
            assert own[0] <= discrepancy(points, swapped)[0] + 1e-9


def test_better_than_nearly_all_random_subsets() -> None:
    rng = np.random.default_rng(1)
    points = rng.random((60, 5))
    own = discrepancy(points, representative(points, 10))[0]
    drawn = [discrepancy(points, rng.permutation(60)[:10])[0] for _ in range(200)]
    assert own < min(drawn)


def test_what_can_t_be_had() -> None:
    with pytest.raises(GridError, match="subset of 5 was asked for; there are 4 datasets of known shape"):
        representative(np.zeros((4, 2)), 5)
    assert representative(np.zeros((4, 2)), 4).tolist() == [0, 1, 2, 3]
