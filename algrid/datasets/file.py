"""A user's own file as a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from algrid.datasets._file_based import FileBased
from algrid.datasets._files import existing_file
from algrid.datasets.base import Dataset
from algrid.datasets.formats import read_file, stem_of

__all__ = ["File"]


@dataclass(frozen=True, kw_only=True)
class File(FileBased):
    """A local file: CSV, Parquet, LIBSVM, NumPy or ARFF, told by its ending, also compressed.

    - ``.csv``, ``.tsv``: a header line, separated by comma, semicolon or tab. Empty, ``?``, ``NA`` and pandas' other
      spellings of it are missing. UTF-8 (or UTF-16 that begins with its mark), or what `encoding` says.
    - ``.parquet``, ``.pq``: flat columns.
    - ``.svm``, ``.libsvm``, ``.svmlight``, ``.txt``: ``label index:value ...`` a line. Columns are called by their
      index in the file. Dense if that is small (2 million cells) or a quarter is filled, else sparse.
    - ``.npz``: arrays ``X`` (or the parts of a CSR matrix, as `scipy.sparse.save_npz` writes them, plain or as
      ``X_data`` ...), ``y`` (or what `target` says) and perhaps ``feature_names``.
    - ``.arff``: dense or sparse. Nominal columns are categorical.
    - any of them followed by ``.gz``, ``.bz2``, ``.xz``, or in a ``.zip`` that holds one file of data.

    Columns of text or truth values are categorical. Classes are the labels in sorted order (of numbers, or
    of text). What can't be used is an error, nothing is repaired silently: rows without a label, columns
    without any value, infinite values, a target with fractions and more than 100 values.

    Parameters
    ----------
    path : str
        Relative paths start at the folder in which algrid runs.
    target : str
        Column of the class labels. A LIBSVM file needs none (``label`` is accepted), an npz has ``y`` by default.
    title : str
        Name of the dataset in tables and figures; by default the file's name without its ending.
    categorical, drop, rows, features, classes
        As in `FileBased`.
    encoding : str
        Of a text file: a name that Python knows, or ``auto`` (UTF-8 where it is that, else Latin-1).
    """

    name: ClassVar[str] = "file"
    source: ClassVar[str] = "the user's own file"
    licence: ClassVar[str] = "the file's own"

    path: Annotated[str, Field(min_length=1)]
    encoding: Annotated[str, Field(min_length=1)] = "utf-8"

    @property
    def dataset_name(self) -> str:
        """The title, or the file's name without its endings."""
        return self.title or stem_of(self.path)

    def files(self) -> tuple[Path, ...]:
        """The file.

        Raises
        ------
        DatasetError
            If there is none.
        """
        return (existing_file(self.path),)

    def _read(self) -> Dataset:
        return self._dataset(read_file(existing_file(self.path), self.target, self.encoding), f"file {self.path!r}")
