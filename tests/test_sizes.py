"""Expected bytes of stored runs."""

from __future__ import annotations

import numpy as np
import pytest

from algrid.sizes import run_bytes


def test_hand_computed() -> None:
    # 20 + 3 points x (26 + two matrices of 4 counts at half a byte) + 20 labels x log2(256) / 8
    assert run_bytes(3, 20, 256, 2) == pytest.approx(20 + 3 * (26 + 4) + 20)
    # 60 classes are stored sparse: at most a count for each of the 170 rows, 4 bytes each
    assert run_bytes(1, 0, 100, 60) == pytest.approx(20 + 26 + 680)


def test_more_of_anything_takes_more() -> None:
    at = [np.array([1, 2, 9]), np.array([5, 50, 51]), np.array([10, 100, 1000]), np.array([2, 5, 50])]
    assert (np.diff(run_bytes(*at)) > 0).all()
    assert run_bytes(*np.meshgrid(*at)).shape == (3, 3, 3, 3)
