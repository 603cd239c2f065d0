"""Where data are that are neither generated nor brought along by a package, and how files get there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["data_folder", "replacing"]


def data_folder() -> Path:
    """The folder of downloaded data, the user's own files and catalogues: ``ALGRID_DATA``, else ``data``.

    Absolute, so that it means the same in a worker.
    """
    return Path(os.environ.get("ALGRID_DATA") or "data").expanduser().absolute()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path`, which takes its place when all went well: nobody ever sees a part of it.

    Parameters
    ----------
    path : Path
        Its folder is made where it is not there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".tmp-{secrets.token_hex(4)}-{path.name}")  # of two writers the last one counts
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
