"""QUIRE as libact has it, and after it ALiPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._geometry import geometry
from algrid.strategies._kernels import gaussian_kernel
from algrid.strategies._libact import LibactRanking
from algrid.strategies.base import QueryState

__all__ = ["QuireCompatible"]


@dataclass(frozen=True)
class QuireCompatible(LibactRanking):
    """The values of both libraries, for all candidates at once instead of one after another.

    With ``L = (K + lambda_ I)^-1``, the candidates u and the labelled rows l, they take for the inverse of L_uu
    ``B = lambda_ I + K_uu - K_ul (lambda_ I)^-1 K_lu``, where the Schur complement has ``(lambda_ I + K_ll)^-1``;
    and to remove candidate x from it they subtract ``b^T b / B_xx``, a number, in the place of the matrix
    ``b b^T / B_xx``, b being B's column x without its own entry.
    """

    max_pool: ClassVar[int | None] = 4_000

    lambda_: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    gamma: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) negated evaluation values."""
        kernel, inverse = state.shared(("quire", self.lambda_, self.gamma), lambda: self._matrices(state))
        rows, labeled = state.unlabeled, state.labeled
        y = 2.0 * state.y_labeled - 1.0 if state.n_classes == 2 else state.y_labeled.astype(np.float64)
        among, pull = inverse[np.ix_(rows, rows)], inverse[np.ix_(rows, labeled)] @ y
        cross = kernel[np.ix_(rows, labeled)]
        taken = kernel[np.ix_(rows, rows)] - cross @ cross.T / self.lambda_
        taken[np.diag_indices_from(taken)] += self.lambda_
        own, diagonal = np.diag(among), np.diag(taken)
        # sums over all pairs of candidates but x, as sums over all pairs less those with x
        weighted = taken @ pull
        inner = among @ weighted - own * weighted - np.einsum("ij,ji->i", among, taken) * pull + own * diagonal * pull
        squares = np.einsum("ij,ij->j", taken, taken) - diagonal**2
        with np.errstate(all="ignore"):  # B's diagonal may be 0; the determinant of a large block underflows
            rest = squares / diagonal * (among.sum(axis=1) - own) * (pull.sum() - pull)
            evaluation = own - np.linalg.det(among) / own + 2.0 * np.abs(pull - inner + rest)
        return -np.asarray(evaluation, dtype=np.float64)

    def _matrices(self, state: QueryState) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The kernel matrix of the pool, and the inverse of it and the regularisation."""
        rows = np.arange(state.X.shape[0])
        kernel = gaussian_kernel(geometry(state), rows, rows, self.gamma)
        return kernel, np.asarray(np.linalg.inv(kernel + self.lambda_ * np.eye(len(rows))), dtype=np.float64)
