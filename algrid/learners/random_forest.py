"""A random forest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from algrid.learners.base import Learner

__all__ = ["RandomForest"]


@dataclass(frozen=True)
class RandomForest(Learner):
    """Random forest; probabilities are the mean of the trees' class fractions.

    The defaults are the reference study's.

    Parameters
    ----------
    n_estimators : int
        Trees.
    criterion : {"gini", "entropy", "log_loss"}
        What a split reduces.
    max_depth : int, optional
        Levels of a tree; no limit by default.
    min_samples_split, min_samples_leaf : int
        Rows that a node needs to be split, and that a leaf keeps.
    max_features : {"sqrt", "log2"}, int, float or None
        Features looked at in a split: a number, a share, or all (None).
    bootstrap : bool
        Whether each tree sees a bootstrap resample.
    class_weight : {"balanced", "balanced_subsample"}, optional
        Weight classes against their frequency, in the labelled set or in each resample.
    """

    name: ClassVar[str] = "random_forest"
    source: ClassVar[str] = "Breiman 2001; sklearn.ensemble.RandomForestClassifier"
    predicts_argmax: ClassVar[bool] = True
    cost: ClassVar[tuple[float, float, float]] = (7e-2, 6e-6, 8e-6)

    n_estimators: Annotated[int, Field(ge=1)] = 100
    criterion: Literal["gini", "entropy", "log_loss"] = "gini"
    max_depth: Annotated[int, Field(ge=1)] | None = None
    min_samples_split: Annotated[int, Field(ge=2)] = 2
    min_samples_leaf: Annotated[int, Field(ge=1)] = 1
    max_features: Literal["sqrt", "log2"] | Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, le=1)] | None = (
        "sqrt"
    )
    bootstrap: bool = True
    class_weight: Literal["balanced", "balanced_subsample"] | None = None

    def cost_factor(self) -> float:
        """Each tree costs the same: the defaults have 100."""
        return self.n_estimators / 100

    def build(self, seed: int) -> Any:
        """`sklearn.ensemble.RandomForestClassifier`."""
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(**self.parameters(), n_jobs=1, random_state=seed)
