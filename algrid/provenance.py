"""Where results come from: versions, platform, BLAS kernel and the sources of the plugins used."""

from __future__ import annotations

import functools
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from algrid.registry import Plugin, source_hash

__all__ = ["code", "differences", "provenance"]

_PACKAGES = (
    "algrid",
    "numpy",
    "scipy",
    "scikit-learn",
    "modAL-python",
    "pandas",
    "pyarrow",
    "dask",
    "torch",
    "small-text",
    "transformers",
    "joblib",
    "threadpoolctl",
    "scikit-activeml",
    "tokenizers",
    "setfit",
    "sentence-transformers",
)


def provenance(plugins: Iterable[Plugin] = ()) -> dict[str, Any]:
    """What results made now, here, with these plugins depend on beside their configuration.

    Returns
    -------
    dict
        What `code` says, and ``commit``, ``python``, ``platform``, ``machine`` and ``blas``; and, where one of the
        plugins computes on a GPU if there is one, which ``gpu`` that is (``none``).
    """
    known = tuple(plugins)
    gpu = {"gpu": _gpu()} if any(getattr(plugin, "wants_gpu", False) for plugin in known) else {}
    return {**_machine(), **gpu, **code(known)}


def code(plugins: Iterable[Plugin] = ()) -> dict[str, Any]:
    """The part of it that is code: versions of ``algrid`` and ``packages``, hashes of the sources of ``plugins``."""
    return {
        "algrid": _version("algrid"),
        "packages": dict(_packages()),
        "plugins": {f"{type(p).__module__}.{p.name}": source_hash(p) for p in plugins},
    }


def differences(there: Mapping[str, Any], here: Mapping[str, Any], whose: str = "stored results have") -> list[str]:
    """What differs between two provenances, a line each; of GPU and plugins, what both name. Commits don't count."""
    found = [
        f"{what}: {whose} {there.get(what)}, here is {here.get(what)}"
        for what in ("algrid", "python", "platform", "machine", "blas", "gpu")
        if there.get(what) != here.get(what) and (what != "gpu" or (what in here and what in there))
    ]
    for group, word in (("packages", "package"), ("plugins", "source of plugin")):
        old, new = there.get(group, {}), here[group]
        found += [
            f"{word} {name}: {whose} {old[name]}, here is {new[name]}"
            for name in sorted(old.keys() & new.keys())
            if old[name] != new[name]
        ]
    return found


@functools.cache
def _packages() -> tuple[tuple[str, str], ...]:
    return tuple((name, found) for name in _PACKAGES if (found := _version(name)))


@functools.cache
def _machine() -> dict[str, Any]:
    return {
        "commit": _commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "blas": _blas(),
    }


@functools.cache
def _gpu() -> str:
    """Name of the GPU that torch would use, and its CUDA; ``none`` without one, or without torch."""
    if find_spec("torch") is None:
        return "none"
    import torch

    return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}" if torch.cuda.is_available() else "none"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    folder = Path(__file__).parent
    if not (folder.parent / ".git").exists():
        return ""  # an installed copy: its version says it all
    try:
        command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _blas() -> list[str]:
    import numpy.linalg  # noqa: F401 - loads the library that is asked about
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    libraries = {
        f"{i['internal_api']} {i.get('version') or ''} {i.get('architecture') or ''}".strip()
        for i in threadpool_info()
        if i["user_api"] == "blas"
    }
    return sorted(libraries)
