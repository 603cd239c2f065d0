"""A user's own file as a dataset."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.errors import AlgridError, DatasetError, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["File"]

_TABLES = {".csv": "CSV", ".tsv": "CSV", ".parquet": "Parquet", ".pq": "Parquet"}
_LIBSVM = (".svm", ".libsvm", ".svmlight", ".txt")

#: Sparse features of at most so many cells, or filled to at least this share, are read as dense.
_DENSE_CELLS, _DENSE_SHARE = 2_000_000, 0.25


@dataclass(frozen=True)
class File(DatasetPlugin):
    """A local file: CSV, Parquet or LIBSVM, told by its ending.

    - ``.csv``, ``.tsv``: UTF-8, a header line, separated by comma, semicolon or tab. Empty, ``?``, ``NA``
      and pandas' other spellings of it are missing.
    - ``.parquet``, ``.pq``: flat columns.
    - ``.svm``, ``.libsvm``, ``.svmlight``, ``.txt``: ``label index:value ...`` a line. Columns are called by
      their index in the file. Dense if that is small (2 million cells) or a quarter is filled, else sparse.

    Columns of text or truth values are categorical. Classes are the labels in sorted order (of numbers, or
    of text). What can't be used is an error, nothing is repaired silently: rows without a label, columns
    without any value, infinite values, a target with fractions and more than 100 values.

    The data's content alone is part of a run's identity: the file may be moved or converted.

    Parameters
    ----------
    path : str
        Relative paths start at the folder in which algrid runs.
    target : str
        Column of the class labels. A LIBSVM file needs none (``label`` is accepted).
    title : str
        Name of the dataset in tables and figures; by default the file's name without its ending.
    categorical : tuple of str
        Columns of numbers that are categories.
    drop : tuple of str
        Columns that are left out, such as ids.
    """

    name: ClassVar[str] = "file"
    source: ClassVar[str] = "the user's own file"
    licence: ClassVar[str] = "the file's own"

    path: Annotated[str, Field(min_length=1)]
    target: str = ""
    title: str = ""
    categorical: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    @property
    def dataset_name(self) -> str:
        """The title, or the file's name without its ending."""
        return self.title or Path(self.path).stem

    @property
    def label(self) -> str:
        """The dataset's name: one file is one dataset."""
        return self.dataset_name

    def identity(self) -> dict[str, Any]:
        """Name, version and the hash of the content; neither path nor title."""
        state = self._file().stat()
        return {"name": self.name, "version": self.version, "content": _content(self, state.st_mtime_ns, state.st_size)}

    def state(self) -> list[Any]:
        """The file's place, size and times of change (that of its content can be set by anybody)."""
        path = self._file()
        state = path.stat()
        return [str(path.resolve()), state.st_size, state.st_mtime_ns, state.st_ctime_ns]

    def load(self) -> Dataset:
        """Read the file.

        Raises
        ------
        DatasetError
            If it is absent, empty, not of its kind, or holds what can't be used.
        """
        path = self._file()
        ending = path.suffix.lower()
        if ending in _LIBSVM:
            return self._load_libsvm(path)
        if ending not in _TABLES:
            raise DatasetError(
                f"file {self.path!r} has the ending {ending!r}; known are {', '.join([*_TABLES, *_LIBSVM])}."
            )
        return self._load_table(path, _TABLES[ending])

    def _file(self) -> Path:
        path = Path(self.path).expanduser()
        if path.is_dir():
            raise DatasetError(f"{self.path!r} is a folder: name a file in it.")
        if not path.is_file():
            siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
            raise DatasetError(
                f"there is no file {self.path!r}.{nearest(path.name, siblings)} "
                f"Relative paths start at the folder in which algrid runs, {Path.cwd()}."
            )
        if path.stat().st_size == 0:
            raise DatasetError(f"file {self.path!r} is empty.")
        return path

    def _load_table(self, path: Path, kind: str) -> Dataset:
        with self._readable(kind):
            frame = _read_csv(path) if kind == "CSV" else _read_parquet(path)
        if not self.target:
            raise DatasetError(
                f"file {self.path!r} needs a target, the column of the class labels: one of {', '.join(frame.columns)}."
            )
        return Dataset.from_frame(
            frame, target=self.target, name=self.dataset_name, categorical=self.categorical, drop=self.drop
        )

    def _load_libsvm(self, path: Path) -> Dataset:
        from sklearn.datasets import load_svmlight_file

        from algrid.datasets._frame import require_columns

        if self.target not in {"", "label"}:
            raise DatasetError(
                f"file {self.path!r} is a LIBSVM file: its target is the label that begins a line. Leave out "
                f"target: {self.target!r}."
            )
        with self._readable("LIBSVM"):
            X, y = load_svmlight_file(path, zero_based=True)
        first = 0 if (X.indices == 0).any() else 1  # indices start at 1, unless there is a 0
        names = [str(index) for index in range(first, X.shape[1])]
        require_columns(self.drop, names, name=self.dataset_name, role="column to drop")
        kept = [name for name in names if name not in self.drop]
        require_columns(self.categorical, kept, name=self.dataset_name, role="categorical column")
        X = X[:, [int(name) for name in kept]]
        n_cells = X.shape[0] * X.shape[1]
        dense = n_cells <= _DENSE_CELLS or X.nnz >= _DENSE_SHARE * n_cells
        return Dataset.from_arrays(
            X.toarray() if dense else X,
            y,
            name=self.dataset_name,
            categorical=[kept.index(name) for name in self.categorical],
            feature_names=kept,
        )

    @contextmanager
    def _readable(self, kind: str) -> Iterator[None]:
        """Turns whatever a reader raises into a DatasetError: readers raise dozens of kinds."""
        try:
            yield
        except AlgridError:
            raise
        except Exception as error:
            raise DatasetError(
                f"file {self.path!r} can't be read as {kind} ({' '.join(str(error).split())}). Is it {kind}, as its "
                f"ending {Path(self.path).suffix!r} says, whole, and in UTF-8?"
            ) from error


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
    separator = max(",;\t", key=header.count)
    names = next(csv.reader([header], delimiter=separator), [])
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:  # pandas would rename the second one
        raise DatasetError(f"file {str(path)!r} has two columns called {repeated[0]!r}. Rename or remove one.")
    # from 3.1 on pandas reads numbers to the last bit by default, and warns of the option
    exact = tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1)
    options: dict[str, Any] = {} if exact else {"float_precision": "round_trip"}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # lines with a value too many
        frame: pd.DataFrame = pd.read_csv(
            path,
            sep=separator,
            encoding="utf-8-sig",
            na_values=["?"],
            skipinitialspace=True,
            index_col=False,  # or a value too many in every line would shift all columns
            low_memory=False,
            **options,
        )
    return frame


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow.parquet

    table = pyarrow.parquet.ParquetFile(path).read()
    repeated = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if repeated:
        raise DatasetError(f"file {str(path)!r} has two columns called {repeated[0]!r}. Rename or remove one.")
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame


@lru_cache(maxsize=64)
def _content(plugin: File, changed: int, size: int) -> str:  # noqa: ARG001 - the cache's key
    return plugin.load().content_hash
