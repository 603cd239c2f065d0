"""Where data are that are neither generated nor brought along by a package."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["data_folder"]


def data_folder() -> Path:
    """The folder of downloaded data, the user's own files and catalogues: ``ALGRID_DATA``, else ``data``.

    Absolute, so that it means the same in a worker.
    """
    return Path(os.environ.get("ALGRID_DATA") or "data").expanduser().absolute()
