"""The data of one cell, ready to be learned from: pool, test part, start set and the oracle's labels."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.cell import Cell
from algrid.datasets.base import Dataset, Features
from algrid.errors import DatasetError

__all__ = ["Pool", "make_pool"]


@dataclass(frozen=True, eq=False)
class Pool:
    """Everything about the data that a cell's loop needs. Arrays are read-only.

    Parameters
    ----------
    X, X_test : (n_pool, n_features), (n_test, n_features)
        Prepared features.
    y, y_test : (n_pool,), (n_test,) int arrays
        Clean class codes.
    labels : (n_pool,) int array
        What the oracle answers for each pool index.
    rows : (n_pool,) int array
        Row of the dataset of each pool index.
    start : (n_start,) int array
        Pool indices of the start set, ascending.
    ties, random_order : (n_pool,) int arrays
        Ranks of the pool indices in the cell's two permutations.
    n_classes : int
        Classes of the dataset.
    shared : dict
        What strategies keep about the features, for all runs of the cell.
    """

    X: Features
    X_test: Features
    y: NDArray[np.intp]
    y_test: NDArray[np.intp]
    labels: NDArray[np.intp]
    rows: NDArray[np.intp]
    start: NDArray[np.intp]
    ties: NDArray[np.intp]
    random_order: NDArray[np.intp]
    n_classes: int
    fit_order: NDArray[np.intp] = field(init=False)
    shared: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        # a labelled set is fitted in the order of the dataset's rows, so that it is one set whatever
        # the order in which it was asked for, or in which an explicit split names its rows
        object.__setattr__(self, "fit_order", np.argsort(self.rows, kind="stable"))
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                array.setflags(write=False)
            elif isinstance(array, sp.csr_matrix):
                for part in (array.data, array.indices, array.indptr):
                    part.setflags(write=False)

    @property
    def n_bytes(self) -> int:
        """Bytes of the features."""
        return sum(int(X.data.nbytes) for X in (self.X, self.X_test))

    @property
    def n_pool(self) -> int:
        """Rows of the pool."""
        return len(self.y)


def make_pool(cell: Cell, dataset: Dataset) -> Pool:
    """Split, prepare and label the cell's data.

    Raises
    ------
    DatasetError
        If `dataset` is not the one that the cell was planned with.
    """
    if dataset.content_hash != cell.dataset_hash:
        raise DatasetError(
            f"the data of {cell.dataset.dataset_name!r} changed since the plan was made (content hash "
            f"{dataset.content_hash}, planned {cell.dataset_hash}). Run the grid again: it plans with the new data."
        )
    streams = cell.streams
    pool_rows, test_rows = cell.split.make(dataset, cell.split_index, streams.split_rng())
    given = dataset if cell.preprocessing.takes_float32 else dataset.widened()
    X, X_test = cell.preprocessing.prepare(given, pool_rows, test_rows)
    y = dataset.y[pool_rows]
    labels = cell.oracle.answer(dataset.y, dataset.n_classes, streams.oracle_rng())[pool_rows]
    return Pool(
        X=X,
        X_test=X_test,
        y=y,
        y_test=dataset.y[test_rows],
        labels=labels,
        rows=pool_rows,
        start=cell.start_set.draw(y, dataset.n_classes, cell.start_index, streams.start_rng()),
        ties=streams.ties(len(y)),
        random_order=streams.random_order(len(y)),
        n_classes=dataset.n_classes,
    )
