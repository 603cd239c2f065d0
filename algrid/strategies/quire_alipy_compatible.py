"""QUIRE, as ALiPy has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from algrid.strategies._alipy import SOURCE
from algrid.strategies._quire_compatible import QuireCompatible

__all__ = ["QuireAlipyCompatible"]


@dataclass(frozen=True)
class QuireAlipyCompatible(QuireCompatible):
    """Rows with the least value of QUIRE as ALiPy computes it.

    Formula: ``u(x) = -(L_xx - det(L_uu) / L_xx + 2 |(L_xl - L_xr B_r L_rl) y_l|)`` with ``L = (K + lambda_ I)^-1``
    over the whole pool, labelled rows l, candidates u, r being u without x, ``B = lambda_ I + K_uu - K_ul K_lu /
    lambda_`` and ``B_r = B_rr - (b^T b) / B_xx`` with ``b = B_rx``. K is the Gaussian kernel ``exp(-gamma |a - b|^2)``;
    y_l is -1 and 1 for two classes, and the class codes 0, 1, 2, ... for more.

    Complexity: O(n_pool^3) time once per cell, O(n_candidates^3) a query for the determinant, O(n_pool^2) memory:
    pools of at most 4,000 rows.

    Source: Huang, Jin & Zhou, NIPS 2010, as ALiPy has it after libact: Tang, Li & Huang, arXiv
    1901.03802.

    Needs: nothing of the learner. Sparse features are used as they are.

    Deviation from `quire`: B stands for the inverse of L_uu, whose Schur complement has ``(K_ll + lambda_ I)^-1``
    where ``I / lambda_`` is put; and where b b^T should be taken from it, a matrix, the number b^T b is. What is
    chosen therefore is not the paper's. More than two classes are numbers to it, with no meaning. Exact ties go
    to the earlier pool index; the batch is the best of one state, ALiPy asks for one row at a time.

    Parameters
    ----------
    lambda_ : float
        Weight of the regularisation.
    gamma : float
        Of the kernel; not scaled to the features.
    """

    name: ClassVar[str] = "quire@alipy_compatible"
    source: ClassVar[str] = SOURCE
    metric_space: ClassVar[bool] = True
