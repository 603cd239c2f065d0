"""Two normal clouds of different sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets._generated import GeneratedDataset, normal_clouds

__all__ = ["GaussianUnbalanced"]


@dataclass(frozen=True)
class GaussianUnbalanced(GeneratedDataset):
    """Two overlapping normal clouds, one of them rarer: 2 features, 2 classes.

    Both have unit covariance; their means are `separation` apart along the diagonal. Class 1 is the
    rarer one.

    Parameters
    ----------
    n_rows, seed : int
        As in `GeneratedDataset`.
    separation : float
        Distance of the means, in standard deviations.
    minority_share : float
        Share of class 1, rounded to rows (at least two).
    """

    name: ClassVar[str] = "gaussian_unbalanced"
    source: ClassVar[str] = (
        "after the Gaussian clouds of Konyushkova, Sznitman and Fua (2017) and Zhan et al. (IJCAI 2021)"
    )

    separation: Annotated[float, Field(ge=0)] = 2.0
    minority_share: Annotated[float, Field(gt=0, le=0.5)] = 0.33

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """The rarer class has its share of the rows."""
        rare = max(2, round(self.n_rows * self.minority_share))
        mean = np.full(2, self.separation / np.sqrt(8))
        return normal_clouds(rng, (self.n_rows - rare, rare), np.stack([-mean, mean]), (1.0, 1.0))
