"""From a file's name to its reader, through compression; whatever a reader raises is one clear error."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.datasets.formats.sniffing import looks_like
from algrid.errors import AlgridError, DatasetError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ENDINGS", "Arrays", "Format", "as_text", "exact_numbers", "format_of", "read_file", "readable", "stem_of"]


@dataclass(frozen=True)
class Arrays:
    """What a file holds that has features and labels apart.

    Parameters
    ----------
    X : (n_rows, n_columns) array or CSR matrix
    y : (n_rows,) array
        Labels.
    names : tuple of str
        Of the columns.
    categorical : tuple of str
        Columns that the file itself says are categories.
    """

    X: NDArray[Any] | sp.csr_matrix
    y: NDArray[Any]
    names: tuple[str, ...]
    categorical: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Parameters
    ----------
    kind : str
        What messages call it.
    module : str
        Of this package; its ``read(path, target, encoding)`` gives a DataFrame (the target among the columns) or
        `Arrays`.
    """

    kind: str
    module: str

    def read(self, path: Path, target: str, encoding: str) -> pd.DataFrame | Arrays:
        """What the file holds."""
        reader: Callable[[Path, str, str], pd.DataFrame | Arrays] = import_module(
            f"algrid.datasets.formats.{self.module}"
        ).read
        return reader(path, target, encoding)


_CSV, _PARQUET = Format("CSV", "csv_text"), Format("Parquet", "parquet")
_LIBSVM, _NPZ, _ARFF = Format("LIBSVM", "libsvm"), Format("npz", "npz"), Format("ARFF", "arff")

#: Format by ending.
_FORMATS: Mapping[str, Format] = {
    **dict.fromkeys((".csv", ".tsv"), _CSV),
    **dict.fromkeys((".parquet", ".pq"), _PARQUET),
    **dict.fromkeys((".svm", ".libsvm", ".svmlight", ".txt"), _LIBSVM),
    ".npz": _NPZ,
    ".arff": _ARFF,
}
_COMPRESSIONS = (".gz", ".bz2", ".xz", ".zip")
#: Endings that are read; each may be followed by one of a compression.
ENDINGS: tuple[str, ...] = tuple(_FORMATS)


def format_of(name: str) -> Format | None:
    """The format of a file by its name, the ending of a compression left aside."""
    path = Path(name.lower())
    return _FORMATS.get(path.with_suffix("").suffix if path.suffix in _COMPRESSIONS else path.suffix)


def stem_of(name: str) -> str:
    """A file's name without folder and endings: ``a`` of ``d/a.csv.gz``, ``v1.2`` of ``v1.2.csv``."""
    path = Path(name)
    return Path(path.stem).stem if path.suffix.lower() in _COMPRESSIONS and format_of(path.name) else path.stem


def read_file(path: Path, target: str, encoding: str = "utf-8") -> pd.DataFrame | Arrays:
    """What a file holds.

    Parameters
    ----------
    path : Path
        An existing file.
    target : str
        Name of the column of the labels; empty where the format or the file says it.
    encoding : str
        Of a text.

    Raises
    ------
    DatasetError
        If its ending is unknown, or it is not what its ending says.
    """
    with _plain(path) as plain:
        found = _FORMATS.get(plain.suffix.lower())
        if found is None:
            raise DatasetError(
                f"file {str(path)!r} has the ending {path.suffix!r}; known are {', '.join(ENDINGS)}, each also "
                f"followed by {', '.join(_COMPRESSIONS)}.{_hint(path)}"
            )
        try:
            with readable(path, found.kind):
                return found.read(plain, target, encoding)
        except DatasetError as error:  # a user knows nothing of the temporary file
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
            f"{path.suffix!r} says, whole, and in UTF-8?{_hint(path)}"
        ) from error


@contextmanager
def _plain(path: Path) -> Iterator[Path]:
    """The file, or a temporary one that it was decompressed into, with its ending."""
    if path.suffix.lower() not in _COMPRESSIONS:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="algrid-") as folder:
        with readable(path, f"a compressed file ({path.suffix})"), _opened(path) as (name, source):
            plain = Path(folder) / name
            with plain.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
        if not plain.stat().st_size:
            raise DatasetError(f"file {str(path)!r} has an empty file in it.")
        yield plain


@contextmanager
def _opened(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of what is compressed."""
    ending = path.suffix.lower()
    if ending != ".zip":
        module = import_module({".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}[ending])
        with module.open(path, "rb") as source:
            yield path.stem, source
        return
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if not n.endswith("/") and not n.startswith("__MACOSX/")]
        usable = [name for name in names if Path(name).suffix.lower() in _FORMATS]
        if len(usable) != 1:
            raise DatasetError(
                f"the archive {str(path)!r} must hold exactly one file of data, with one of the endings "
                f"{', '.join(ENDINGS)}; it holds {', '.join(names[:10]) or 'nothing'}. Extract the one that is meant."
            )
        with archive.open(usable[0]) as source:
            yield Path(usable[0]).name, source


def _hint(path: Path) -> str:
    kind = looks_like(path)
    return f" Its first bytes are those of {kind}." if kind else ""


def exact_numbers() -> dict[str, Any]:
    """Options of pandas' `read_csv` by which numbers are read to the last bit."""
    import pandas as pd

    # from 3.1 on it does so by default, and warns of the option
    exact = tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1)
    return {} if exact else {"float_precision": "round_trip"}


def as_text(value: Any) -> str:
    """A name in a file as text."""
    return value.decode("utf-8") if isinstance(value, bytes | np.bytes_) else str(value)
