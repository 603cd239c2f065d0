"""Datasets that are read from files: what is declared about them, and what is expected of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import scipy.sparse as sp
from pydantic import Field

from algrid.datasets._files import file_state
from algrid.datasets._frame import listed, require_columns
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.datasets.facts import DatasetFacts
from algrid.datasets.formats import Arrays
from algrid.errors import DatasetError, DataWarning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Count", "FileBased"]

#: Sparse features of at most so many cells, or filled to at least this share, are read as dense.
_DENSE_CELLS, _DENSE_SHARE = 2_000_000, 0.25

#: A number that is expected, or None where it is not known.
Count = Annotated[int, Field(ge=1)] | None


@dataclass(frozen=True, kw_only=True)
class FileBased(DatasetPlugin):
    """Base of datasets that are read from files: override `files` and `_read`.

    The data's content alone is part of a run's identity: files may be moved or converted.

    Parameters
    ----------
    target : str
        Column of the class labels.
    title : str
        Name of the dataset in tables and figures.
    categorical : tuple of str
        Columns of numbers that are categories.
    drop : tuple of str
        Columns that are left out, such as ids.
    rows, features, classes : int, optional
        What is expected; other numbers are an `AlgridWarning`. Features are columns without target and
        dropped ones.
    """

    strict: ClassVar[bool] = False

    target: str = ""
    title: str = ""
    categorical: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    rows: Count = None
    features: Count = None
    classes: Count = None

    @property
    def label(self) -> str:
        """The dataset's name: one file is one dataset."""
        return self.dataset_name

    def load(self) -> Dataset:
        """Read the file.

        Raises
        ------
        DatasetError
            If it is absent, empty, not of its kind, or holds what can't be used.
        """
        data = self._read()
        self._compare(data)
        return data

    def files(self) -> tuple[Path, ...]:
        """The files that are read; none where the data are not there."""
        raise NotImplementedError

    def state(self) -> Any:
        """The files'."""
        return [file_state(path) for path in self.files()]

    def facts(self) -> DatasetFacts:
        """The facts of the data; where these are not there, those that are expected, with classes of equal size.

        Raises
        ------
        DatasetError
            If the data can't be used, or are not there and rows, features or classes are not known.
        """
        if self.files():
            return super().facts()
        if self.rows is None or self.features is None or self.classes is None:
            return self.load().facts  # raises what says how to get them
        counts = tuple(self.rows // self.classes + (code < self.rows % self.classes) for code in range(self.classes))
        return DatasetFacts(self.dataset_name, tuple(map(str, range(self.classes))), counts, self.features)

    def identity(self) -> dict[str, Any]:
        """Name, version and the hash of the content; neither path nor title."""
        return {"name": self.name, "version": self.version, "content": self.facts().content_hash}

    def _read(self) -> Dataset:
        raise NotImplementedError

    def _dataset(
        self, found: pd.DataFrame | Arrays, where: str, *, drop: Sequence[str] = (), target: str = ""
    ) -> Dataset:
        """The dataset that a file's content is, by what is declared here and (`drop`, `target`) by its source."""
        drop = tuple(dict.fromkeys([*self.drop, *drop]))
        target = self.target or target
        if isinstance(found, Arrays):
            return self._of_arrays(found, drop)
        if not target:
            columns = listed([str(column) for column in found.columns])
            raise DatasetError(
                f"{where} needs a target, the column of the class labels: one of {columns}. Give it as `target:` in "
                "a grid file, or write it into your catalogue: algrid datasets add FILE --target COLUMN."
            )
        return Dataset.from_frame(found, target=target, name=self.dataset_name, categorical=self.categorical, drop=drop)

    def _of_arrays(self, found: Arrays, drop: Sequence[str]) -> Dataset:
        name, names = self.dataset_name, found.names
        require_columns(drop, names, name=name, role="column to drop")
        kept = [column for column in names if column not in drop]
        require_columns(self.categorical, kept, name=name, role="categorical column")
        categorical = [*self.categorical, *(column for column in found.categorical if column in kept)]
        X = found.X if len(kept) == len(names) else found.X[:, [names.index(column) for column in kept]]
        if sp.issparse(X):
            n_cells = X.shape[0] * X.shape[1]
            X = X.toarray() if n_cells <= _DENSE_CELLS or X.nnz >= _DENSE_SHARE * n_cells else X
        return Dataset.from_arrays(
            X,
            found.y,
            name=name,
            categorical=[kept.index(column) for column in dict.fromkeys(categorical)],
            feature_names=kept,
        )

    def _compare(self, data: Dataset) -> None:
        """Say what is not as expected; where `strict`, other rows or classes are an error."""
        expected = {"rows": self.rows, "classes": self.classes, "features": self.features}
        found = {"rows": data.n_rows, "classes": data.n_classes, "features": data.n_features}
        differ = [key for key, value in expected.items() if value is not None and value != found[key]]
        if not differ:
            return
        text = ", ".join(f"{found[key]} {key} instead of {expected[key]}" for key in differ)
        message = f"dataset {self.dataset_name!r} is not as expected: it has {text}"
        if self.strict and set(differ) & {"rows", "classes"}:
            raise DatasetError(
                f"{message}. Were other data published under the same id, or is the target another column? Where they "
                "are meant, write an entry of your own without these numbers."
            )
        cure = "if these are the data that are meant, correct what their entry expects"
        warnings.warn(DataWarning(message, cure), stacklevel=3)
