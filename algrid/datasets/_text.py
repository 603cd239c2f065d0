"""From documents and labels to datasets of texts: what can't be used is said, nothing is repaired silently."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.datasets._frame import labels_to_codes
from algrid.datasets.base import Dataset
from algrid.errors import DatasetError

__all__ = ["dataset_from_texts", "is_empty"]


def is_empty(document: object) -> bool:
    """Whether there is nothing to learn from: a missing value, or white space only."""
    if isinstance(document, str):
        return not document.strip()
    return document is None or (isinstance(document, float) and math.isnan(document))


def dataset_from_texts(
    documents: Sequence[Any], y: Any, *, name: str, test_rows: NDArray[np.intp] | None = None
) -> Dataset:
    """A dataset of texts; see `Dataset.from_texts`."""
    if isinstance(documents, str):
        raise DatasetError(f"dataset {name!r} has one text for documents; a sequence of texts is needed.")
    if not len(documents):
        raise DatasetError(f"dataset {name!r} has no documents.")
    empty = [row for row, document in enumerate(documents) if is_empty(document)]
    if empty:
        raise DatasetError(
            f"dataset {name!r} has {len(empty)} documents without text, the first being row {empty[0]} (from 0): "
            "fill or remove them (a file's `empty: drop` leaves them out)."
        )
    for row, document in enumerate(documents):
        if not isinstance(document, str):
            raise DatasetError(
                f"dataset {name!r} has a document of type {type(document).__name__} in row {row} (from 0): "
                f"{str(document)[:60]!r}. Documents are texts: name the column that holds them."
            )
    codes, class_names = labels_to_codes(y, name)
    if len(codes) != len(documents):
        raise DatasetError(f"dataset {name!r} has {len(documents)} documents but {len(codes)} labels.")
    no_columns = np.empty((len(documents), 0))
    return Dataset(name, no_columns, codes, class_names, documents=tuple(documents), test_rows=test_rows)
