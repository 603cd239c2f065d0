"""The reference study's preparation, by hand, and that it leaks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from algrid.datasets import Dataset
from algrid.errors import DatasetError
from algrid.grid import GridSpec
from algrid.planner import make_plan
from algrid.preprocessing import PREPROCESSINGS

PAPER = PREPROCESSINGS.build("paper")


def dataset(X: Any, categorical: tuple[int, ...] = ()) -> Dataset:
    return Dataset("d", X, np.arange(X.shape[0]) % 2, ("a", "b"), categorical)


def test_by_hand() -> None:
    nan = np.nan
    X = np.array([[4, 0], [nan, 2], [8, nan], [-2, 1]])
    X_pool, X_test = PAPER.prepare(dataset(X, (1,)), np.array([0, 1, 2]), np.array([3]))
    # of all rows: 4, 0, 8, -2 reach over 10, codes and -1 for the missing one over 3
    assert X_pool == pytest.approx(np.array([[0.6, 1 / 3], [0.2, 1], [1, 0]]))
    assert X_test == pytest.approx(np.array([[0, 2 / 3]]))


def test_a_constant_column_becomes_0() -> None:
    X_pool, X_test = PAPER.prepare(dataset(np.full((4, 1), 3.0)), np.arange(3), np.array([3]))
    assert X_pool.tolist() == [[0]] * 3
    assert X_test.tolist() == [[0]]


def test_the_test_part_has_a_say_unlike_in_robust_minmax() -> None:
    X = np.array([[0.0], [1.0], [2.0], [10.0]])
    leaking, _ = PAPER.prepare(dataset(X), np.arange(3), np.array([3]))
    honest, _ = PREPROCESSINGS.build("robust_minmax").prepare(dataset(X), np.arange(3), np.array([3]))
    assert leaking[:, 0] == pytest.approx([0, 0.1, 0.2])
    assert honest[:, 0] == pytest.approx([0, 0.5, 1])


def test_what_it_can_t_serve() -> None:
    sparse = dataset(sp.csr_matrix(np.eye(4)))
    with pytest.raises(DatasetError, match=r"with 'paper\(leaks\)': the study's preparation centres"):
        PAPER.prepare(sparse, np.arange(3), np.array([3]))
    with pytest.raises(DatasetError, match="too large for 'paper"):
        PAPER.prepare(dataset(np.array([[1.7e308], [-1.7e308]] * 2)), np.arange(3), np.array([3]))


def test_its_leak_is_said_wherever_it_is_shown() -> None:
    assert PAPER.label == "paper(leaks)"
    assert PAPER.identity_in_cell() == "paper"
    assert "LEAKS" in type(PAPER).summary()
    grid = {"datasets": ["iris"], "strategies": ["random"], "preprocessing": ["robust_minmax", "paper"]}
    plan = make_plan(GridSpec.from_dict(grid))
    assert [note for note in plan.notes if "paper(leaks) is fitted on test rows too" in note]
    assert {cell.levels()["preprocessing"] for cell in plan.cells} == {"robust_minmax", "paper(leaks)"}
    honest = make_plan(GridSpec.from_dict({**grid, "preprocessing": "robust_minmax", "exclude": []}))
    assert not [note for note in honest.notes if "fitted on test rows" in note]
