"""The checkerboard of 2 x 2 squares, rotated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets._generated import GeneratedDataset, checkerboard, flip_labels

__all__ = ["Xor2x2Rotated"]


@dataclass(frozen=True)
class Xor2x2Rotated(GeneratedDataset):
    """A checkerboard of 2 x 2 squares, rotated, so that no border is parallel to an axis.

    Parameters
    ----------
    n_rows, seed : int
        As in `GeneratedDataset`.
    noise : float
        Share of flipped labels.
    angle : float
        Rotation in degrees, counter-clockwise.
    """

    name: ClassVar[str] = "xor_2x2_rotated"
    source: ClassVar[str] = (
        "Konyushkova, Sznitman and Fua (2017), Learning Active Learning from Data, rotated checkerboard 2x2"
    )

    n_rows: Annotated[int, Field(ge=10)] = 1600
    noise: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    angle: Annotated[float, Field(ge=0, lt=360)] = 45.0

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Uniform points, coloured, then rotated about the origin."""
        X, y = checkerboard(rng, self.n_rows, cells=2)
        cosine, sine = np.cos(np.deg2rad(self.angle)), np.sin(np.deg2rad(self.angle))
        rotated = np.column_stack([cosine * X[:, 0] - sine * X[:, 1], sine * X[:, 0] + cosine * X[:, 1]])
        return rotated, flip_labels(rng, y, self.noise)
