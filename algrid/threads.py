"""One thread for the numerical libraries that another library calls."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from importlib import import_module
from typing import Any

__all__ = ["one_thread"]


def one_thread(package: str) -> AbstractContextManager[Any]:
    """A context in which BLAS and OpenMP, as far as `package` (imported here) has loaded them, use one thread.

    The number of threads would change the last bits of distances and of cluster centres. The libraries are
    looked for once in a process and package: that takes milliseconds.
    """
    context: AbstractContextManager[Any] = _loaded(package).limit(limits=1)
    return context


@lru_cache
def _loaded(package: str) -> Any:
    from threadpoolctl import ThreadpoolController

    import_module(package)
    return ThreadpoolController()
