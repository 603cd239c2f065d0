"""The same data under two names: by content, whatever the order of rows and columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from algrid.checks._keys import column_keys, document_keys, row_keys, tie_keys
from algrid.checks.findings import Finding
from algrid.datasets.base import Dataset

__all__ = ["Sketch", "same_data", "sketch_of"]

_SKETCH = 512  # smallest keys of distinct rows
_MOST_CELLS = 20_000_000  # above, columns are not compared up to scale
_OVERLAP = 0.1  # share of common rows from which on it is reported


@dataclass(frozen=True)
class Sketch:
    """A few hundred numbers by which two datasets can be compared without their data.

    Parameters
    ----------
    shape : (n_rows, n_columns)
    class_counts : tuple of int
        Rows of the classes, ascending.
    columns, rows : int
        Keys of all columns, and of all rows, together.
    smallest : tuple of int
        The smallest keys of distinct rows, at most 512 (a bottom-k sketch: Cohen & Kaplan, PODC 2007).
    ties : tuple of int
        Keys of columns with repeated values, the same for any monotone function of a column.
    """

    shape: tuple[int, int]
    class_counts: tuple[int, ...]
    columns: int
    rows: int
    smallest: tuple[int, ...]
    ties: tuple[int, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def of_plain(cls, data: Mapping[str, Any]) -> Sketch:
        """The other way round."""
        tuples = {key: tuple(data[key]) for key in ("shape", "class_counts", "smallest", "ties")}
        return cls(columns=data["columns"], rows=data["rows"], **tuples)


def sketch_of(dataset: Dataset) -> Sketch:
    """The sketch of a dataset."""
    X = dataset.X
    rows = row_keys(X, placed=False) if dataset.documents is None else document_keys(dataset.documents)
    comparable = isinstance(X, np.ndarray) and X.size <= _MOST_CELLS
    return Sketch(
        shape=(dataset.n_rows, dataset.n_features),
        class_counts=tuple(sorted(int(count) for count in dataset.class_counts)),
        columns=int(column_keys(X).sum(dtype=np.uint64)),
        rows=int(rows.sum(dtype=np.uint64)),
        smallest=tuple(np.unique(rows)[:_SKETCH].tolist()),
        ties=tuple(tie_keys(np.asarray(X)).tolist()) if comparable else (),
    )


def same_data(sketches: Mapping[str, Sketch]) -> Iterator[Finding]:
    """Pairs of datasets that hold the same data, or rows in common.

    Parameters
    ----------
    sketches : mapping
        By name of the dataset.

    Yields
    ------
    Finding
        Of the second of a pair, in the order given.
    """
    for first, second in combinations(sketches, 2):
        said = _relation(sketches[first], sketches[second])
        if said is not None:
            yield Finding(
                "same data",
                "warning",
                f"{said} {first}",
                "keep one of them: twins count twice in every average over datasets",
                dataset=second,
            )


def _relation(a: Sketch, b: Sketch) -> str | None:
    if a.shape == b.shape and (a.rows, a.columns) == (b.rows, b.columns):
        if a.class_counts != b.class_counts:
            return "the same features, with other classes, as"
        return "the same data (but perhaps for the order of rows and columns) as"
    if (a.shape[0], a.class_counts) == (b.shape[0], b.class_counts) and len(a.ties) > 1 and a.ties == b.ties:
        return "columns that are the same but for their scale, with as many rows and classes, as"
    union = np.union1d(np.array(a.smallest, np.uint64), np.array(b.smallest, np.uint64))[:_SKETCH]
    common = np.isin(union, np.array(a.smallest, np.uint64)) & np.isin(union, np.array(b.smallest, np.uint64))
    jaccard = float(common.mean())
    about = "" if len(union) < _SKETCH else "about "
    return f"{about}{jaccard:.0%} of all distinct rows in common with" if jaccard >= _OVERLAP else None
