"""Tables of numbers and categories: what all scalings have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.datasets._ids import id_columns
from algrid.datasets.base import Dataset, Features
from algrid.errors import DatasetError
from algrid.preprocessing.base import Described, Preprocessing, overflow

__all__ = ["TablePreprocessing"]

Dense = NDArray[np.float64]
_Apply = Callable[[Dense], list[Dense]]  # the blocks of columns of another part than the pool

_BLOCK = 2**20  # values that are looked at at once


@dataclass(frozen=True, kw_only=True)
class TablePreprocessing(Preprocessing):
    """Base of the scalings: declared steps, all of them fitted on the pool.

    Dense features, in the order of the result's columns (a column without any value in the pool is left
    out, and with `drop_ids` one that numbers the pool's rows):

    1. numeric columns: a missing value is imputed, then the column is scaled. A column that is constant in
       the pool becomes 0 there by every scaling but ``none``. Test values may lie outside of the pool's
       range; they are not clipped.
    2. an indicator (0 or 1) for every numeric column that lacks a value in the pool.
    3. categorical columns. One-hot (0 or 1, not scaled): a column for each category of the pool, missing
       being one of them; a category that only the test part has is all zeros. Ordinal: the category's
       position among those of the pool in sorted order, -1 where it is missing or the pool lacks it; scaled.

    Sparse features stay sparse, so nothing is centred; they have neither categories nor missing values.

    Parameters
    ----------
    categories : "onehot" or "ordinal"
        What becomes of categorical columns.
    missing : "median", "mean" or "most_frequent"
        What of the pool's values of a numeric column stands for a missing one (of several that are the most
        frequent the smallest).
    indicator : bool
        Whether numeric columns that lack values have an indicator.
    drop_ids : bool
        Whether columns of whole numbers that only rise or fall over the pool's rows, and categorical ones in
        which every row of the pool has a category of its own, are left out.
    """

    takes_float32: ClassVar[bool] = True
    legacy: ClassVar[Mapping[str, object]] = {
        "categories": "onehot",
        "missing": "median",
        "indicator": True,
        "drop_ids": False,
    }

    categories: Literal["onehot", "ordinal"] = "onehot"
    missing: Literal["median", "mean", "most_frequent"] = "median"
    indicator: bool = True
    drop_ids: bool = False

    def scalers(self) -> list[Any]:
        """Transformers of dense numeric columns, to be fitted one after another."""
        return []

    def sparse_scalers(self) -> list[Any]:
        """Transformers of sparse features: they keep zeros."""
        return []

    def unsupported(self, dataset: Described) -> str | None:
        """Texts have no columns, sparse features neither categories nor missing values."""
        if (reason := super().unsupported(dataset)) is not None:
            return reason
        if dataset.is_sparse and dataset.categorical:
            return "categorical columns of sparse features can't be encoded; give them dense, or encoded"
        if dataset.is_sparse and dataset.has_missing:
            return "missing values of sparse features can't be imputed; leave them out (zero) or give dense features"
        return None

    def prepare(
        self, dataset: Dataset, pool_rows: NDArray[np.intp], test_rows: NDArray[np.intp]
    ) -> tuple[Features, Features]:
        """See `Preprocessing.prepare`.

        Raises
        ------
        DatasetError
            If `unsupported` has a reason, if no feature is left, or if scaling overflows.
        """
        if (reason := self.unsupported(dataset)) is not None:
            raise DatasetError(f"dataset {dataset.name!r} can't be prepared with {self.label!r}: {reason}.")
        try:
            with np.errstate(over="raise"):
                if sp.issparse(dataset.X):
                    parts = (sp.csr_matrix(dataset.X[rows], dtype=np.float64) for rows in (pool_rows, test_rows))
                    return self._sparse(*parts)
                return self._dense(dataset, dataset.X, pool_rows, test_rows)
        except FloatingPointError as error:
            raise overflow(dataset, self, error) from error

    def _dense(
        self, dataset: Dataset, X: Dense, pool_rows: NDArray[np.intp], test_rows: NDArray[np.intp]
    ) -> tuple[Features, Features]:
        """Large data have room for little more than the result: the test part is gathered when the pool is done."""
        numeric, categorical = self._columns(dataset, X, pool_rows)
        gaps = any(np.isnan(block).any() for rows in (pool_rows, test_rows) for block in _blocks(X, rows, numeric))
        blocks: list[Dense] = []
        steps: list[tuple[NDArray[np.intp], _Apply]] = []
        for columns, fit in ((numeric, partial(self._numeric, gaps=gaps)), (categorical, self._categories)):
            if len(columns):
                found, apply = fit(_gathered(X, pool_rows, columns))
                blocks += found
                steps.append((columns, apply))
        if not blocks:
            but_ids = " but ids" if self.drop_ids else ""
            raise DatasetError(f"dataset {dataset.name!r} has no feature with a value in the pool{but_ids}.")
        X_pool = _joined(blocks)
        del blocks, found
        return X_pool, _joined([block for columns, apply in steps for block in apply(_gathered(X, test_rows, columns))])

    def _columns(
        self, dataset: Dataset, X: Dense, pool_rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Positions of the numeric and of the categorical columns that are not left out."""
        every = np.arange(dataset.n_features)
        kept = np.zeros(dataset.n_features, dtype=np.bool_)
        for block in _blocks(X, pool_rows, every):
            kept |= ~np.isnan(block).all(axis=0)
        if self.drop_ids:
            kept &= ~id_columns(X[np.sort(pool_rows)], dataset.categorical)
        is_categorical = np.isin(every, dataset.categorical)
        return np.flatnonzero(kept & ~is_categorical), np.flatnonzero(kept & is_categorical)

    def _numeric(self, pool: Dense, *, gaps: bool) -> tuple[list[Dense], _Apply]:
        """The scaled columns and the indicators of those that the pool lacks values of; the same of another part."""
        from sklearn.impute import SimpleImputer

        incomplete = np.flatnonzero([self.indicator and bool(np.isnan(column).any()) for column in pool.T])

        def indicators(part: Dense) -> list[Dense]:
            return [np.isnan(part[:, incomplete]).astype(np.float64)] if len(incomplete) else []

        of_pool = indicators(pool)  # first, as steps work in place
        result, fitted = _fit([*([SimpleImputer(strategy=self.missing)] if gaps else []), *self.scalers()], pool)

        def apply(part: Dense) -> list[Dense]:
            shown = indicators(part)
            return [_transform(fitted, part), *shown]

        return [result, *of_pool], apply

    def _categories(self, pool: Dense) -> tuple[list[Dense], _Apply]:
        """The encoded columns, and what makes them of others."""
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

        if self.categories == "onehot":
            steps: list[Any] = [OneHotEncoder(handle_unknown="ignore", sparse_output=False)]
        else:
            unknown: dict[str, Any] = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
            steps = [OrdinalEncoder(**unknown, encoded_missing_value=-1), *self.scalers()]
        result, fitted = _fit(steps, pool)
        return [result], lambda part: [_transform(fitted, part)]

    def _sparse(self, pool: sp.csr_matrix, test: sp.csr_matrix) -> tuple[Features, Features]:
        X_pool, fitted = _fit(self.sparse_scalers(), pool)
        return sp.csr_matrix(X_pool), sp.csr_matrix(_transform(fitted, test))


