"""Compressed files, and reading that fails: whatever a reader raises is one clear error about the user's own file."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO

from algrid.datasets.formats.sniffing import first_bytes, hint
from algrid.errors import AlgridError, DatasetError

__all__ = ["COMPRESSIONS", "decompressed", "plain_name", "readable"]

#: Endings that may follow the one of a format.
COMPRESSIONS = (".gz", ".bz2", ".xz", ".zip")


def plain_name(name: str) -> str:
    """A file's name without its folder and the ending of a compression."""
    path = Path(name)
    return path.stem if path.suffix.lower() in COMPRESSIONS else path.name


@contextmanager
def decompressed(path: Path, endings: Collection[str]) -> Iterator[Path]:
    """The file, or a temporary one that it was decompressed into, with its ending.

    Parameters
    ----------
    path : Path
    endings : collection of str
        Of the files that are meant in an archive of several.

    Raises
    ------
    DatasetError
        If it can't be decompressed, is empty then, or is an archive without exactly one such file; and those that are
        raised inside, with the user's file in place of the temporary one.
    """
    if path.suffix.lower() not in COMPRESSIONS:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="algrid-") as folder:
        with readable(path, f"a compressed file ({path.suffix})"), _opened(path, endings) as (name, source):
            plain = Path(folder) / name
            with plain.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
        if not plain.stat().st_size:
            raise DatasetError(f"file {str(path)!r} has an empty file in it.")
        try:
            yield plain
        except DatasetError as error:
            raise DatasetError(str(error).replace(str(plain), str(path))) from error


@contextmanager
def readable(path: Path, kind: str) -> Iterator[None]:
    """Turns whatever a reader raises into a DatasetError: readers raise dozens of kinds."""
    try:
        yield
    except AlgridError:
        raise
    except MemoryError:
        raise
    except Exception as error:
        raise DatasetError(
            f"file {str(path)!r} can't be read as {kind} ({' '.join(str(error).split())}). Is it {kind}, as its ending "
            f"says, and whole?{hint(first_bytes(path))}"
        ) from error


@contextmanager
def _opened(path: Path, endings: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of what is compressed."""
    ending = path.suffix.lower()
    if ending != ".zip":
        module = import_module({".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}[ending])
        with module.open(path, "rb") as source:
            yield path.stem, source
        return
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if not n.endswith("/") and not n.startswith("__MACOSX/")]
        usable = [name for name in names if Path(name).suffix.lower() in endings]
        if len(usable) != 1:
            raise DatasetError(
                f"the archive {str(path)!r} must hold exactly one file of data, with one of the endings "
                f"{', '.join(endings)}; it holds {', '.join(names[:10]) or 'nothing'}. Extract the one that is meant."
            )
        with archive.open(usable[0]) as source:
            yield Path(usable[0]).name, source
