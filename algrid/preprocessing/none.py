"""No scaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from algrid.preprocessing._tables import TablePreprocessing

__all__ = ["Unscaled"]


@dataclass(frozen=True)
class Unscaled(TablePreprocessing):
    """Missing numbers are imputed and categories encoded, but nothing is scaled."""

    name: ClassVar[str] = "none"
    source: ClassVar[str] = "scikit-learn"
