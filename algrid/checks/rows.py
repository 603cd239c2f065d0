"""Checks of rows: equal ones, equal ones of different classes, and test rows that the pool has too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from algrid.checks._keys import document_keys, row_keys
from algrid.checks.findings import Finding
from algrid.datasets.base import Dataset

__all__ = ["row_findings", "shared_rows"]

_MUCH = 0.05  # share of rows from which on scores mislead


def row_findings(dataset: Dataset) -> Iterator[Finding]:
    """Rows that are there more than once, and those of them that contradict each other."""
    group = _groups(dataset)
    sizes = np.bincount(group)
    repeated = sizes[group] > 1
    if not repeated.any():
        return
    yield Finding(
        "duplicate rows",
        "note",
        f"{int(repeated.sum()):,} rows ({repeated.mean():.1%}) have the features of another; "
        f"{len(sizes):,} of {dataset.n_rows:,} rows are distinct",
        "look for the reason (few discrete features, or rows copied); remove copies",
        rows=tuple(np.flatnonzero(repeated)),
    )
    of_class = np.zeros((len(sizes), dataset.n_classes), dtype=np.int64)
    np.add.at(of_class, (group, dataset.y), 1)
    wrong = sizes - of_class.max(axis=1)
    if wrong.any():
        contradicted = wrong[group] > 0
        best = 1 - wrong.sum() / dataset.n_rows
        yield Finding(
            "contradictions",
            "warning" if wrong.sum() >= _MUCH * dataset.n_rows else "note",
            f"{int(contradicted.sum()):,} rows ({contradicted.mean():.1%}) have the features of one of another class: "
            f"no classifier can be right on more than {best:.2%} of all rows",
            "it is noise of labels, or a feature is lacking",
            rows=tuple(np.flatnonzero(contradicted)),
        )


def shared_rows(dataset: Dataset, pool_rows: NDArray[np.intp], test_rows: NDArray[np.intp]) -> Finding | None:
    """Test rows whose features a row of the pool has too: they are scored by memory.

    Parameters
    ----------
    dataset : Dataset
    pool_rows, test_rows : int arrays
        Rows of the dataset.

    Returns
    -------
    Finding or None
    """
    group = _groups(dataset)
    known = np.isin(group[test_rows], group[pool_rows])
    if not known.any():
        return None
    return Finding(
        "shared rows",
        "warning" if known.mean() >= _MUCH else "note",
        f"{int(known.sum()):,} of {len(test_rows):,} test rows ({known.mean():.1%}) have the features of a pool row",
        "remove copies, or split by groups (explicit splits)",
        rows=tuple(np.sort(test_rows[known])),
    )


def _groups(dataset: Dataset) -> NDArray[np.intp]:
    """(n_rows,) numbers from 0: equal for rows with equal features."""
    keys = row_keys(dataset.X) if dataset.documents is None else document_keys(dataset.documents)
    return np.unique(keys, return_inverse=True)[1]
