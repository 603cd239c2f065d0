"""The reference study's own preparation, test rows and all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Dataset, Features
from algrid.errors import DatasetError
from algrid.preprocessing.base import Described, Preprocessing, overflow

__all__ = ["Paper"]


@dataclass(frozen=True)
class Paper(Preprocessing):
    """LEAKS: what the reference study did, fitted on all rows, the test part's among them.

    It is there to measure what that does to scores and rankings, against `robust_minmax` as a level of
    the same axis, and for comparisons with the study's own results; not to report scores with.

    1. Categories become their codes (0, 1, ... in sorted order), a missing one -1.
    2. A missing number becomes 0.
    3. All columns are scaled by RobustScaler and then MinMaxScaler, so that every value, also of the test
       part, is from 0 to 1.

    The study also left id columns in. Which columns there are is a matter of the dataset (`drop` of a file).
    """

    name: ClassVar[str] = "paper"
    source: ClassVar[str] = "arXiv 2506.03817, public code"
    leaks: ClassVar[bool] = True

    def unsupported(self, dataset: Described) -> str | None:
        """Texts have no columns, and medians can't be taken out of sparse features."""
        if dataset.is_sparse:
            return "the study's preparation centres features, and sparse ones can't be"
        return super().unsupported(dataset)

    def prepare(
        self, dataset: Dataset, pool_rows: NDArray[np.intp], test_rows: NDArray[np.intp]
    ) -> tuple[Features, Features]:
        """See `Preprocessing.prepare`; fitted on all rows of the dataset.

        Raises
        ------
        DatasetError
            For sparse features, or if scaling overflows.
        """
        from sklearn.preprocessing import MinMaxScaler, RobustScaler

        if (reason := self.unsupported(dataset)) is not None:
            raise DatasetError(f"dataset {dataset.name!r} can't be prepared with {self.label!r}: {reason}.")
        missing = np.zeros(dataset.n_features)
        missing[list(dataset.categorical)] = -1
        X = np.asarray(dataset.X)
        X = np.where(np.isnan(X), missing, X)
        try:
            with np.errstate(over="raise"):
                X = MinMaxScaler().fit_transform(RobustScaler().fit_transform(X))
        except FloatingPointError as error:
            raise overflow(dataset, self, error) from error
        return X[pool_rows], X[test_rows]
