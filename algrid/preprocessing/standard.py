"""Mean 0 and deviation 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from algrid.preprocessing._tables import TablePreprocessing

__all__ = ["Standard"]


@dataclass(frozen=True)
class Standard(TablePreprocessing):
    """Numeric columns get mean 0 and deviation 1 in the pool.

    Sparse features are divided by the deviation only.
    """

    name: ClassVar[str] = "standard"
    source: ClassVar[str] = "scikit-learn's StandardScaler"

    def scalers(self) -> list[Any]:
        """`sklearn.preprocessing.StandardScaler`."""
        from sklearn.preprocessing import StandardScaler

        return [StandardScaler()]

    def sparse_scalers(self) -> list[Any]:
        """The same without centring."""
        from sklearn.preprocessing import StandardScaler

        return [StandardScaler(with_mean=False)]
