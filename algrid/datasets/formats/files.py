"""From a file's name to its reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.datasets.formats.compression import COMPRESSIONS, decompressed, plain_name, readable
from algrid.datasets.formats.sniffing import first_bytes, hint
from algrid.errors import DatasetError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ENDINGS", "Arrays", "Format", "as_text", "exact_numbers", "format_of", "read_file", "stem_of"]


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
#: Endings that are read; each may be followed by one of a compression.
ENDINGS: tuple[str, ...] = tuple(_FORMATS)


def format_of(name: str) -> Format | None:
    """The format of a file by its name, the ending of a compression left aside."""
    return _FORMATS.get(Path(plain_name(name.lower())).suffix)


def stem_of(name: str) -> str:
    """A file's name without folder and endings: ``a`` of ``d/a.csv.gz``, ``v1.2`` of ``v1.2.csv``."""
    return Path(plain_name(name)).stem if format_of(name) else Path(name).stem


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
    with decompressed(path, ENDINGS) as plain:
        found = _FORMATS.get(plain.suffix.lower())
        if found is None:
            ending = f"the ending {path.suffix!r}" if path.suffix else "no ending"
            raise DatasetError(
                f"file {str(path)!r} has {ending}; known are {', '.join(ENDINGS)}, each also followed by "
                f"{', '.join(COMPRESSIONS)}. Files of texts, such as .jsonl, are read by text_file."
                f"{hint(first_bytes(path))}"
            )
        with readable(path, found.kind):
            return found.read(plain, target, encoding)


def exact_numbers() -> dict[str, Any]:
    """Options of pandas' `read_csv` by which numbers are read to the last bit."""
    import pandas as pd

    # from 3.1 on it does so by default, and warns of the option
    exact = tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1)
    return {} if exact else {"float_precision": "round_trip"}


def as_text(value: Any) -> str:
    """A name in a file as text."""
    return value.decode("utf-8") if isinstance(value, bytes | np.bytes_) else str(value)
