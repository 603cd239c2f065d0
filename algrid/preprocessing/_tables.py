"""Tables of numbers and categories: what all scalings have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
                    return self._sparse(dataset.X[pool_rows], dataset.X[test_rows])
                return self._dense(dataset, dataset.X, pool_rows, test_rows)
        except FloatingPointError as error:
            raise overflow(dataset, self, error) from error

    def _dense(
        self, dataset: Dataset, X: Dense, pool_rows: NDArray[np.intp], test_rows: NDArray[np.intp]
    ) -> tuple[Features, Features]:
        pool, test = X[pool_rows], X[test_rows]
        is_categorical = np.isin(np.arange(dataset.n_features), dataset.categorical)
        known = ~np.isnan(pool).all(axis=0)
        if self.drop_ids:
            known &= ~id_columns(pool[np.argsort(pool_rows)], dataset.categorical)
        blocks = [
            *self._numeric(pool[:, known & ~is_categorical], test[:, known & ~is_categorical]),
            self._categories(pool[:, known & is_categorical], test[:, known & is_categorical]),
        ]
        X_pool, X_test = (np.ascontiguousarray(np.hstack(side)) for side in zip(*blocks, strict=True))
        if X_pool.shape[1] == 0:
            but_ids = " but ids" if self.drop_ids else ""
            raise DatasetError(f"dataset {dataset.name!r} has no feature with a value in the pool{but_ids}.")
        return X_pool, X_test

    def _numeric(self, pool: Dense, test: Dense) -> list[tuple[Dense, Dense]]:
        """The scaled columns, and the indicators of those that the pool lacks values of."""
        if pool.shape[1] == 0:
            return []
        incomplete = np.isnan(pool).any(axis=0) & self.indicator
        indicators = tuple(np.isnan(part[:, incomplete]).astype(np.float64) for part in (pool, test))
        if np.isnan(pool).any() or np.isnan(test).any():
            from sklearn.impute import SimpleImputer

            pool, test = _fit_on_pool(SimpleImputer(strategy=self.missing), pool, test)
        return [self._scaled(pool, test), (indicators[0], indicators[1])]

    def _scaled(self, pool: Dense, test: Dense) -> tuple[Dense, Dense]:
        for scaler in self.scalers():
            pool, test = _fit_on_pool(scaler, pool, test)
        return pool, test

    def _categories(self, pool: Dense, test: Dense) -> tuple[Dense, Dense]:
        if pool.shape[1] == 0:
            return pool, test
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

        if self.categories == "onehot":
            return _fit_on_pool(OneHotEncoder(handle_unknown="ignore", sparse_output=False), pool, test)
        unknown: dict[str, Any] = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
        return self._scaled(*_fit_on_pool(OrdinalEncoder(**unknown, encoded_missing_value=-1), pool, test))

    def _sparse(self, pool: sp.csr_matrix, test: sp.csr_matrix) -> tuple[Features, Features]:
        for scaler in self.sparse_scalers():
            pool, test = _fit_on_pool(scaler, pool, test)
        return sp.csr_matrix(pool), sp.csr_matrix(test)


def _fit_on_pool(transformer: Any, pool: Any, test: Any) -> tuple[Any, Any]:
    return transformer.fit(pool).transform(pool), transformer.transform(test)
