"""The Wisconsin diagnostic breast cancer data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from algrid.datasets._embedded import EmbeddedDataset

__all__ = ["BreastCancer"]


@dataclass(frozen=True)
class BreastCancer(EmbeddedDataset):
    """Malignant or benign, by measurements of cell nuclei: 569 rows, 30 features, 2 classes."""

    name: ClassVar[str] = "breast_cancer"
    source: ClassVar[str] = (
        "Wolberg, Mangasarian, Street and Street (1993), Breast Cancer Wisconsin (Diagnostic); UCI, doi:10.24432/C5DW2B"
    )
    licence: ClassVar[str] = "CC BY 4.0"
    loader: ClassVar[str] = "load_breast_cancer"
