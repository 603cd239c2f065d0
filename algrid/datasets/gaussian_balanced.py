"""Two normal clouds of one size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets._generated import GeneratedDataset, normal_clouds

__all__ = ["GaussianBalanced"]


@dataclass(frozen=True)
class GaussianBalanced(GeneratedDataset):
    """Two overlapping normal clouds of as many rows: 2 features, 2 classes.

    Both have unit covariance; their means are `separation` apart along the diagonal. The best rule errs
    in Phi(-separation / 2) of rows: 15.9 per cent by default.

    Parameters
    ----------
    n_rows, seed : int
        As in `GeneratedDataset`.
    separation : float
        Distance of the means, in standard deviations.
    """

    name: ClassVar[str] = "gaussian_balanced"
    source: ClassVar[str] = (
        "after the Gaussian clouds of Konyushkova, Sznitman and Fua (2017) and Zhan et al. (IJCAI 2021)"
    )

    separation: Annotated[float, Field(ge=0)] = 2.0

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Half of the rows of either class; the first has the odd row."""
        mean = np.full(2, self.separation / np.sqrt(8))
        counts = (self.n_rows - self.n_rows // 2, self.n_rows // 2)
        return normal_clouds(rng, counts, np.stack([-mean, mean]), (1.0, 1.0))
