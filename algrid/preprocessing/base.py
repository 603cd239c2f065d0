"""What a preprocessing is: from the raw columns of a dataset to the features that a learner sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Dataset, Features
from algrid.errors import DatasetError
from algrid.registry import Plugin

__all__ = ["Described", "Preprocessing", "overflow"]


class Described(Protocol):
    """What a preprocessing may ask of a dataset when a grid is planned: facts, for which no data are needed."""

    @property
    def n_rows(self) -> int:
        """Number of rows."""

    @property
    def n_features(self) -> int:
        """Number of raw columns; 0 for texts."""

    @property
    def is_text(self) -> bool:
        """Whether its rows are documents."""

    @property
    def categorical(self) -> Sequence[int]:
        """Positions of the categorical columns."""

    @property
    def is_sparse(self) -> bool:
        """Whether the features are a sparse matrix."""

    @property
    def has_missing(self) -> bool:
        """Whether a feature lacks a value somewhere."""


@dataclass(frozen=True)
class Preprocessing(Plugin):
    """Base of preprocessing plugins.

    Everything is fitted on the pool only (DESIGN.md, decision 11): test rows are transformed with what the
    pool says, and can't change a bit of the pool's features.

    Class variables
    ---------------
    leaks : bool
        Whether that is broken, which only a level that is there to measure it may do; a plan says so.
    gives : str
        ``features``, or ``tokens`` (ids of a tokenizer's vocabulary, see `algrid.preprocessing.tokens`), which only
        learners can use that say so.
    of_texts : bool
        Whether it represents texts; else it prepares tables.
    takes_float32 : bool
        Whether `prepare` can be given features as float32 (large data are mapped so), and computes with float64
        all the same. Others are given a float64 copy.
    """

    leaks: ClassVar[bool] = False
    takes_float32: ClassVar[bool] = False
    gives: ClassVar[str] = "features"
    of_texts: ClassVar[bool] = False

    @property
    def label(self) -> str:
        """As of any plugin; a level that leaks says so wherever it is shown."""
        shown = super().label
        if not self.leaks:
            return shown
        return f"{shown[:-1]}, leaks)" if shown.endswith(")") else f"{shown}(leaks)"

    def unsupported(self, dataset: Described) -> str | None:
        """Why this dataset can't be prepared so, or None where it can: a skip of the plan. Here: texts have no columns.

        Parameters
        ----------
        dataset : Described
            A `Dataset`, or what is known of one whose data are not loaded.
        """
        if dataset.is_text:
            return f"texts need a representation (tfidf, embedding, tokens): {self.name} prepares columns of tables"
        return None

    def is_sparse(self, dataset: Described) -> bool:
        """Whether the features that it makes are a sparse matrix: as they were, unless it says otherwise."""
        return dataset.is_sparse

    def width(self, dataset: Described) -> int:
        """Values in a row of the features, about; for the planner's costs."""
        return dataset.n_features

    def ahead(self, dataset_hash: str, load: Callable[[], Dataset]) -> None:
        """Compute what all runs on a dataset have in common, before they begin: nothing, unless it says otherwise.

        Parameters
        ----------
        dataset_hash : str
            Content hash of the dataset.
        load : callable
            Gives the dataset, where it is needed.
        """

    def prepare(
        self, dataset: Dataset, pool_rows: NDArray[np.intp], test_rows: NDArray[np.intp]
    ) -> tuple[Features, Features]:
        """Features of the pool and of the test part.

        Parameters
        ----------
        dataset : Dataset
            One that is not `unsupported`.
        pool_rows, test_rows : int arrays
            Rows of the dataset, at least one each.

        Returns
        -------
        X_pool, X_test : (n_pool, n_features), (n_test, n_features)
            New C-contiguous float64 arrays, or CSR matrices; rows in the order of `pool_rows` and `test_rows`.

        Raises
        ------
        DatasetError
            If the data can't be prepared so.
        """
        raise NotImplementedError

    def identity_in_cell(self) -> str | dict[str, Any]:
        """What distinguishes this level from every other: the name alone at its first version and legacy parameters.

        Preprocessing was a name before it was a plugin, and stored runs stay valid.
        """
        identity = self.identity()
        return self.name if identity["version"] == 1 and not identity["parameters"] else identity


def overflow(dataset: Dataset, level: Preprocessing, error: FloatingPointError) -> DatasetError:
    """What to raise where values are too large for a scaling."""
    return DatasetError(
        f"dataset {dataset.name!r} has values too large for {level.label!r} ({error}): rescale or drop those columns."
    )
