"""The iris data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from algrid.datasets._embedded import EmbeddedDataset

__all__ = ["Iris"]


@dataclass(frozen=True)
class Iris(EmbeddedDataset):
    """Three species of iris by four measurements of the flower: 150 rows, 3 classes."""

    name: ClassVar[str] = "iris"
    source: ClassVar[str] = (
        "Fisher (1936), The use of multiple measurements in taxonomic problems; UCI, doi:10.24432/C56C76"
    )
    licence: ClassVar[str] = "CC BY 4.0"
    loader: ClassVar[str] = "load_iris"
