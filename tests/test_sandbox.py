"""The sandbox for libraries that draw from global generators."""

from __future__ import annotations

import random

import numpy as np
import pytest

from algrid.sandbox import sandboxed


def draws(seed: int) -> tuple[float, float]:
    with sandboxed(np.random.default_rng(seed)):
        return float(np.random.rand()), random.random()  # noqa: NPY002


def test_draws_depend_on_the_stream_alone() -> None:
    np.random.seed(0)  # noqa: NPY002
    first = draws(7)
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    assert draws(7) == first
    assert draws(8) != first


def fail_after_drawing() -> None:
    with sandboxed(np.random.default_rng(0)):
        np.random.rand(5)  # noqa: NPY002
        random.random()
        raise ZeroDivisionError


def test_restored_after_an_error() -> None:
    np.random.seed(3)  # noqa: NPY002
    random.seed(3)
    expected = float(np.random.rand()), random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    random.seed(3)
    with pytest.raises(ZeroDivisionError):
        fail_after_drawing()
    assert (float(np.random.rand()), random.random()) == expected  # noqa: NPY002
