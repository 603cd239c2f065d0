"""The checkerboard of 2 x 2 squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets._generated import GeneratedDataset, checkerboard, flip_labels

__all__ = ["Xor2x2"]


@dataclass(frozen=True)
class Xor2x2(GeneratedDataset):
    """A checkerboard of 2 x 2 squares on [-1, 1]^2: 2 features, 2 classes.

    Parameters
    ----------
    n_rows, seed : int
        As in `GeneratedDataset`.
    noise : float
        Share of flipped labels.
    """

    name: ClassVar[str] = "xor_2x2"
    source: ClassVar[str] = "Konyushkova, Sznitman and Fua (2017), Learning Active Learning from Data, checkerboard 2x2"

    n_rows: Annotated[int, Field(ge=10)] = 1600
    noise: Annotated[float, Field(ge=0, lt=0.5)] = 0.0

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Uniform points, coloured."""
        X, y = checkerboard(rng, self.n_rows, cells=2)
        return X, flip_labels(rng, y, self.noise)
