"""Representations of texts: what they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Dataset
from algrid.errors import DatasetError
from algrid.preprocessing.base import Described, Preprocessing

__all__ = ["TextRepresentation", "documents_of"]


@dataclass(frozen=True)
class TextRepresentation(Preprocessing):
    """Base of the representations of texts."""

    of_texts: ClassVar[bool] = True

    def unsupported(self, dataset: Described) -> str | None:
        """Tables are no texts."""
        return None if dataset.is_text else f"it is a table, and {self.name} represents texts"

    def is_sparse(self, dataset: Described) -> bool:  # noqa: ARG002
        """Dense, unless it says otherwise."""
        return False


def documents_of(dataset: Dataset, rows: NDArray[np.intp]) -> list[str]:
    """The texts of rows.

    Raises
    ------
    DatasetError
        If the dataset is a table.
    """
    if dataset.documents is None:
        raise DatasetError(f"dataset {dataset.name!r} is a table: it has no texts to represent.")
    return [dataset.documents[row] for row in rows]
