"""Query by committee, as modAL does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._modal import RefittedEstimator, ask
from algrid.strategies._sandbox import sandboxed
from algrid.strategies.base import QueryState, Strategy

__all__ = ["QueryByCommitteeModal"]


@dataclass(frozen=True)
class QueryByCommitteeModal(Strategy):
    """Rows with the highest vote entropy of a bagged committee, through modAL.

    Formula: ``u(x) = -sum_c V(c)/M log(V(c)/M)``, V(c) being the votes for class c of the M members
    (`modAL.disagreement.vote_entropy_sampling` on a `Committee` of learners made with ``bootstrap_init``).

    Complexity: `committee_size` fits and predictions of the pool, then O(n_candidates * (committee_size +
    n_classes)) time in a Python loop over the candidates; O(n_candidates * (committee_size + n_classes))
    memory.

    Source: Seung, Opper & Sompolinsky, COLT 1992; Dagan & Engelson, ICML 1995; modAL: Danka & Horvath,
    arXiv 1805.00979.

    Needs: nothing.

    Deviation from `qbc`: other resamples (modAL's bootstrap, fitted in the order drawn; it draws from the
    global generator, which is seeded from this strategy's stream and restored). Sums of the same vote counts
    may differ in the last bit where other classes got them, which decides between what ought to be ties;
    exact ties go by the position that `numpy.argpartition` happens to leave them at, not by tie ranks, and
    a batch comes in no particular order. modAL would give each member the same random state as the user
    did; here each has its own, as in `qbc`.

    Parameters
    ----------
    committee_size : int
        Members; each has a bootstrap resample of the labelled set and a seed of its own.
    """

    name: ClassVar[str] = "qbc@modal"
    source: ClassVar[str] = "modAL-python: Danka & Horvath, arXiv 1805.00979"

    committee_size: Annotated[int, Field(ge=2)] = 5

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in modAL's order."""
        from modAL.disagreement import vote_entropy_sampling
        from modAL.models import ActiveLearner, Committee

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
            return ask(state, Committee(learner_list=members, query_strategy=vote_entropy_sampling))

    def fits_per_query(self, batch_size: int) -> int:  # noqa: ARG002
        """Its members."""
        return self.committee_size
