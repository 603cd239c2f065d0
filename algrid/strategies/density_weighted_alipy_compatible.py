"""Density-weighted uncertainty, as ALiPy does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._alipy import SOURCE, AlipyRanking, uncertainties
from algrid.strategies._geometry import Geometry, geometry
from algrid.strategies.base import QueryState

__all__ = ["DensityWeightedAlipyCompatible"]


@dataclass(frozen=True)
class DensityWeightedAlipyCompatible(AlipyRanking):
    """Uncertain rows that are far from the other candidates.

    Formula: ``u(x) = v(x) * (1/n sum_u |x - u|)^beta`` over the n candidates u, x among them, v being the entropy
    ``-sum_c p_c log(p_c + 1e-9)``, ``1 - max_c P(c | x)``, or the negated gap of the two highest probabilities.

    Complexity: O(n_pool^2 * n_features) time once per cell, in blocks; then O(n_pool * n_features * m) a query, m
    being the smaller of the numbers of candidates and of other rows; O(n_pool * n_features) memory.

    Source: Settles & Craven, EMNLP 2008, as ALiPy has it: Tang, Li & Huang, arXiv 1901.03802.

    Needs: ``predict_proba``. Sparse features are used as they are.

    Deviation from `density_weighted`: the weight is the mean distance where the paper has the mean
    similarity, so that outliers are preferred. With ``margin`` the negated gap is multiplied by it, and dense
    rows are preferred after all. Exact ties go to the later pool index, not by tie ranks.

    Parameters
    ----------
    uncertainty : "entropy", "least_confident" or "margin"
        What is weighted.
    beta : float
        Weight of the distances.
    """

    name: ClassVar[str] = "density_weighted@alipy_compatible"
    source: ClassVar[str] = SOURCE
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})
    metric_space: ClassVar[bool] = True

    uncertainty: Literal["entropy", "least_confident", "margin"] = "entropy"
    beta: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) weighted uncertainties."""
        return uncertainties(self.uncertainty, state) * mean_distances(state) ** self.beta


def mean_distances(state: QueryState) -> NDArray[np.float64]:
    """(n_candidates,) mean Euclidean distances to all candidates."""
    space, rows = geometry(state), state.unlabeled
    others = np.setdiff1d(np.arange(len(space.norms)), rows)
    if len(rows) <= len(others):
        sums = _distances(space, rows)[rows]
    else:  # nearly all of the pool, whose sums are known: less what is no candidate
        total = state.shared("sums of distances", lambda: _distances(space, np.arange(len(space.norms))))
        sums = np.maximum(total[rows] - _distances(space, others)[rows], 0.0)
    return sums / len(rows)


def _distances(space: Geometry, centers: NDArray[np.intp]) -> NDArray[np.float64]:
    """(n_pool,) sums of the distances to these pool indices."""
    sums = np.zeros(len(space.norms))
    for _, squares in space.blocks(centers):
        sums += np.sqrt(squares, out=squares).sum(axis=1)
    return sums
