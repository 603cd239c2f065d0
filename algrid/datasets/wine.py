"""The wine recognition data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from algrid.datasets._embedded import EmbeddedDataset

__all__ = ["Wine"]


@dataclass(frozen=True)
class Wine(EmbeddedDataset):
    """Three cultivars by a chemical analysis of their wines: 178 rows, 13 features, 3 classes."""

    name: ClassVar[str] = "wine"
    source: ClassVar[str] = "Aeberhard and Forina (1991), Wine; UCI, doi:10.24432/C5PC7J"
    licence: ClassVar[str] = "CC BY 4.0"
    loader: ClassVar[str] = "load_wine"
