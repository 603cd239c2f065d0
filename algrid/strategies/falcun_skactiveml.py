"""FALCUN, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from algrid.strategies._skactiveml import SkactivemlStrategy, predicted
from algrid.strategies.base import QueryState

__all__ = ["FalcunSkactiveml"]


@dataclass(frozen=True)
class FalcunSkactiveml(SkactivemlStrategy):
    """Rows drawn by uncertainty and by unlikeness to the rows drawn before, through scikit-activeml.

    Formula: each row is drawn with probability proportional to ``(U(x) + D(x))^gamma``, U being 1 - margin, and D
    first U, then the least L1 distance of the probabilities of x to those of chosen rows, scaled to 0 ... 1
    (`Falcun`).

    Complexity: O(batch_size * n_candidates * n_classes) time; O(n_candidates * n_classes + n_pool * batch_size)
    memory.

    Source: Gilhuber, Beer, Ma & Seidl, "FALCUN: a simple and efficient deep active learning strategy", ECML PKDD
    2024; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba``.

    Deviation from the paper: none known; the draws are seeded.

    Parameters
    ----------
    gamma : float
        How strongly likely rows are preferred; 0 draws at random.
    """

    name: ClassVar[str] = "falcun@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    gamma: Annotated[float, Field(ge=0)] = 10.0

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`Falcun`."""
        from skactiveml.pool import Falcun

        return Falcun(gamma=self.gamma, random_state=seed)

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The query learner, fitted."""
        return {"clf": predicted(state), "fit_clf": False}
