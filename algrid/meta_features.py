"""Meta-features: a dataset in a few numbers, so that influence can be explained by the kind of data."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.cache import folder_hash, remembered
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.errors import DatasetError
from algrid.identity import content_key
from algrid.preprocessing import PREPROCESSINGS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["META_FEATURES", "effective_rank", "meta_features", "meta_table"]

#: Meta-features in the order of tables, and what they say.
META_FEATURES = {
    "n_rows": "rows",
    "n_features": "raw columns",
    "n_classes": "classes",
    "dimensionality": "columns a row",
    "categorical": "share of the columns that are categorical",
    "missing": "share of the values that are missing",
    "zeros": "share of the values that are zero",
    "imbalance": "rows of the largest class for each of the smallest",
    "balance": "entropy of the classes' shares, as a share of that of equal ones",
    "majority_accuracy": "accuracy of always guessing the largest class",
    "neighbour_accuracy": "cross-validated accuracy of the nearest neighbour",
    "linear_accuracy": "cross-validated accuracy of logistic regression",
    "nonlinearity": "accuracy of the nearest neighbour less that of the linear classifier",
    "noise": "estimated error of the best possible classifier, from that of the nearest neighbour (Cover & Hart, 1967)",
    "effective_rank": "exponential of the entropy of the features' singular values (Roy & Vetterli, 2007)",
}

_ROWS = 2000
_FOLDS = 5
_MEASURED = ("neighbour_accuracy", "linear_accuracy", "nonlinearity", "noise", "effective_rank")


def meta_features(dataset: Dataset) -> dict[str, float | None]:
    """The meta-features of a dataset; None for those that can't be measured.

    Accuracies are cross-validated (five folds that keep the classes' shares) on at most 2,000 rows that do too;
    features are prepared as by `standard`, or by `tfidf` where they are texts, fitted on the rows that are learned
    from. Nothing is drawn: equal data have equal meta-features.
    """
    counts = dataset.class_counts[dataset.class_counts > 0]
    shares = counts / counts.sum()
    cells = max(1, dataset.n_rows * dataset.n_features)
    values = dataset.X.data if sp.issparse(dataset.X) else np.asarray(dataset.X)
    found: dict[str, float | None] = {
        "n_rows": dataset.n_rows,
        "n_features": dataset.n_features,
        "n_classes": dataset.n_classes,
        "dimensionality": dataset.n_features / dataset.n_rows,
        "categorical": len(dataset.categorical) / max(1, dataset.n_features),
        "missing": float(np.count_nonzero(np.isnan(values))) / cells,
        "zeros": 1 - float(np.count_nonzero(values)) / cells,
        "imbalance": float(counts.max() / counts.min()),
        "balance": float(-(shares * np.log(shares)).sum() / np.log(dataset.n_classes)),
        "majority_accuracy": float(shares.max()),
    }
    return found | _measured(dataset)


def _measured(dataset: Dataset) -> dict[str, float | None]:
    nothing: dict[str, float | None] = dict.fromkeys(_MEASURED)
    level = next((known for name in ("standard", "tfidf") if (known := _level(name, dataset)) is not None), None)
    if level is None or dataset.n_rows < 2 * _FOLDS:
        return nothing
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    rows, fold = _folds(dataset.y)
    right = {"neighbour_accuracy": 0, "linear_accuracy": 0}
    for held_out in range(_FOLDS):
        train, test = rows[fold != held_out], rows[fold == held_out]
        X, X_test = level.prepare(dataset, train, test)
        models = (KNeighborsClassifier(n_neighbors=1, algorithm="brute"), LogisticRegression(max_iter=200))
        for name, model in zip(right, models, strict=True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # a little short of the optimum is near enough
                right[name] += int((model.fit(X, dataset.y[train]).predict(X_test) == dataset.y[test]).sum())
    near, linear = (count / len(rows) for count in right.values())
    X, _ = level.prepare(dataset, rows, rows[:1])
    return {
        "neighbour_accuracy": near,
        "linear_accuracy": linear,
        "nonlinearity": near - linear,
        "noise": _best_error(1 - near, dataset.n_classes),
        "effective_rank": effective_rank(X),
    }


def _level(name: str, dataset: Dataset) -> Any:
    level = PREPROCESSINGS.build(name)
    return level if level.unsupported(dataset) is None else None


def _folds(y: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows (at most 2,000, class by class) and the fold of each: the rows of a class take the folds by turns."""
    order = np.argsort(y, kind="stable")
    rows = order[np.unique(np.linspace(0, len(order) - 1, _ROWS).round().astype(np.intp))]
    return rows, np.arange(len(rows)) % _FOLDS


def _best_error(error: float, n_classes: int) -> float:
    """The error of the best classifier at which the nearest neighbour's would at most be this one.

    With R the least error and k classes, the nearest neighbour's error tends to at most ``R (2 - R k / (k - 1))``;
    solved for R.
    """
    most = (n_classes - 1) / n_classes
    return float(most * (1 - np.sqrt(max(0.0, 1 - error / most))))


def effective_rank(X: Any) -> float:
    """Exponential of the entropy of the singular values, as shares of their sum: how many directions features use.

    Parameters
    ----------
    X : (n_rows, n_features) array or CSR matrix
        Dense features are centred.

    Returns
    -------
    float
        From 1 to the rank; 0 where all features are constant.
    """
    if not sp.issparse(X):
        X = X - X.mean(axis=0)
    gram: Any = X.T @ X if X.shape[1] <= X.shape[0] else X @ X.T
    eigenvalues = np.linalg.eigvalsh(gram.toarray() if sp.issparse(X) else gram)
    singular = np.sqrt(np.maximum(eigenvalues, 0.0))
    singular = singular[singular > singular.max() * 1e-7]
    if len(singular) == 0:
        return 0.0
    shares = singular / singular.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def meta_table(plugins: Iterable[DatasetPlugin]) -> pd.DataFrame:
    """Meta-features of datasets, remembered by the content of the data.

    Parameters
    ----------
    plugins : iterable of DatasetPlugin

    Returns
    -------
    DataFrame
        One row a dataset: ``dataset`` and the columns of `META_FEATURES`. Datasets that can't be had are left out, and
        named with the reason in ``attrs["left_out"]``.
    """
    import pandas as pd

    rows, left_out = [], {}
    for plugin in plugins:
        try:
            rows.append({"dataset": plugin.dataset_name, **_remembered(plugin)})
        except DatasetError as error:
            left_out[plugin.dataset_name] = str(error)
    table = pd.DataFrame(rows, columns=["dataset", *META_FEATURES])
    table = table.astype(dict.fromkeys(META_FEATURES, np.float64) | {"dataset": object})
    table.attrs["left_out"] = left_out
    return table


def _remembered(plugin: DatasetPlugin) -> dict[str, float | None]:
    content = plugin.facts().content_hash or plugin.load().content_hash
    code = [_source(), folder_hash(Path(__file__).parent / "preprocessing")]
    found: dict[str, float | None] = remembered(
        "meta_features", content_key([code, content]), lambda: meta_features(plugin.load())
    )
    return found


def _source() -> str:
    """Key of the code of this file: what it measured is its own."""
    return content_key(Path(__file__).read_text(encoding="utf-8"))
