"""What a dataset is, and what a dataset plugin has to offer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.errors import DatasetError
from algrid.registry import Plugin

__all__ = ["Dataset", "DatasetPlugin", "Features"]

#: A feature matrix: dense float64, or CSR float64.
Features = NDArray[np.float64] | sp.csr_matrix


@dataclass(frozen=True, eq=False)
class Dataset:
    """A classification dataset, as it is before any split or preparation.

    Parameters
    ----------
    name : str
        The level's name on the dataset axis.
    X : (n_rows, n_columns) float64 array or CSR matrix
        Raw features. A categorical column holds the codes 0, 1, ... of its categories; missing is NaN.
    y : (n_rows,) int array
        Class codes 0 ... n_classes - 1, in the order of `class_names`.
    class_names : tuple of str
        What the codes stand for.
    categorical : tuple of int
        Positions of the categorical columns.
    feature_names : tuple of str
        Names of the columns, or empty.

    Raises
    ------
    DatasetError
        If shapes disagree, a feature is infinite, there is no row, or fewer than two classes.
    """

    name: str
    X: Features
    y: NDArray[np.intp]
    class_names: tuple[str, ...]
    categorical: tuple[int, ...] = ()
    feature_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n_rows = self.X.shape[0]
        if n_rows == 0 or self.X.shape[1] == 0:
            raise DatasetError(f"dataset {self.name!r} is empty: it has shape {tuple(self.X.shape)}.")
        if self.y.shape != (n_rows,):
            raise DatasetError(
                f"dataset {self.name!r} has {n_rows} rows of features but labels of shape {self.y.shape}."
            )
        if self.n_classes < 2:
            raise DatasetError(
                f"dataset {self.name!r} has one class only ({self.class_names}); active learning needs two."
            )
        values = self.X.data if sp.issparse(self.X) else self.X
        if np.isinf(values).any():
            raise DatasetError(
                f"dataset {self.name!r} has infinite feature values: make them missing or drop the rows."
            )

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.X.shape[0])

    @property
    def n_features(self) -> int:
        """Number of raw columns, before one-hot encoding."""
        return int(self.X.shape[1])

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @cached_property
    def class_counts(self) -> NDArray[np.intp]:
        """(n_classes,) rows of each class."""
        return np.bincount(self.y, minlength=self.n_classes)

    @cached_property
    def content_hash(self) -> str:
        """32 hexadecimal digits over features, labels and categorical columns; names do not count."""
        digest = hashlib.sha256()
        if sp.issparse(self.X):
            parts = [self.X.indptr.astype("<i8"), self.X.indices.astype("<i8"), self.X.data.astype("<f8")]
        else:
            parts = [np.ascontiguousarray(self.X, dtype="<f8")]
        kind = "csr" if sp.issparse(self.X) else "dense"
        digest.update(repr((kind, tuple(map(int, self.X.shape)), self.n_classes, tuple(self.categorical))).encode())
        for part in [*parts, self.y.astype("<i8")]:
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()[:32]


@dataclass(frozen=True)
class DatasetPlugin(Plugin):
    """Base of dataset plugins: one file, a name, `load`.

    Class variables
    ---------------
    licence : str
        Under which terms the data may be used.
    """

    licence: ClassVar[str] = ""

    def load(self) -> Dataset:
        """Read or generate the data. The same parameters give the same bits.

        Raises
        ------
        DatasetError
            If the data can't be had or used; the message says why and what to do.
        """
        raise NotImplementedError

    @property
    def dataset_name(self) -> str:
        """The level's name on the dataset axis: the label, unless the plugin says otherwise."""
        return self.label
