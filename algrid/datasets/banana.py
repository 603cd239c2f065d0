"""Two interleaving bananas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets._generated import GeneratedDataset

__all__ = ["Banana"]

_RADIUS = 5.0
_SPREAD = 1.25 * np.pi  # either banana's arc
_SHIFT = -0.75 * _RADIUS  # of the second banana, along both axes


@dataclass(frozen=True)
class Banana(GeneratedDataset):
    """Two interleaving banana-shaped clouds: 2 features, 2 classes.

    Either class lies along an arc of radius 5; the second arc is turned and shifted into the first.

    Parameters
    ----------
    n_rows, seed : int
        As in `GeneratedDataset`; 5300 rows as in the KEEL data of that name.
    noise : float
        Standard deviation of the normal noise around the arcs.
    """

    name: ClassVar[str] = "banana"
    source: ClassVar[str] = "Duin's banana set (PRTools, gendatb); the size of KEEL's banana"

    n_rows: Annotated[int, Field(ge=10)] = 5300
    noise: Annotated[float, Field(ge=0)] = 1.0

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Angles uniform on the arcs, normal noise added; the first class has the odd row."""
        y = np.arange(self.n_rows, dtype=np.intp) % 2
        along = _SPREAD * rng.random(self.n_rows)
        angle = np.where(y == 0, 0.125 * np.pi + along, 0.375 * np.pi - along)
        arcs = _RADIUS * np.column_stack([np.sin(angle), np.cos(angle)]) + _SHIFT * y[:, np.newaxis]
        return arcs + self.noise * rng.standard_normal((self.n_rows, 2)), y
