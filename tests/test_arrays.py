"""Small helpers on arrays, by hand."""

from __future__ import annotations

import numpy as np

from algrid.arrays import places_in


def test_places() -> None:
    places, known = places_in(np.array([2, 5, 9]), np.array([5, 1, 9, 10]))
    assert known.tolist() == [True, False, True, False]
    assert places[known].tolist() == [1, 2]
    assert places_in(np.array([], np.uint64), np.array([5], np.uint64))[1].tolist() == [False]
