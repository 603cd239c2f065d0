"""Query by committee, as modAL does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.learners.base import Learner
from algrid.sandbox import sandboxed
from algrid.strategies._modal import RefittedEstimator, ask
from algrid.strategies.base import QueryState, Strategy

__all__ = ["QueryByCommitteeModal"]


@dataclass(frozen=True)
class QueryByCommitteeModal(Strategy):
    """Rows on which a bagged committee disagrees most, through modAL.

    Formula: with M members, V(c) votes for class c, P_m the probabilities of member m and P their mean,
    ``vote_entropy`` is ``-sum_c V(c)/M log(V(c)/M)``, ``consensus_entropy`` is ``H(P)``, and
    ``max_disagreement`` is ``max_m KL(P_m || P)`` (`modAL.disagreement` on a `Committee` of learners made with
    ``bootstrap_init``).

    Complexity: `committee_size` fits and predictions of the pool, then O(n_candidates * (committee_size +
    n_classes)) time in a Python loop over the candidates for votes, O(n_candidates * committee_size *
    n_classes) for probabilities; as much memory.

    Source: Seung, Opper & Sompolinsky, COLT 1992; Dagan & Engelson, ICML 1995; modAL: Danka & Horvath,
    arXiv 1805.00979.

    Needs: nothing for votes; ``predict_proba`` for the others.

    Deviation from `qbc`: consensus entropy is no disagreement: it is high where all members are equally
    unsure; ``max_disagreement`` takes the largest divergence where ``kl`` takes their mean. Other resamples
    (modAL's bootstrap, fitted in the order drawn; it draws from the global generator, which is seeded from this
    strategy's stream and restored). Sums of the same vote counts may differ in the last bit where other
    classes got them, which decides between what ought to be ties; exact ties go by the position that
    `numpy.argpartition` happens to leave them at, not by tie ranks, and a batch comes in no particular order.
    modAL would give each member the same random state as the user did; here each has its own, as in `qbc`.

    Parameters
    ----------
    committee_size : int
        Members; each has a bootstrap resample of the labelled set and a seed of its own.
    disagreement : "vote_entropy", "consensus_entropy" or "max_disagreement"
        How disagreement is measured.
    """

    name: ClassVar[str] = "qbc@modal"
    source: ClassVar[str] = "modAL-python: Danka & Horvath, arXiv 1805.00979"
    legacy: ClassVar[Mapping[str, object]] = {"disagreement": "vote_entropy"}

    committee_size: Annotated[int, Field(ge=2)] = 5
    disagreement: Literal["vote_entropy", "consensus_entropy", "max_disagreement"] = "vote_entropy"

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in modAL's order."""
        import modAL.disagreement
        from modAL.models import ActiveLearner, Committee

        sampling = getattr(modAL.disagreement, f"{self.disagreement}_sampling")
        rng = state.rng()
        seeds = rng.integers(2**31 - 1, size=self.committee_size)
        with sandboxed(rng):
            members = [
                ActiveLearner(
                    estimator=RefittedEstimator(state, int(seed)),
                    X_training=state.labeled[:, None],
                    y_training=state.y_labeled,
                    bootstrap_init=True,
                )
                for seed in seeds
            ]
            return ask(state, Committee(learner_list=members, query_strategy=sampling))

    def fits_per_query(self, batch_size: int) -> int:  # noqa: ARG002
        """Its members."""
        return self.committee_size

    def unsupported(
        self, query_learner: Learner, n_classes: int, sparse: bool, n_pool: int | None = None
    ) -> str | None:
        """As the base says, and all but votes need probabilities."""
        if self.disagreement != "vote_entropy" and "predict_proba" not in query_learner.provides:
            return (
                f"{self.name} with disagreement={self.disagreement} needs predict_proba, which "
                f"{query_learner.name} does not provide"
            )
        return super().unsupported(query_learner, n_classes, sparse, n_pool)
