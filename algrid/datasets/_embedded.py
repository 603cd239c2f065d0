"""Datasets that come with scikit-learn: what their plugins have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from algrid.datasets.base import Dataset, DatasetPlugin

__all__ = ["EmbeddedDataset"]


@dataclass(frozen=True)
class EmbeddedDataset(DatasetPlugin):
    """Base of datasets that scikit-learn brings along: nothing is downloaded.

    Class variables
    ---------------
    loader : str
        The function of `sklearn.datasets` that reads it.

    Parameters
    ----------
    title : str
        Name of the dataset in tables and figures; by default the plugin's.
    """

    loader: ClassVar[str]
    legacy: ClassVar[Mapping[str, object]] = {"title": ""}

    title: str = ""

    @property
    def dataset_name(self) -> str:
        """The title, or the plugin's name."""
        return self.title or self.name

    @property
    def label(self) -> str:
        """The dataset's name."""
        return self.dataset_name

    def state(self) -> tuple[()]:
        """Nothing: scikit-learn's version says which data it brings."""
        return ()

    def load(self) -> Dataset:
        """Read scikit-learn's copy."""
        import sklearn.datasets

        bunch = getattr(sklearn.datasets, self.loader)()
        return Dataset(
            name=self.dataset_name,
            X=np.ascontiguousarray(bunch.data, dtype=np.float64),
            y=np.asarray(bunch.target, dtype=np.intp),
            class_names=tuple(str(name) for name in bunch.target_names),
            feature_names=tuple(str(name) for name in bunch.feature_names),
        )
