"""The handwritten digits data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from algrid.datasets._embedded import EmbeddedDataset

__all__ = ["Digits"]


@dataclass(frozen=True)
class Digits(EmbeddedDataset):
    """Handwritten digits as images of 8 x 8 pixels: 1797 rows, 64 features, 10 classes."""

    name: ClassVar[str] = "digits"
    source: ClassVar[str] = (
        "Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits; UCI, doi:10.24432/C50P49"
    )
    licence: ClassVar[str] = "CC BY 4.0"
    loader: ClassVar[str] = "load_digits"
