"""QUIRE: querying informative and representative examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.strategies._geometry import geometry
from algrid.strategies._kernels import gaussian_kernel, scale
from algrid.strategies.base import QueryState, Strategy

__all__ = ["Quire"]

#: Kernel values held at a time (32 MiB of float64).
_BLOCK = 2**22


@dataclass(frozen=True)
class Quire(Strategy):
    """Rows that are unsure and unlike the labelled ones, by the worst case of a regularised regression.

    Formula: ``u(x) = -min_{y_u} max_{y_x in {-1, 1}} y^T L y`` with ``L = (K + lambda_ I)^-1`` over the whole pool,
    y holding the known labels as -1 and 1, y_x, and the labels y_u of all other rows, relaxed to any real
    number. A quadratic form that is minimised over some of its variables is the inverse of a block: what is
    left is ``y_lx^T (K_lx + lambda_ I)^-1 y_lx`` on the labelled rows l and x alone, that is, up to a term that
    is the same for all x, ``u(x) = -(1 + |f(x)|)^2 / v(x)`` with ``f(x) = k_x^T (K_l + lambda_ I)^-1 y_l`` and ``v(x)
    = k(x, x) + lambda_ - k_x^T (K_l + lambda_ I)^-1 k_x``. These are exactly the values of the direct inverse, with
    no n x n matrix. For more than two classes the sum over one-vs-rest labels, classes that nobody has seen
    included (for two classes both terms are equal). A batch is the top k of one state. k is the Gaussian kernel.

    Complexity: O(n_labeled^3 + n_candidates * n_labeled * (n_labeled + n_features)) time, O(n_labeled^2 + n_pool *
    n_features) memory, in blocks (the paper's updates: O(n_pool^3) once and O(n_pool^2) a query).

    Source: Huang, Jin & Zhou, "Active learning by querying informative and representative examples",
    NIPS 2010.

    Needs: nothing of the learner: the regression is its own. Sparse features are used as they are.

    Parameters
    ----------
    lambda_ : float
        Weight of the regularisation.
    gamma : float or "scale"
        Of the kernel ``exp(-gamma |a - b|^2)``; ``scale`` is 1 / (n_features * variance of the pool's features).
    """

    name: ClassVar[str] = "quire"
    source: ClassVar[str] = "Huang, Jin & Zhou, NIPS 2010"
    metric_space: ClassVar[bool] = True

    lambda_: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    gamma: Annotated[float, Field(gt=0, allow_inf_nan=False)] | Literal["scale"] = "scale"

    def utilities(self, state: QueryState) -> NDArray[np.float64]:
        """(n_candidates,) negated worst cases without the term that all candidates share; negative."""
        from scipy.linalg import cholesky, solve_triangular

        space, gamma = geometry(state), scale(state, self.gamma)
        # two classes are one problem: -1 and 1 changed over give the same value
        signs = np.where(
            state.y_labeled[:, None] == np.arange(1 if state.n_classes == 2 else state.n_classes), 1.0, -1.0
        )
        gram = gaussian_kernel(space, state.labeled, state.labeled, gamma)
        gram[np.diag_indices_from(gram)] = 1.0 + self.lambda_
        root = cholesky(gram, lower=True)
        weights = solve_triangular(root, signs, lower=True)
        values = np.empty(len(state.unlabeled))
        step = max(1, _BLOCK // len(state.labeled))
        for first in range(0, len(values), step):
            rows = state.unlabeled[first : first + step]
            half = solve_triangular(root, gaussian_kernel(space, state.labeled, rows, gamma), lower=True)
            variances = 1.0 + self.lambda_ - np.einsum("ij,ij->j", half, half)
            # rounding can't take it below the noise's own part
            np.maximum(variances, self.lambda_ * np.finfo(np.float64).eps, out=variances)
            worst = np.square(1.0 + np.abs(half.T @ weights)).sum(axis=1)
            values[first : first + step] = -worst / variances
        return values
