"""Breiman's ringnorm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets._generated import GeneratedDataset, normal_clouds

__all__ = ["Ringnorm"]


@dataclass(frozen=True)
class Ringnorm(GeneratedDataset):
    """A normal cloud within the ring of a wider one: 20 features, 2 classes.

    Class 0 has mean 0 and covariance 4 I, class 1 the mean (a, ..., a) with a = 2 / sqrt(n_features),
    and covariance I. Breiman gives the error of the best rule as 1.3 per cent (20 features).

    Parameters
    ----------
    n_rows, seed : int
        As in `GeneratedDataset`; 7400 rows as in the DELVE and KEEL data of that name.
    n_features : int
    """

    name: ClassVar[str] = "ringnorm"
    source: ClassVar[str] = "Breiman (1996), Bias, variance, and arcing classifiers, technical report 460, UC Berkeley"

    n_rows: Annotated[int, Field(ge=10)] = 7400
    n_features: Annotated[int, Field(ge=1)] = 20

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Half of the rows of either class; the first has the odd row."""
        centres = np.zeros((2, self.n_features))
        centres[1] = 2 / np.sqrt(self.n_features)
        return normal_clouds(rng, (self.n_rows - self.n_rows // 2, self.n_rows // 2), centres, (2.0, 1.0))
