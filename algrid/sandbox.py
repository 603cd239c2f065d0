"""A sandbox for libraries that draw from global generators."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

__all__ = ["sandboxed"]


@contextmanager
def sandboxed(rng: np.random.Generator) -> Iterator[None]:
    """Seed the global generators of numpy and of `random` from `rng`, and put them back as they were.

    Algrid's own code never draws from them; a library inside this context that does gets the same
    numbers every time, and nobody outside notices.
    """
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        np.random.set_state(np.random.RandomState(int(rng.integers(2**32))).get_state())  # noqa: NPY002
        random.seed(int(rng.integers(2**63)))
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
