"""Batches of libraries that may ask for a row twice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.strategies.base import QueryState

__all__ = ["completed"]


def completed(state: QueryState, batch: Any) -> NDArray[np.intp]:
    """(batch_size,) the candidates in `batch`, each once, and for those that are missing others by tie rank.

    Some libraries draw a row a second time, or one that is no candidate, once nothing is left that their
    formula would choose (all clusters are covered, all distances are 0).

    Parameters
    ----------
    state : QueryState
    batch : (at most batch_size,) array-like of int
        Pool indices as a library gave them.
    """
    given = np.asarray(batch, dtype=np.intp)
    _, firsts = np.unique(given, return_index=True)
    kept = given[np.sort(firsts)]
    kept = kept[np.isin(kept, state.unlabeled)]
    lacking = state.batch_size - len(kept)
    if not lacking:
        return kept
    rest = np.setdiff1d(state.unlabeled, kept, assume_unique=True)
    return np.concatenate([kept, rest[np.argsort(state.ties[rest])[:lacking]]])
