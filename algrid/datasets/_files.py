"""Files that users name: that they are there, and whether they changed."""

from __future__ import annotations

from pathlib import Path

from algrid.errors import DatasetError, nearest

__all__ = ["existing_file", "file_state"]


def existing_file(path: str) -> Path:
    """The file of a path.

    Raises
    ------
    DatasetError
        If it is absent, a folder or empty.
    """
    file = Path(path).expanduser()
    if file.is_dir():
        raise DatasetError(f"{path!r} is a folder: name a file in it.")
    if not file.is_file():
        siblings = [p.name for p in file.parent.iterdir()] if file.parent.is_dir() else []
        raise DatasetError(
            f"there is no file {path!r}.{nearest(file.name, siblings)} "
            f"Relative paths start at the folder in which algrid runs, {Path.cwd()}."
        )
    if file.stat().st_size == 0:
        raise DatasetError(f"file {path!r} is empty.")
    return file


def file_state(file: Path) -> tuple[str, int, int, int]:
    """The file's place, size and times of change (that of its content can be set by anybody): what caches go by."""
    state = file.stat()
    return str(file.resolve()), state.st_size, state.st_mtime_ns, state.st_ctime_ns
