"""The scaling of the reference study, fitted on the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from algrid.preprocessing._tables import TablePreprocessing

__all__ = ["RobustMinMax"]


@dataclass(frozen=True)
class RobustMinMax(TablePreprocessing):
    """Medians and quartiles are taken out of numeric columns, which then reach from 0 to 1 in the pool.

    As both steps are affine, this differs from `minmax` in rounding only. Sparse features are divided
    by the largest absolute value.
    """

    name: ClassVar[str] = "robust_minmax"
    source: ClassVar[str] = "arXiv 2506.03817; scikit-learn's RobustScaler and MinMaxScaler"

    def scalers(self) -> list[Any]:
        """`sklearn.preprocessing.RobustScaler`, then `MinMaxScaler`."""
        from sklearn.preprocessing import MinMaxScaler, RobustScaler

        return [RobustScaler(), MinMaxScaler()]

    def sparse_scalers(self) -> list[Any]:
        """`sklearn.preprocessing.MaxAbsScaler`."""
        from sklearn.preprocessing import MaxAbsScaler

        return [MaxAbsScaler()]
