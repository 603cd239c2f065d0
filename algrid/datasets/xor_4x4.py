"""The checkerboard of 4 x 4 squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets._generated import GeneratedDataset, checkerboard, flip_labels

__all__ = ["Xor4x4"]


@dataclass(frozen=True)
class Xor4x4(GeneratedDataset):
    """A checkerboard of 4 x 4 squares on [-1, 1]^2: 2 features, 2 classes.

    Parameters
    ----------
    n_rows, seed : int
        As in `GeneratedDataset`.
    noise : float
        Share of flipped labels.
    """

    name: ClassVar[str] = "xor_4x4"
    source: ClassVar[str] = "Konyushkova, Sznitman and Fua (2017), Learning Active Learning from Data, checkerboard 4x4"

    n_rows: Annotated[int, Field(ge=10)] = 1600
    noise: Annotated[float, Field(ge=0, lt=0.5)] = 0.0

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Uniform points, coloured."""
        X, y = checkerboard(rng, self.n_rows, cells=4)
        return X, flip_labels(rng, y, self.noise)
