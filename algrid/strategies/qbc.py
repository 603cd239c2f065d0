"""Query by committee."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.learners.base import Learner
from algrid.strategies._committee import bagged
from algrid.strategies._measures import entropies
from algrid.strategies.base import QueryState, Strategy

__all__ = ["QueryByCommittee"]


@dataclass(frozen=True)
class QueryByCommittee(Strategy):
    """Rows on which a bagged committee of the query learner disagrees most.

    Formula: with M members, V(c) votes for class c, P_m the probabilities of member m and P their mean,
    ``vote_entropy`` is ``-sum_c V(c)/M log(V(c)/M)``, ``variation_ratio`` is ``1 - max_c V(c)/M``, and
    ``kl`` is ``1/M sum_m KL(P_m || P) = H(P) - 1/M sum_m H(P_m)``.

    Complexity: `committee_size` fits and predictions of the pool; then O(n_candidates * committee_size^2)
    time for votes, O(n_candidates * n_classes * committee_size) for ``kl``; O(n_candidates *
    (committee_size + n_classes)) memory.

    Source: Seung, Opper & Sompolinsky, COLT 1992; bagging: Abe & Mamitsuka, ICML 1998; vote entropy:
    Dagan & Engelson, ICML 1995; KL: McCallum & Nigam, ICML 1998; variation ratio: Freeman 1965.

    Needs: nothing for votes; ``predict_proba`` for ``kl``.

    Parameters
    ----------
    committee_size : int
        Members; each has a bootstrap resample of the labelled set and a seed of its own.
    disagreement : "vote_entropy", "kl" or "variation_ratio"
        How disagreement is measured.
    """

    name: ClassVar[str] = "qbc"
    source: ClassVar[str] = "Seung, Opper & Sompolinsky, COLT 1992; Abe & Mamitsuka, ICML 1998"

    committee_size: Annotated[int, Field(ge=2)] = 5
    disagreement: Literal["vote_entropy", "kl", "variation_ratio"] = "vote_entropy"

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) disagreements."""
        if self.disagreement == "kl":
            return self._divergence(state)
        votes = [member.predict(state.X)[state.unlabeled] for member in bagged(state, self.committee_size)]
        supporters = _supporters(np.stack(votes))
        if self.disagreement == "variation_ratio":
            largest: NDArray[np.float64] = supporters[-1] / self.committee_size
            return 1.0 - largest
        # the sum over classes of V/M log(V/M) is the mean over members of log(V of their class / M)
        mean_logs: NDArray[np.float64] = np.log(supporters).mean(axis=0)
        return math.log(self.committee_size) - mean_logs

    def _divergence(self, state: QueryState) -> NDArray[np.float64]:
        total = np.zeros((len(state.unlabeled), state.n_classes))
        own = np.zeros(len(state.unlabeled))
        for member in bagged(state, self.committee_size):
            proba = member.predict_proba(state.X)[state.unlabeled]
            total += proba
            own += entropies(proba)
        return np.maximum(entropies(total / self.committee_size) - own / self.committee_size, 0.0)

    def fits_per_query(self, batch_size: int) -> int:  # noqa: ARG002
        """Its members."""
        return self.committee_size

    def unsupported(
        self, query_learner: Learner, n_classes: int, sparse: bool, n_pool: int | None = None
    ) -> str | None:
        """As the base says, and ``kl`` needs probabilities."""
        if self.disagreement == "kl" and "predict_proba" not in query_learner.provides:
            return f"{self.name} with disagreement=kl needs predict_proba, which {query_learner.name} does not provide"
        return super().unsupported(query_learner, n_classes, sparse, n_pool)


def _supporters(votes: NDArray[np.intp]) -> NDArray[np.intp]:
    """(committee_size, n) for each vote how many members cast the same, ascending in each column.

    Sorted, so that columns with the same counts add up to the same bits, whoever voted for what.
    """
    counts = np.zeros(votes.shape, dtype=np.intp)
    for vote in votes:
        counts += votes == vote
    counts.sort(axis=0)
    return counts
