"""Checks of single columns: ids, leaks, constants, copies, gaps, too many categories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.checks._keys import row_keys
from algrid.checks.findings import Finding
from algrid.datasets._ids import id_columns
from algrid.datasets.base import Dataset

__all__ = ["class_from_one_column", "column_findings"]

_LEAK = 0.99  # of the class, known from one column
_GAPS = 0.5  # share of a column's values that are missing
_CATEGORIES = 50
_ROWS_OF_LEAKS = 2000
_COLUMNS_OF_LEAKS = 2000
_MIN_ROWS_OF_LEAKS = 20


def column_findings(dataset: Dataset) -> Iterator[Finding]:
    """Everything about single columns; texts have none."""
    if dataset.is_text:
        return
    if not dataset.is_sparse:
        yield from _ids(dataset)
        yield from _gaps(dataset)
        yield from _categories(dataset)
    yield from _leaks(dataset)
    yield from _constants(dataset)
    yield from _copies(dataset)


def _names(dataset: Dataset, positions: Sequence[int] | NDArray[np.intp]) -> tuple[str, ...]:
    known = dataset.feature_names
    return tuple(known[int(i)] if known else str(int(i)) for i in positions)


def _ids(dataset: Dataset) -> Iterator[Finding]:
    """Whole numbers that rise or fall with the rows, or in which no value repeats; categories that never repeat."""
    X = np.asarray(dataset.X)
    ordered = id_columns(X, dataset.categorical)
    if ordered.any():
        yield Finding(
            "id",
            "warning",
            f"{_columns(ordered)} the rows instead of describing them",
            "drop it (drop: of a file), or prepare with drop_ids: true",
            _names(dataset, np.flatnonzero(ordered)),
        )
    if dataset.n_rows < _MIN_ROWS_OF_LEAKS:
        return
    unique = np.zeros(dataset.n_features, dtype=np.bool_)
    for position in set(range(dataset.n_features)) - set(dataset.categorical) - set(np.flatnonzero(ordered).tolist()):
        column = X[:, position]
        is_whole = (column[:50] == np.floor(column[:50])).all() and (column == np.floor(column)).all()
        unique[position] = is_whole and len(np.unique(column)) == dataset.n_rows
    if unique.any():
        yield Finding(
            "unique",
            "warning",
            f"{int(unique.sum())} column(s) of whole numbers have another value in every row, as shuffled ids have",
            "drop it if it is an id",
            _names(dataset, np.flatnonzero(unique)),
        )


def _columns(mask: NDArray[np.bool_]) -> str:
    n = int(mask.sum())
    return "1 column numbers" if n == 1 else f"{n} columns number"


def _leaks(dataset: Dataset) -> Iterator[Finding]:
    if dataset.n_rows < _MIN_ROWS_OF_LEAKS:
        return
    positions, auc, accuracy = class_from_one_column(dataset)
    for place in np.flatnonzero((auc >= _LEAK) | (accuracy >= _LEAK)):
        yield Finding(
            "leak",
            "warning",
            f"one column gives the class away (area under the ROC curve {auc[place]:.3f}, balanced accuracy of a few "
            f"intervals of it {accuracy[place]:.3f})",
            "find out whether it is known before the label is; if not, drop it",
            _names(dataset, [int(positions[place])]),
        )


def class_from_one_column(dataset: Dataset) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """How well single columns tell the class, on at most 2,000 rows that keep the classes' shares.

    Of more than 2,000 columns those with the most values other than zero are looked at.

    Returns
    -------
    positions : (n,) int array
        Columns.
    auc : (n,) float array
        Area under the ROC curve, of a class against the rest, in the better direction; the mean over classes.
    accuracy : (n,) float array
        Balanced accuracy of a decision tree on the column alone that has at most two leaves a class.
    """
    from scipy.stats import rankdata
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.tree import DecisionTreeClassifier

    order = np.argsort(dataset.y, kind="stable")
    rows = order[np.unique(np.linspace(0, len(order) - 1, _ROWS_OF_LEAKS).round().astype(np.intp))]
    X, y = dataset.X[rows], dataset.y[rows]
    positions = np.arange(dataset.n_features)
    if len(positions) > _COLUMNS_OF_LEAKS:
        filled = X.getnnz(axis=0) if sp.issparse(X) else np.count_nonzero(X, axis=0)
        positions = np.sort(np.argsort(-filled, kind="stable")[:_COLUMNS_OF_LEAKS])
    X = X[:, positions].toarray() if sp.issparse(X) else np.asarray(X)[:, positions]
    X = np.where(np.isnan(X), np.nanmin(X, axis=0, initial=0.0) - 1.0, X)  # missing: below all values
    of_class = y[:, None] == np.unique(y)  # (n_rows, n_classes there)
    n_in = of_class.sum(axis=0)
    rank_sums = of_class.T @ rankdata(X, axis=0)  # (n_classes, n_columns)
    above = (rank_sums - (n_in * (n_in + 1) / 2)[:, None]) / (n_in * (len(y) - n_in))[:, None]
    auc = np.maximum(above, 1 - above).mean(axis=0)
    tree = DecisionTreeClassifier(
        max_leaf_nodes=2 * of_class.shape[1], min_samples_leaf=2, class_weight="balanced", random_state=0
    )
    accuracy = [balanced_accuracy_score(y, tree.fit(X[:, [j]], y).predict(X[:, [j]])) for j in range(X.shape[1])]
    return positions, auc, np.array(accuracy)


def _constants(dataset: Dataset) -> Iterator[Finding]:
    constant = _constant(dataset)
    if constant.any():
        yield Finding(
            "constant",
            "note",
            f"{int(constant.sum())} column(s) have one value only",
            "drop it: it costs time and says nothing",
            _names(dataset, np.flatnonzero(constant)),
        )


def _constant(dataset: Dataset) -> NDArray[np.bool_]:
    """(n_columns,) whether a column has one value only, or none at all."""
    X = dataset.X
    if sp.issparse(X):
        return np.asarray(X.min(axis=0).toarray()[0] == X.max(axis=0).toarray()[0])
    return np.asarray((X[0] == X).all(axis=0) | np.isnan(X).all(axis=0))


def _copies(dataset: Dataset) -> Iterator[Finding]:
    """Columns that equal an earlier one, value by value; constant ones have a finding of their own."""
    X = sp.csr_matrix(dataset.X.T) if sp.issparse(dataset.X) else dataset.X.T
    _, first, inverse = np.unique(row_keys(X), return_index=True, return_inverse=True)
    copies = np.flatnonzero(first[inverse] != np.arange(len(inverse)))
    copies = copies[~_constant(dataset)[copies]]
    if len(copies):
        yield Finding(
            "copied column",
            "note",
            f"{len(copies)} column(s) equal an earlier one, value by value",
            "drop it: it gives that feature more weight in distances",
            _names(dataset, copies),
        )


def _gaps(dataset: Dataset) -> Iterator[Finding]:
    missing = np.isnan(np.asarray(dataset.X))
    if not missing.any():
        return
    share = missing.mean(axis=0)
    much = np.flatnonzero(share > _GAPS)
    of_rows = missing.any(axis=1).mean()
    yield Finding(
        "missing",
        "warning" if len(much) else "note",
        f"{missing.mean():.1%} of the values are missing, in {of_rows:.1%} of the rows and {int((share > 0).sum())} "
        f"column(s), {len(much)} of which lack more than half",
        "they are imputed (parameter missing of a preprocessing); drop columns that are mostly empty",
        _names(dataset, np.argsort(-share, kind="stable")[: max(1, int((share > 0).sum()))]),
    )


def _categories(dataset: Dataset) -> Iterator[Finding]:
    X = np.asarray(dataset.X)
    counts = {j: len(np.unique(X[~np.isnan(X[:, j]), j])) for j in dataset.categorical}
    many = [j for j, count in counts.items() if count > _CATEGORIES]
    if many:
        yield Finding(
            "categories",
            "warning",
            f"{len(many)} column(s) have more than {_CATEGORIES} categories, {sum(counts[j] for j in many):,} in all; "
            "one-hot, each becomes a feature",
            "prepare with categories: ordinal, merge rare categories, or drop it",
            _names(dataset, many),
        )
