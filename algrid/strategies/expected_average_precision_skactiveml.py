"""Expected average precision, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._refits import draw_candidates
from algrid.strategies._skactiveml import SkactivemlStrategy
from algrid.strategies.base import QueryState

__all__ = ["ExpectedAveragePrecisionSkactiveml"]


@dataclass(frozen=True)
class ExpectedAveragePrecisionSkactiveml(SkactivemlStrategy):
    """Rows without which the expected average precision of the others is highest, through scikit-activeml.

    Formula: ``u(x) = sum_c E[average precision of the ranking by P(c | .)]`` over the candidates but x, with labels
    drawn from P (`UncertaintySampling`, method ``expected_average_precision``).

    Complexity: O(n_classes * m^3) time in Python loops and O(m^2) memory for m = max(candidates, batch_size).

    Source: Wang, Chang, Shi, Yang & Shen, "Uncertainty sampling for action recognition via maximizing expected
    average precision", IJCAI 2018; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba``.

    Deviation from the paper: the library's recursion starts with a 1 for the precision of no rows, and with a 0 for the
    probability of no c among the first rows: so that of all label vectors only those count in which the row ranked
    first is a c, and its precision counts twice. Only `candidates` candidates, drawn at random, are tried. The library
    refuses probabilities whose sums all miss 1 in the last bit; the largest of each row is corrected by that bit.
    Exact ties are broken at random (seeded), not by tie ranks.

    Parameters
    ----------
    candidates : int
        How many candidates, drawn at random in each cycle, are tried (a batch at least).
    """

    name: ClassVar[str] = "expected_average_precision@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    candidates: Annotated[int, Field(ge=1)] = 30

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`UncertaintySampling`."""
        from skactiveml.pool import UncertaintySampling

        return UncertaintySampling(method="expected_average_precision", random_state=seed)

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The query learner, fitted."""
        from algrid.strategies._skactiveml_classifiers import Predicted

        return {"clf": Predicted(state.n_classes, proba=_exact_sums(state.model.predict_proba())), "fit_clf": False}

    def choice(self, state: QueryState, rng: np.random.Generator) -> NDArray[np.intp]:
        """Some of the candidates."""
        return draw_candidates(state, rng, self.candidates)


def _exact_sums(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probabilities, of which at least each row whose sum missed 1 by rounding is corrected in its largest."""
    exact = proba.copy()
    for _ in range(4):
        excess = exact.sum(axis=1) - 1.0
        if not excess.any():
            break
        exact[np.arange(len(exact)), exact.argmax(axis=1)] -= excess
    return exact
