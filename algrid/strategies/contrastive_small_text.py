"""Contrastive active learning (CAL), as small-text does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from algrid.strategies._small_text import SmallTextStrategy
from algrid.strategies._spaces import Spatial
from algrid.strategies.base import QueryState

__all__ = ["ContrastiveSmallText"]


@dataclass(frozen=True)
class ContrastiveSmallText(Spatial, SmallTextStrategy):
    """Rows whose neighbours get predictions unlike their own, through small-text.

    Formula: ``u(x) = 1/k sum_l KL(P(. | l) || P(. | x))`` over the k rows l of the pool nearest to x
    (`ContrastiveActiveLearning`).

    Complexity: O(n_pool * n_candidates * n_features) time at most, and a Python loop over candidates and
    neighbours; O(n_pool * (k + n_features + n_classes)) memory.

    Source: Margatina, Vernikos, Barrault & Aletras, EMNLP 2021; small-text: Schroeder et al., EACL 2023.

    Needs: ``predict_proba`` and dense features.

    Deviation from `contrastive`: the neighbours are looked for among candidates and labelled rows, x itself among
    them, not among labelled rows alone; rows are scaled to norm 1 (`normalize`). Exact ties go by the position that
    `numpy.argpartition` happens to leave them at, not by tie ranks, and a batch comes in no particular order.

    Parameters
    ----------
    neighbors : int
        How many rows a candidate is compared with, itself among them.
    normalize : bool
        Whether rows are scaled to norm 1 first.
    space : {"features", "learner"}
        Where distances are measured: in the features, or in the query learner's own embedding of them.
    """

    name: ClassVar[str] = "contrastive@small_text"
    needs: ClassVar[frozenset[str]] = frozenset({"dense", "predict_proba"})

    neighbors: Annotated[int, Field(ge=1)] = 10
    normalize: bool = True

    def library(self, state: QueryState, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """`ContrastiveActiveLearning`."""
        from small_text.query_strategies import ContrastiveActiveLearning

        return ContrastiveActiveLearning(
            k=min(self.neighbors, len(state.unlabeled) + len(state.labeled)),
            normalize=self.normalize,
            batch_size=state.X.shape[0],  # one block: small-text would make more blocks than there are candidates
            pbar=None,
        )
