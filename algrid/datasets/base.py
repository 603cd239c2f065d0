"""What a dataset is, and what a dataset plugin has to offer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.datasets.facts import DatasetFacts, remembered_facts
from algrid.errors import DatasetError
from algrid.registry import Plugin

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dataset", "DatasetPlugin", "Features"]

#: A feature matrix: dense float64, or CSR float64.
Features = NDArray[np.float64] | sp.csr_matrix
_HASHED = 2**20  # values that are hashed at once


@dataclass(frozen=True, eq=False)
class Dataset:
    """A classification dataset, as it is before any split or preparation.

    Parameters
    ----------
    name : str
        The level's name on the dataset axis.
    X : (n_rows, n_columns) float64 array or CSR matrix
        Raw features. A categorical column holds the codes 0, 1, ... of its categories; missing is NaN.
        A dataset of texts has no columns: a representation (a level of the preprocessing axis) makes them.
    y : (n_rows,) int array
        Class codes 0 ... n_classes - 1, in the order of `class_names`.
    class_names : tuple of str
        What the codes stand for.
    categorical : tuple of int
        Positions of the categorical columns.
    feature_names : tuple of str
        Names of the columns, or empty.
    documents : tuple of str, optional
        (n_rows,) the texts, where it is a dataset of texts (see `from_texts`).
    test_rows : (n,) int array, optional
        Rows of the test part that the dataset was published with, ascending (the split kind ``published``).

    Raises
    ------
    DatasetError
        If shapes disagree, a feature is infinite, a code has no class, there is no row, or fewer than two
        classes.
    """

    name: str
    X: Features
    y: NDArray[np.intp]
    class_names: tuple[str, ...]
    categorical: tuple[int, ...] = ()
    feature_names: tuple[str, ...] = ()
    documents: tuple[str, ...] | None = None
    test_rows: NDArray[np.intp] | None = None

    def __post_init__(self) -> None:
        n_rows = self.X.shape[0]
        if n_rows == 0 or (self.X.shape[1] == 0) != self.is_text:
            raise DatasetError(f"dataset {self.name!r} is empty: it has shape {tuple(self.X.shape)}.")
        if self.documents is not None and len(self.documents) != n_rows:
            raise DatasetError(f"dataset {self.name!r} has {len(self.documents)} documents for {n_rows} rows.")
        if self.y.shape != (n_rows,):
            raise DatasetError(
                f"dataset {self.name!r} has {n_rows} rows of features but labels of shape {self.y.shape}."
            )
        if self.n_classes < 2:
            raise DatasetError(
                f"dataset {self.name!r} has {self.n_classes} class ({', '.join(self.class_names)}); "
                "active learning needs two."
            )
        if self.y.min() < 0 or self.y.max() >= self.n_classes:
            raise DatasetError(
                f"dataset {self.name!r} has class codes from {self.y.min()} to {self.y.max()}, but its "
                f"{self.n_classes} classes are 0 to {self.n_classes - 1}."
            )
        values = self.X.data if sp.issparse(self.X) else self.X
        if np.isinf(values).any():
            raise DatasetError(
                f"dataset {self.name!r} has infinite feature values: make them missing or drop the rows."
            )

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        target: Any,
        name: str = "data",
        categorical: Sequence[Any] = (),
        drop: Sequence[Any] = (),
    ) -> Dataset:
        """A dataset of a pandas DataFrame.

        Columns of text, categories or truth values become categorical; missing values stay missing.
        Classes are the labels in sorted order, of numbers or of text. A column that looks like an id is
        an `AlgridWarning`.

        Parameters
        ----------
        frame : DataFrame
            One row a sample.
        target : column name
            The class labels.
        name : str
            The dataset's name.
        categorical : sequence of column names
            Columns of numbers that are categories.
        drop : sequence of column names
            Columns that are left out.

        Raises
        ------
        DatasetError
            For an absent or repeated column, missing or regression-like labels, infinite values, a column
            without any value, values that are neither numbers, texts nor truth values, or no rows.
        """
        from algrid.datasets._frame import dataset_from_frame

        return dataset_from_frame(frame, target=target, name=name, categorical=categorical, drop=drop)

    @classmethod
    def from_arrays(
        cls,
        X: Any,
        y: Any,
        *,
        name: str = "data",
        categorical: Sequence[int] = (),
        feature_names: Sequence[str] = (),
    ) -> Dataset:
        """A dataset of features and labels, converted as in `from_frame`. Both are copied.

        Parameters
        ----------
        X : (n_rows, n_columns) array-like, DataFrame or sparse matrix
            Numbers; columns of a DataFrame or an array of objects may also hold text.
        y : (n_rows,) array-like
            Labels: numbers or text.
        name : str
            The dataset's name.
        categorical : sequence of int
            Positions of the columns of numbers that are categories.
        feature_names : sequence of str
            Names of the columns; by default a DataFrame's own.

        Raises
        ------
        DatasetError
            As `from_frame`, and for a wrong number of dimensions.
        """
        from algrid.datasets._frame import dataset_from_arrays

        return dataset_from_arrays(X, y, name=name, categorical=categorical, feature_names=feature_names)

    @classmethod
    def from_texts(
        cls, documents: Sequence[str], y: Any, *, name: str = "data", test_rows: NDArray[np.intp] | None = None
    ) -> Dataset:
        """A dataset of texts and labels; it needs a representation (``tfidf``, ``embedding``, ``tokens``).

        Parameters
        ----------
        documents : (n_rows,) sequence of str
            Each with something beside white space in it.
        y : (n_rows,) array-like
            Labels: all numbers or all text. Classes are the labels in sorted order.
        name : str
            The dataset's name.
        test_rows : (n,) int array, optional
            Rows of a published test part, ascending.

        Raises
        ------
        DatasetError
            For a document that is no text or empty, labels that are missing or of mixed types, or fewer than
            two classes.
        """
        from algrid.datasets._text import dataset_from_texts

        return dataset_from_texts(documents, y, name=name, test_rows=test_rows)

    @property
    def is_text(self) -> bool:
        """Whether its rows are documents."""
        return self.documents is not None

    def widened(self) -> Dataset:
        """The dataset with float64 features: itself, but where it was kept as float32 (`algrid.datasets.mapped`)."""
        if self.X.dtype == np.float64:
            return self
        wide = replace(self, X=self.X.astype(np.float64))
        wide.__dict__["content_hash"] = self.content_hash  # of the values, whatever holds them
        return wide

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.X.shape[0])

    @property
    def n_features(self) -> int:
        """Number of raw columns, before one-hot encoding."""
        return int(self.X.shape[1])

    @property
    def is_sparse(self) -> bool:
        """Whether the features are a CSR matrix."""
        return bool(sp.issparse(self.X))

    @cached_property
    def has_missing(self) -> bool:
        """Whether a feature lacks a value somewhere."""
        return bool(np.isnan(self.X.data if sp.issparse(self.X) else self.X).any())

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @cached_property
    def facts(self) -> DatasetFacts:
        """All of it but the rows."""
        return DatasetFacts(
            name=self.name,
            class_names=self.class_names,
            class_counts=tuple(int(count) for count in self.class_counts),
            n_features=self.n_features,
            is_sparse=self.is_sparse,
            categorical=tuple(self.categorical),
            has_missing=self.has_missing,
            is_text=self.is_text,
            test_counts=self.test_counts,
            content_hash=self.content_hash,
        )

    @cached_property
    def class_counts(self) -> NDArray[np.intp]:
        """(n_classes,) rows of each class."""
        return np.bincount(self.y, minlength=self.n_classes)

    @property
    def test_counts(self) -> tuple[int, ...] | None:
        """Rows of each class in the test part that it was published with."""
        if self.test_rows is None:
            return None
        return tuple(np.bincount(self.y[self.test_rows], minlength=self.n_classes).tolist())

    @cached_property
    def content_hash(self) -> str:
        """32 hexadecimal digits over features or documents, labels, categorical columns and a published split."""
        digest = hashlib.sha256()
        if self.documents is not None:
            encoded = [document.encode("utf-8", "surrogatepass") for document in self.documents]
            parts = [np.array([len(text) for text in encoded], "<i8"), np.frombuffer(b"".join(encoded), np.uint8)]
        elif sp.issparse(self.X):
            parts = [self.X.indptr.astype("<i8"), self.X.indices.astype("<i8"), self.X.data.astype("<f8")]
        else:
            parts = []  # block by block below
        if self.test_rows is not None:
            parts.append(self.test_rows.astype("<i8"))
        kind = "text" if self.is_text else "csr" if sp.issparse(self.X) else "dense"
        digest.update(repr((kind, tuple(map(int, self.X.shape)), self.n_classes, tuple(self.categorical))).encode())
        if not (self.is_text or sp.issparse(self.X)):
            step = max(1, _HASHED // self.n_features)
            for start in range(0, self.n_rows, step):
                digest.update(np.ascontiguousarray(self.X[start : start + step], dtype="<f8").data)
        for part in [*parts, self.y.astype("<i8")]:
            digest.update(np.ascontiguousarray(part).data)
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

    def state(self) -> Any:
        """What the data depend on beside parameters, code and packages (JSON-able), so that facts can be remembered.

        A plugin of data that are drawn or come with a package says ``()``, one of files what tells that they are
        the same. None, the default, is not known: then the data are loaded for every plan.
        """
        return None

    def facts(self) -> DatasetFacts:
        """What a plan needs to know, from `load`; without it where it is remembered (see `state`).

        Where the data are not there, a plugin may give the facts that it expects, with no content hash: a grid can
        be planned by them, not run.

        Raises
        ------
        DatasetError
            As `load`.
        """
        if (state := self.state()) is None:
            return self.load().facts
        return remembered_facts(self, state, lambda: self.load().facts)

    @property
    def dataset_name(self) -> str:
        """The level's name on the dataset axis: the label, unless the plugin says otherwise."""
        return self.label
