"""QUIRE, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from algrid.strategies._kernels import scale
from algrid.strategies._skactiveml import SkactivemlStrategy, labels
from algrid.strategies.base import QueryState

__all__ = ["QuireSkactiveml"]


@dataclass(frozen=True)
class QuireSkactiveml(SkactivemlStrategy):
    """Rows that are informative and representative at once (QUIRE), through scikit-activeml.

    Formula: the candidate s with the least ``L_ss + max_c (y_l' L_ll y_l + 2 L_sl y_l - v' (L_uu)^-1 v)``, ``v =
    L_ul y_l + L_us``, where ``L = (K + lambda_ I)^-1``, K is the Gaussian kernel, l are the
    labelled rows, u the unlabelled ones but s, and y_l is +1 for class c and -1 for others (`Quire`).

    Complexity: O(n^3 + n_candidates * n_candidates^2) time for n = n_labeled + n_candidates; O(n^2) memory.

    Source: Huang, Jin & Zhou, "Active learning by querying informative and representative examples", NIPS 2010;
    scikit-activeml: Kottke et al., 2021.

    Needs: dense features, and a pool of at most 1,000 rows.

    Deviation from `quire`: all inverses are computed again for each query. The label of s is +1 in the term of each
    class: with two classes the largest term is the paper's maximum over its sign; with more the largest term counts,
    not the sum over classes. Exact ties are broken at random (seeded), not by tie ranks. Rows that are neither
    labelled nor candidates are left out: the library would take one row for another.

    Parameters
    ----------
    lambda_ : float
        Weight of the regularisation.
    gamma : float or "scale"
        Of the kernel ``exp(-gamma |a - b|^2)``; ``scale`` is 1 / (n_features * variance of the pool's features), as in
        `quire` (the library's own default is 1 / n_features).
    """

    name: ClassVar[str] = "quire@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})
    metric_space: ClassVar[bool] = True
    max_pool: ClassVar[int | None] = 1_000
    geometric: ClassVar[bool] = True

    lambda_: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    gamma: Annotated[float, Field(gt=0, allow_inf_nan=False)] | Literal["scale"] = "scale"

    def library(self, state: QueryState, seed: int) -> Any:
        """`Quire`."""
        from skactiveml.pool import Quire

        return Quire(
            classes=list(range(state.n_classes)),
            lmbda=self.lambda_,
            metric_dict={"gamma": scale(state, self.gamma)},
            random_state=seed,
        )

    def ask(self, strategy: Any, state: QueryState, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """As the base does, on labelled rows and candidates alone."""
        known = np.sort(np.concatenate([state.labeled, state.unlabeled]))
        return known[strategy.query(state.X[known], labels(state)[known], batch_size=state.batch_size)]
