"""Histogram-based gradient boosting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from algrid.learners.base import Learner

__all__ = ["HistGradientBoosting"]


@dataclass(frozen=True)
class HistGradientBoosting(Learner):
    """Gradient boosting of trees on binned features.

    There is no early stopping, which would need a validation part with every class. A leaf keeps
    `min_samples_leaf` rows, so that with the default it predicts the classes' shares until 40 rows are
    labelled: choose a smaller one for small budgets.

    Parameters
    ----------
    learning_rate : float
        Factor of each tree's values.
    max_iter : int
        Trees (of each class, for more than two).
    max_leaf_nodes : int, optional
        Most leaves of a tree; None for no limit.
    max_depth : int, optional
        Levels of a tree; no limit by default.
    min_samples_leaf : int
        Rows that a leaf keeps.
    l2_regularization : float
        Weight of the L2 penalty on leaf values.
    class_weight : {"balanced"}, optional
        Weight classes against their frequency.
    """

    name: ClassVar[str] = "hist_gradient_boosting"
    source: ClassVar[str] = "Ke et al. 2017 (LightGBM); sklearn.ensemble.HistGradientBoostingClassifier"
    provides: ClassVar[frozenset[str]] = frozenset({"predict_proba", "decision_function"})
    sparse: ClassVar[bool] = False
    cost: ClassVar[tuple[float, float, float]] = (4e-2, 2e-5, 1e-5)

    learning_rate: Annotated[float, Field(gt=0)] = 0.1
    max_iter: Annotated[int, Field(ge=1)] = 100
    max_leaf_nodes: Annotated[int, Field(ge=2)] | None = 31
    max_depth: Annotated[int, Field(ge=1)] | None = None
    min_samples_leaf: Annotated[int, Field(ge=1)] = 20
    l2_regularization: Annotated[float, Field(ge=0)] = 0.0
    class_weight: Literal["balanced"] | None = None

    def cost_factors(self) -> tuple[float, float]:
        """Each tree costs the same: the defaults have 100."""
        return self.max_iter / 100, self.max_iter / 100

    def build(self, seed: int) -> Any:
        """`sklearn.ensemble.HistGradientBoostingClassifier`; its threads are OpenMP's, which workers limit to one."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(**self.parameters(), early_stopping=False, random_state=seed)
