"""Packages that a strategy runs through and that may be absent."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["absent"]


def absent(strategy: str, module: str, cure: str) -> str | None:
    """Why `strategy` can't run where `module` is not installed, and the cure; None where it is.

    Looks for the module without importing it.
    """
    if find_spec(module) is not None:
        return None
    return f"{strategy} needs the package {module}, which is not installed: {cure}"
