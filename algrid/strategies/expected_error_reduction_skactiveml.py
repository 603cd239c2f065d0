"""Expected error reduction, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from algrid.strategies._skactiveml import SkactivemlLookahead
from algrid.strategies.base import QueryState

__all__ = ["ExpectedErrorReductionSkactiveml"]


@dataclass(frozen=True)
class ExpectedErrorReductionSkactiveml(SkactivemlLookahead):
    """Rows whose label is expected to leave the least error on the pool, through scikit-activeml.

    Formula: ``u(x) = -sum_c P(c | x) E(x, c)``, where E is the error that the query learner expects of itself after
    it is fitted with x labelled c in addition, over all rows of the pool: ``sum_r sum_c -P(c | r) log P(c | r)``
    for ``log``, ``sum_r 1 - max_c P(c | r)`` for ``zero_one`` (`MonteCarloEER`).

    Complexity: 1 + m * n_classes fits and predictions of the pool for m = max(candidates, batch_size), and O(m
    * n_classes * n_pool) time in a Python loop; O(n_pool * (n_classes + batch_size)) memory.

    Source: Roy & McCallum, "Toward optimal active learning through sampling estimation of error reduction", ICML
    2001; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba``.

    Deviation from `expected_error_reduction`: the error is summed over the whole pool, labelled rows and x included;
    only `candidates` candidates, drawn at random, are tried, and a batch is the top k of them. Exact ties are
    broken at random (seeded), not by tie ranks.

    Parameters
    ----------
    candidates : int
        How many candidates, drawn at random in each cycle, are tried (a batch at least).
    loss : "log" or "zero_one"
        The error.
    """

    name: ClassVar[str] = "expected_error_reduction@skactiveml"

    loss: Literal["log", "zero_one"] = "log"

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`MonteCarloEER`."""
        from skactiveml.pool import MonteCarloEER

        return MonteCarloEER(method="log_loss" if self.loss == "log" else "misclassification_loss", random_state=seed)