def _fit(steps: Sequence[Any], pool: Any) -> tuple[Any, list[Any]]:
    """The pool after all steps, each fitted on what the one before gives; and the fitted steps.

    Ours is a copy already: scikit-learn's scalers need not make another.
    """
    for step in steps:
        if "copy" in step.get_params(deep=False):
            step.set_params(copy=False)
        pool = step.fit(pool).transform(pool)
    return pool, list(steps)


def _transform(fitted: Sequence[Any], part: Any) -> Any:
    for step in fitted:
        part = step.transform(part)
    return part


def _blocks(X: Dense, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Iterator[Dense]:
    """The values of rows and columns, a few megabytes at a time."""
    step = max(1, _BLOCK // max(1, X.shape[1]))
    everything = len(columns) == X.shape[1]
    for start in range(0, len(rows), step):
        block = X[rows[start : start + step]]
        yield block if everything else block[:, columns]


def _gathered(X: Dense, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Dense:
    """(n_rows, n_columns) a float64 copy, column by column in memory, as the bits of scalers' sums depend on that."""
    gathered = np.empty((len(rows), len(columns)), dtype=np.float64, order="F")
    start = 0
    for block in _blocks(X, rows, columns):
        gathered[start : start + len(block)] = block
        start += len(block)
    return gathered


def _joined(blocks: list[Dense]) -> Dense:
    """Blocks beside each other, row by row in memory."""
    return np.ascontiguousarray(blocks[0] if len(blocks) == 1 else np.hstack(blocks))
