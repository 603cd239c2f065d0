"""Query by committee, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from algrid.learners.base import Learner
from algrid.strategies._skactiveml import SkactivemlStrategy, committee
from algrid.strategies.base import QueryState

__all__ = ["QueryByCommitteeSkactiveml"]


@dataclass(frozen=True)
class QueryByCommitteeSkactiveml(SkactivemlStrategy):
    """Rows on which a bagged committee of the query learner disagrees most, through scikit-activeml.

    Formula: with M members, V(c) votes for class c, P_m the probabilities of member m and P their mean,
    ``vote_entropy`` is ``-sum_c V(c)/M log(V(c)/M)`` and ``kl`` is ``1/M sum_m KL(P_m || P)`` (`QueryByCommittee`).

    Complexity: `committee_size` fits and predictions of the pool; then O(n_candidates * committee_size * n_classes
    + n_pool * batch_size) time; O(n_pool * (committee_size * n_classes + batch_size)) memory.

    Source: Seung, Opper & Sompolinsky, COLT 1992; bagging: Abe & Mamitsuka, ICML 1998; scikit-activeml: Kottke et
    al., 2021.

    Needs: nothing for votes; ``predict_proba`` for ``kl``.

    Deviation from `qbc`: other resamples; ``kl`` raises probabilities to at least 1e-7 and scales them to a sum of
    1 again; sums of the same vote counts may differ in the last bit where other classes got them. Exact ties are
    broken at random (seeded), not by tie ranks. scikit-activeml takes a classifier with ``n_estimators`` for that
    many copies of itself; here its members are really different.

    Parameters
    ----------
    committee_size : int
        Members; each has a bootstrap resample of the labelled set and a seed of its own.
    disagreement : "vote_entropy" or "kl"
        How disagreement is measured.
    """

    name: ClassVar[str] = "qbc@skactiveml"

    committee_size: Annotated[int, Field(ge=2)] = 5
    disagreement: Literal["vote_entropy", "kl"] = "vote_entropy"

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`QueryByCommittee`."""
        from skactiveml.pool import QueryByCommittee

        return QueryByCommittee(
            method="KL_divergence" if self.disagreement == "kl" else "vote_entropy", random_state=seed
        )

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The members, fitted."""
        return {
            "ensemble": committee(state, self.committee_size, votes=self.disagreement != "kl"),
            "fit_ensemble": False,
        }

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
