"""Query by committee, as ALiPy does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.learners.base import Learner
from algrid.strategies._alipy import EPSILON, SOURCE, AlipyRanking
from algrid.strategies._committee import bagged
from algrid.strategies.base import QueryState

__all__ = ["QueryByCommitteeAlipyCompatible"]


@dataclass(frozen=True)
class QueryByCommitteeAlipyCompatible(AlipyRanking):
    """Rows on which a bagged committee disagrees most, measured and ranked as ALiPy does.

    Formula: with M members, V(c) votes for class c, P_m the probabilities of member m and P their mean,
    ``vote_entropy`` is ``-sum_c V(c)/M log((V(c) + 1e-9)/M)``, added up in the order of the first vote for each
    class, and ``KL_divergence`` is ``sum_m sum_c P_m(c) log((P_m(c) + 1e-9) / (P(c) + 1e-9))``.

    Complexity: the time of `committee_size` fits and predictions of the pool, then O(n_candidates *
    committee_size * (committee_size + n_classes)); O(n_candidates * committee_size * n_classes) memory.

    Source: Seung, Opper & Sompolinsky, COLT 1992; Abe & Mamitsuka, ICML 1998; ALiPy: Tang, Li & Huang,
    arXiv 1901.03802.

    Needs: nothing for votes; ``predict_proba`` for ``KL_divergence``.

    Deviation from `qbc`: ten members, as scikit-learn's `BaggingClassifier` has by default; equal counts may
    differ in the last bit, which decides between what ought to be ties; exact ties go to the later pool index,
    not by tie ranks. `BaggingClassifier` weights the labelled rows where the learner can take weights, instead
    of repeating them, and draws from the global generator; here members have resamples and seeds of this
    strategy's own stream.

    Parameters
    ----------
    committee_size : int
        Members; each has a bootstrap resample of the labelled set and a seed of its own.
    disagreement : "vote_entropy" or "KL_divergence"
        How disagreement is measured.
    """

    name: ClassVar[str] = "qbc@alipy_compatible"
    source: ClassVar[str] = SOURCE

    committee_size: Annotated[int, Field(ge=2)] = 10
    disagreement: Literal["vote_entropy", "KL_divergence"] = "vote_entropy"

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) disagreements."""
        members = bagged(state, self.committee_size)
        if self.disagreement == "vote_entropy":
            return vote_entropies(np.array([member.predict(state.X)[state.unlabeled] for member in members]))
        return divergences(np.array([member.predict_proba(state.X)[state.unlabeled] for member in members]))

    def fits_per_query(self, batch_size: int) -> int:  # noqa: ARG002
        """Its members."""
        return self.committee_size

    def unsupported(
        self, query_learner: Learner, n_classes: int, sparse: bool, n_pool: int | None = None
    ) -> str | None:
        """As the base says, and ``KL_divergence`` needs probabilities."""
        if self.disagreement == "KL_divergence" and "predict_proba" not in query_learner.provides:
            return (
                f"{self.name} with disagreement=KL_divergence needs predict_proba, which {query_learner.name} does "
                "not provide"
            )
        return super().unsupported(query_learner, n_classes, sparse, n_pool)


def vote_entropies(votes: NDArray[np.intp]) -> NDArray[np.float64]:
    """(n,) entropies of the votes (committee_size, n), each class added where it is voted for first."""
    size = len(votes)
    negated = np.zeros(votes.shape[1])
    for member, vote in enumerate(votes):
        counts = (votes == vote).sum(axis=0)
        first = (votes[:member] != vote).all(axis=0)
        negated += np.where(first, counts / size * np.log((counts + EPSILON) / size), 0.0)
    return -negated


def divergences(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) summed divergences of the members' probabilities (committee_size, n, n_classes) from their mean."""
    consensus = proba.sum(axis=0) / len(proba) + EPSILON
    total: NDArray[np.float64] = (proba * np.log((proba + EPSILON) / consensus)).sum(axis=(0, 2))
    return total
