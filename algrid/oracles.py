"""Oracles: who answers a query, and how reliably."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.registry import Plugin, Registry

__all__ = ["ORACLES", "NoisyOracle", "Oracle", "PerfectOracle"]


@dataclass(frozen=True)
class Oracle(Plugin):
    """Base of oracles.

    An oracle answers for every row of the dataset at once, before a run begins: its answer does not
    depend on when, by whom or how often it is asked. The labels of a start set come from it too;
    scores are against clean labels.
    """

    def answer(self, y: NDArray[np.intp], n_classes: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """The answers.

        Parameters
        ----------
        y : (n_rows,) int array
            Clean class codes of the whole dataset.
        n_classes : int
            At least 2.
        rng : Generator
            The oracle's stream.

        Returns
        -------
        (n_rows,) new int array of class codes.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class PerfectOracle(Oracle):
    """Answers with the clean label."""

    name: ClassVar[str] = "perfect"

    def answer(self, y: NDArray[np.intp], n_classes: int, rng: np.random.Generator) -> NDArray[np.intp]:  # noqa: ARG002
        """A copy of `y`."""
        return y.copy()


@dataclass(frozen=True)
class NoisyOracle(Oracle):
    """Answers with another class, drawn uniformly, for a random share of the rows.

    Flips are nested: a row that is flipped at 0.1 is flipped at 0.2 too, to the same class.

    Parameters
    ----------
    flip : float
        Probability that a row's answer is wrong; the same for every row.
    """

    name: ClassVar[str] = "noisy"

    flip: Annotated[float, Field(ge=0, lt=1)]

    def answer(self, y: NDArray[np.intp], n_classes: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Row n has the n-th pair of draws: whether it is flipped, and how many classes further to."""
        draws = rng.random((len(y), 2))
        offset = 1 + (draws[:, 1] * (n_classes - 1)).astype(np.intp)
        return np.where(draws[:, 0] < self.flip, (y + offset) % n_classes, y)


#: All oracles.
ORACLES: Registry[Oracle] = Registry("oracle", Oracle, __name__)
