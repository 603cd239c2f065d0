"""From tables and arrays to datasets: labels to class codes, text to categories, and what can't be used.

The result depends on the values alone, not on how a table stored them: a CSV file and a Parquet file of
one table give one content hash.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.datasets._ids import id_columns
from algrid.datasets.base import Dataset
from algrid.errors import AlgridWarning, DatasetError, DataWarning, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MAX_FRACTIONAL_LABELS",
    "are_documents",
    "dataset_from_arrays",
    "dataset_from_frame",
    "labels_to_codes",
    "listed",
    "numbers_as_text",
    "require_columns",
    "simplified",
]

#: A categorical column with more categories, or with more numbers beside its texts, is doubted.
_MANY_CATEGORIES, _MANY_NUMBERS = 1000, 10

#: A target with fractions and more distinct values than this is taken for a regression target.
MAX_FRACTIONAL_LABELS = 100


def dataset_from_frame(
    frame: pd.DataFrame, *, target: Any, name: str, categorical: Sequence[Any] = (), drop: Sequence[Any] = ()
) -> Dataset:
    """A dataset of a table; see `Dataset.from_frame`."""
    frame = frame.set_axis([str(column) for column in frame.columns], axis="columns")
    target, categorical, drop = str(target), [str(c) for c in categorical], [str(c) for c in drop]
    duplicated = frame.columns[frame.columns.duplicated()]
    if len(duplicated):
        raise DatasetError(f"dataset {name!r} has two columns called {duplicated[0]!r}. Rename or remove one.")
    if not len(frame):
        raise DatasetError(f"dataset {name!r} has no rows, only the columns {listed(frame.columns)}.")
    require_columns([target], frame.columns, name=name, role="target")
    if target in drop:
        raise DatasetError(f"dataset {name!r} has the target {target!r} among its dropped columns. Drop others only.")
    require_columns(drop, frame.columns, name=name, role="column to drop")
    features = frame.drop(columns=[target, *drop])
    names = list(features.columns)
    require_columns(categorical, names, name=name, role="categorical column")
    codes, class_names = labels_to_codes(frame[target], name)
    forced = {position for position, column in enumerate(names) if column in categorical}
    X, positions = _features(features, names, forced, name)
    return Dataset(name, X, codes, class_names, positions, tuple(names))


def dataset_from_arrays(
    X: Any, y: Any, *, name: str, categorical: Sequence[int] = (), feature_names: Sequence[str] = ()
) -> Dataset:
    """A dataset of a feature matrix and labels; see `Dataset.from_arrays`."""
    import pandas as pd

    if not sp.issparse(X):
        X = X if isinstance(X, pd.DataFrame) else np.asarray(X)
    if X.ndim != 2:
        raise DatasetError(
            f"dataset {name!r} has features of shape {X.shape}; they need two dimensions, (rows, columns)."
        )
    if X.shape[0] == 0:
        raise DatasetError(f"dataset {name!r} has no rows.")
    n_columns = X.shape[1]
    names = list(feature_names) or [str(column) for column in getattr(X, "columns", ())]
    if names and len(names) != n_columns:
        raise DatasetError(f"dataset {name!r} has {n_columns} columns but {len(names)} feature names.")
    for position in categorical:
        if not 0 <= position < n_columns:
            raise DatasetError(
                f"dataset {name!r} has no column {position}: categorical columns are 0 to {n_columns - 1}."
            )
    codes, class_names = labels_to_codes(y, name)
    if sp.issparse(X):
        return Dataset(name, _canonical(X), codes, class_names, tuple(sorted(categorical)), tuple(names))
    shown = names or [str(position) for position in range(n_columns)]
    dense, positions = _features(pd.DataFrame(X), shown, set(categorical), name)
    return Dataset(name, dense, codes, class_names, positions, tuple(names))


def require_columns(wanted: Iterable[str], columns: Collection[str], *, name: str, role: str, cure: str = "") -> None:
    """See that columns exist.

    Raises
    ------
    DatasetError
        With the nearest match and the list of columns.
    """
    for column in wanted:
        if column not in columns:
            raise DatasetError(
                f"dataset {name!r} has no {role} {column!r}.{nearest(column, columns)} "
                f"Its columns: {listed(columns)}.{cure}"
            )


def listed(columns: Collection[str], most: int = 20) -> str:
    """Names of columns, of many the first and how many there are."""
    shown = ", ".join(list(columns)[:most])
    return f"{shown}, ... ({len(columns)} in all)" if len(columns) > most else shown or "none"


def _canonical(X: Any) -> sp.csr_matrix:
    """A copy as CSR float64 in its one canonical form: sorted, no duplicates, no stored zeros."""
    matrix = sp.csr_matrix(X, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.data[np.isnan(matrix.data)] = np.nan
    return matrix


def _features(
    table: pd.DataFrame, names: Sequence[str], forced: Collection[int], name: str
) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """(n_rows, n_columns) features and the positions of the categorical ones (`forced` and all texts)."""
    X = np.empty(table.shape, dtype=np.float64)
    positions = []
    for position, column in enumerate(names):
        series = simplified(table.iloc[:, position])
        kind = series.dtype.kind
        if kind in "iuf" and position not in forced:
            X[:, position] = series.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            where = f"column {column!r} of dataset {name!r}"
            X[:, position], categories = _encode(series, where)
            positions.append(position)
            _doubt(categories, where, forced=position in forced)
    _refuse(X, names, name)
    ids = [names[i] for i in np.flatnonzero(id_columns(X, positions)).tolist() if i not in forced]
    if ids:
        warnings.warn(
            f"columns of dataset {name!r} that look like ids, not features: {listed(ids)}. Drop them.",
            AlgridWarning,
            stacklevel=4,
        )
    X[np.isnan(X)] = np.nan  # one bit pattern
    return X + 0.0, tuple(positions)  # no negative zeros


def _doubt(categories: Sequence[str], where: str, *, forced: bool) -> None:
    """Warn of a categorical column that is probably none."""
    if len(categories) > _MANY_CATEGORIES:
        warnings.warn(
            f"{where} has {len(categories):,} categories, and one-hot encoding makes a feature of each. Drop it, or "
            "join categories.",
            AlgridWarning,
            stacklevel=5,
        )
    if not forced and (found := numbers_as_text(categories)) is not None:
        warnings.warn(DataWarning(f"{where} has {found[0]}", found[1]), stacklevel=5)
    if not forced and are_documents(categories):
        cure = "if they are what is to be learned from, read the file as texts: text_file: {path: ..., text: ...}"
        warnings.warn(DataWarning(f"{where} has documents, which are taken for categories", cure), stacklevel=5)


def are_documents(categories: Sequence[str]) -> bool:
    """Whether the different texts of a column are rather documents: many, and of five words or more on average."""
    return len(categories) > _MANY_NUMBERS and sum(text.count(" ") for text in categories) >= 4 * len(categories)


def numbers_as_text(categories: Sequence[str]) -> tuple[str, str] | None:
    """What categories hold that are rather numbers, and the cure; None where they are none."""
    texts = [text for text in categories if not _is_number(text)]
    with_commas = [text for text in texts if _is_number(text.replace(",", ".", 1))]
    if len(with_commas) > _MANY_NUMBERS:
        what = f"numbers with a decimal comma, such as {with_commas[0]!r}"
        return f"{len(with_commas):,} different {what}: all are taken for categories", "write them with a point"
    if texts and len(categories) - len(texts) > _MANY_NUMBERS:
        what = f"{len(categories) - len(texts):,} different numbers and texts such as {texts[0]!r}"
        return f"{what}: all are taken for categories", "if such a text means missing, leave those values empty"
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _refuse(X: NDArray[np.float64], names: Sequence[str], name: str) -> None:
    if X.shape[1] == 0:
        raise DatasetError(f"dataset {name!r} has no feature column: all columns are the target or dropped.")
    infinite = [names[position] for position in np.flatnonzero(np.isinf(X).any(axis=0)).tolist()]
    if infinite:
        raise DatasetError(
            f"dataset {name!r} has infinite values in the columns {listed(infinite)}: "
            "leave those values empty (missing), or drop the columns."
        )
    empty = [names[position] for position in np.flatnonzero(np.isnan(X).all(axis=0)).tolist()]
    if empty:
        raise DatasetError(f"dataset {name!r} has columns without any value: {listed(empty)}. Drop them.")


def labels_to_codes(y: Any, name: str) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """(n_rows,) class codes and the class names of labels, sorted: numbers as numbers, all else as text.

    Raises
    ------
    DatasetError
        For more than one label a row, or labels that are missing, infinite, partly numbers and partly text, or like a
        regression target's.
    """
    _refuse_mixed(y, name)
    return _labels(_series(y, name), name)


def _refuse_mixed(y: Any, name: str) -> None:
    """Labels 1 and "1" are one class or two, and only their owner knows."""
    import pandas as pd

    labels = y if isinstance(y, list | tuple) else np.asarray(y)
    if isinstance(labels, np.ndarray) and (labels.dtype != object or labels.ndim != 1):
        return
    first: dict[bool, Any] = {}
    for label in pd.Series(labels, dtype=object).dropna():
        first.setdefault(isinstance(label, str), label)
    if len(first) == 2:
        raise DatasetError(
            f"dataset {name!r} has labels of mixed types, such as {first[True]!r} (text) and {first[False]!r} "
            f"({type(first[False]).__name__}): make them all text, or all numbers."
        )


def _series(y: Any, name: str) -> pd.Series[Any]:
    import pandas as pd

    if isinstance(y, pd.Series):
        return y
    array = np.asarray(y)
    if array.ndim != 1:
        raise DatasetError(
            f"dataset {name!r} has labels of shape {array.shape}: one label a row, so shape (n_rows,), is needed "
            "(multi-label and regression targets are not supported)."
        )
    return pd.Series(array)


def _labels(series: pd.Series[Any], name: str) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    series = simplified(series)
    missing = np.flatnonzero(series.isna())
    if len(missing):
        raise DatasetError(
            f"dataset {name!r} has {len(missing)} rows without a label, the first being row {missing[0]} (from 0): "
            "remove those rows, or choose another target."
        )
    if series.dtype.kind == "f":
        values = series.to_numpy(dtype=np.float64)
        if np.isinf(values).any():
            raise DatasetError(f"dataset {name!r} has an infinite label.")
        n_distinct = len(np.unique(values))
        if n_distinct > MAX_FRACTIONAL_LABELS and (values != np.round(values)).any():
            raise DatasetError(
                f"dataset {name!r} has {n_distinct} different labels with fractions: that looks like a regression "
                f"target (at most {MAX_FRACTIONAL_LABELS} are taken for classes). Choose another target or bin it."
            )
    codes, names = _encode(series, f"the target of dataset {name!r}")
    return codes.astype(np.intp), names


def simplified(series: pd.Series[Any]) -> pd.Series[Any]:
    """Categories and boxed numbers as plain values: what a column holds, not how it is stored."""
    import pandas as pd

    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    if series.dtype == object:
        series = series.infer_objects()
    if series.dtype == object and pd.api.types.infer_dtype(series, skipna=True) in _BOXED_NUMBERS:
        series = series.where(series.notna(), np.nan).astype(np.float64)
    return series


_BOXED_NUMBERS = {"integer", "floating", "mixed-integer-float", "integer-na", "decimal"}
_NUMBER_TYPES = {"b": "bool", "i": "int64", "u": "uint64", "f": "float64"}


def _encode(series: pd.Series[Any], where: str) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Codes in sorted order, NaN where a value is missing, and the texts of the values."""
    present = series.notna().to_numpy()
    values = series[present]
    kind = series.dtype.kind
    if kind in _NUMBER_TYPES:
        distinct, inverse = np.unique(values.to_numpy(dtype=_NUMBER_TYPES[kind]), return_inverse=True)
        names = [_number_text(value) for value in distinct.tolist()]
    else:
        texts = [_text(value, where) for value in values]
        names = sorted(set(texts))
        code = {text: position for position, text in enumerate(names)}
        inverse = np.array([code[text] for text in texts], dtype=np.intp)
    codes = np.full(len(series), np.nan)
    codes[present] = inverse
    return codes, tuple(names)


def _number_text(value: float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _text(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return _number_text(value.item() if isinstance(value, np.generic) else value)
    raise DatasetError(
        f"{where} has a value of type {type(value).__name__}: {value!r}. Numbers, texts and truth values can be used; "
        "convert the column (a date into numbers, say), or drop it."
    )
