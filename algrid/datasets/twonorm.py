"""Breiman's twonorm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets._generated import GeneratedDataset, normal_clouds

__all__ = ["Twonorm"]


@dataclass(frozen=True)
class Twonorm(GeneratedDataset):
    """Two normal clouds with unit covariance: 20 features, 2 classes.

    The means are (a, ..., a) and (-a, ..., -a) with a = 2 / sqrt(n_features): they are 4 apart, so that
    the best rule (the sign of the sum) errs in 2.3 per cent of rows.

    Parameters
    ----------
    n_rows, seed : int
        As in `GeneratedDataset`; 7400 rows as in the DELVE and KEEL data of that name.
    n_features : int
    """

    name: ClassVar[str] = "twonorm"
    source: ClassVar[str] = "Breiman (1996), Bias, variance, and arcing classifiers, technical report 460, UC Berkeley"

    n_rows: Annotated[int, Field(ge=10)] = 7400
    n_features: Annotated[int, Field(ge=1)] = 20

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Half of the rows of either class; the first has the odd row."""
        mean = np.full(self.n_features, 2 / np.sqrt(self.n_features))
        counts = (self.n_rows - self.n_rows // 2, self.n_rows // 2)
        return normal_clouds(rng, counts, np.stack([mean, -mean]), (1.0, 1.0))
