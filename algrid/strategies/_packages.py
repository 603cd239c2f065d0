"""Packages that a strategy runs through and that may be absent."""

from __future__ import annotations

import importlib.util
from functools import cache

__all__ = ["absent"]

#: A plan asks hundreds of times, and looking through folders takes a while.
find_spec = cache(importlib.util.find_spec)


def absent(strategy: str, module: str, cure: str) -> str | None:
    """Why `strategy` can't run where `module` is not installed, and the cure; None where it is.

    Looks for the module without importing it.
    """
    if find_spec(module) is not None:
        return None
    return f"{strategy} needs the package {module}, which is not installed: {cure}"
