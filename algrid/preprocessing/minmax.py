"""Values from 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from algrid.preprocessing._tables import TablePreprocessing

__all__ = ["MinMax"]


@dataclass(frozen=True)
class MinMax(TablePreprocessing):
    """Numeric columns reach from 0 to 1 in the pool.

    Sparse features are divided by the largest absolute value, which is the same for a column whose
    lowest value is 0.
    """

    name: ClassVar[str] = "minmax"
    source: ClassVar[str] = "scikit-learn's MinMaxScaler"

    def scalers(self) -> list[Any]:
        """`sklearn.preprocessing.MinMaxScaler`."""
        from sklearn.preprocessing import MinMaxScaler

        return [MinMaxScaler()]

    def sparse_scalers(self) -> list[Any]:
        """`sklearn.preprocessing.MaxAbsScaler`."""
        from sklearn.preprocessing import MaxAbsScaler

        return [MaxAbsScaler()]
