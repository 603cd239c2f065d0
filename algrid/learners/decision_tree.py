"""A single decision tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from algrid.learners.base import Learner

__all__ = ["DecisionTree"]


@dataclass(frozen=True)
class DecisionTree(Learner):
    """Decision tree (CART); probabilities are the class fractions of the leaf.

    Parameters
    ----------
    criterion : {"gini", "entropy", "log_loss"}
        What a split reduces.
    max_depth : int, optional
        Levels of the tree; no limit by default.
    min_samples_split, min_samples_leaf : int
        Rows that a node needs to be split, and that a leaf keeps.
    max_features : {"sqrt", "log2"}, int, float or None
        Features looked at in a split: a number, a share, or all (None).
    class_weight : {"balanced"}, optional
        Weight classes against their frequency.
    ccp_alpha : float
        Cost-complexity pruning: 0 for none.
    """

    name: ClassVar[str] = "decision_tree"
    source: ClassVar[str] = "Breiman et al. 1984; sklearn.tree.DecisionTreeClassifier"
    predicts_argmax: ClassVar[bool] = True
    cost: ClassVar[tuple[float, float, float]] = (5e-4, 3e-7, 2e-7)

    criterion: Literal["gini", "entropy", "log_loss"] = "gini"
    max_depth: Annotated[int, Field(ge=1)] | None = None
    min_samples_split: Annotated[int, Field(ge=2)] = 2
    min_samples_leaf: Annotated[int, Field(ge=1)] = 1
    max_features: Literal["sqrt", "log2"] | Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, le=1)] | None = (
        None
    )
    class_weight: Literal["balanced"] | None = None
    ccp_alpha: Annotated[float, Field(ge=0)] = 0.0

    def build(self, seed: int) -> Any:
        """`sklearn.tree.DecisionTreeClassifier`."""
        from sklearn.tree import DecisionTreeClassifier

        return DecisionTreeClassifier(**self.parameters(), random_state=seed)
