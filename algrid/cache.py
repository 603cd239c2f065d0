"""What was found out once and can be found out again: files that anybody may delete at any time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from algrid.identity import content_key

__all__ = ["cache_folder", "folder_hash", "made_once", "remembered"]


def cache_folder() -> Path | None:
    """Where caches are: ``ALGRID_CACHE``, else ``algrid`` in ``XDG_CACHE_HOME`` or ``~/.cache``; None with no home."""
    if given := os.environ.get("ALGRID_CACHE"):
        return Path(given)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "algrid"
    try:
        return Path.home() / ".cache" / "algrid"
    except RuntimeError:
        return None


def remembered(kind: str, key: str, compute: Callable[[], Any]) -> Any:
    """The plain data that `compute` gives, from the cache where they are there and whole.

    A file that is damaged counts as none; a cache that can't be written to costs time, and nothing else.

    Parameters
    ----------
    kind : str
        Name of the folder.
    key : str
        Of everything that the data depend on.
    compute : callable
        Gives JSON-able data.
    """
    folder = cache_folder()
    path = None if folder is None else folder / kind / f"{key}.json"
    if path is not None and (found := _read(path, key)) is not None:
        return found
    data = json.loads(json.dumps(compute()))
    if path is not None:
        _write(path, {"key": key, "check": content_key(data), "data": data})
    return data


@cache
def folder_hash(folder: Path) -> str:
    """Hash of the Python files of a folder: what their code found out is theirs alone."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def made_once(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """A folder in the cache that is filled by whoever comes first; all others wait for it and take it as it is.

    It appears whole or not at all. Where the cache can't be written to, it is made for this process alone.

    Parameters
    ----------
    kind : str
        Name of the folder that it is in.
    key : str
        Of everything that its files depend on.
    make : callable
        Writes the files into an empty folder.
    """
    base = cache_folder()
    if base is None or not _writable(base / kind):
        base = Path(_own_folder().name)
    folder = base / kind / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released with the file, also by a process that dies
        if folder.is_dir():
            return folder
        with tempfile.TemporaryDirectory(prefix=".tmp-", dir=folder.parent) as made:
            whole = Path(made) / key
            whole.mkdir()
            make(whole)
            whole.rename(folder)
    return folder


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


@cache
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes away with this process."""
    return tempfile.TemporaryDirectory(prefix="algrid-")


def _read(path: Path, key: str) -> Any:
    try:
        content = json.loads(path.read_bytes())
        whole = content["key"] == key and content["check"] == content_key(content["data"])
        return content["data"] if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, content: Any) -> None:
    temporary = path.with_name(f".tmp-{secrets.token_hex(4)}-{path.name}")  # of two writers the last one counts
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(json.dumps(content), encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
