"""Value of information, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from algrid.strategies._skactiveml import SkactivemlLookahead
from algrid.strategies.base import QueryState

__all__ = ["ValueOfInformationSkactiveml"]


@dataclass(frozen=True)
class ValueOfInformationSkactiveml(SkactivemlLookahead):
    """Rows whose label is expected to leave the least risk on labelled and unlabelled rows, through scikit-activeml.

    Formula: ``u(x) = -sum_c P(c | x) R(x, c)``, where R is the risk of the query learner after it is fitted with x
    labelled c in addition: ``1 - P(y | r)`` summed over labelled rows r (x among them) and ``sum_c P(c | r) (1 -
    P(c | r))`` over the others (`ValueOfInformationEER`).

    Complexity: 1 + m * n_classes fits and predictions of the pool for m = max(candidates, batch_size), and O(m
    * n_classes * n_pool * n_classes^2) time; O(n_pool * (n_classes^2 + batch_size)) memory.

    Source: Kapoor, Horvitz & Basu, "Selective supervision: guiding supervised learning with decision-theoretic
    active learning", IJCAI 2007; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba``.

    Deviation from the paper: equal costs of all errors and no cost of labels; only `candidates` candidates,
    drawn at random, are looked at. Exact ties are broken at random (seeded), not by tie ranks.

    Parameters
    ----------
    candidates : int
        How many candidates, drawn at random in each cycle, are tried (a batch at least).
    """

    name: ClassVar[str] = "value_of_information@skactiveml"

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`ValueOfInformationEER`."""
        from skactiveml.pool import ValueOfInformationEER

        return ValueOfInformationEER(random_state=seed)
