"""4DS, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from algrid.strategies._skactiveml import SkactivemlStrategy, seed_of
from algrid.strategies.base import QueryState

__all__ = ["FourDsSkactiveml"]


@dataclass(frozen=True)
class FourDsSkactiveml(SkactivemlStrategy):
    """Rows by distance, density, distribution and diversity under a Gaussian mixture, through scikit-activeml.

    Formula: ``u(x) = a (1 - distance) + b density + l diversity + r distribution``: the scaled log ratio of the two
    largest class probabilities, the scaled log density, the negative log of summed densities in the batch, and how
    much x evens out the shares of the mixture's components among labelled rows; the weights adapt, l =
    min((batch_size - 1)/20, 1/2) (`FourDs`).

    Complexity: O(n_pool * n_features^2 * n_classes) time for an iteration of the mixture's fit and O(n_candidates *
    n_classes * batch_size) for the batch; O(n_pool * (n_features + n_classes + batch_size)) memory.

    Source: Reitmaier & Sick, "Let us know your decision: pool-based active training of a generative classifier with
    the selection strategy 4DS", Information Sciences 230, 2013; scikit-activeml: Kottke et al., 2021.

    Needs: dense features. The query learner is not used: the classifier is the library's mixture model, a
    variational Gaussian mixture of n_classes components on the whole pool with class shares from the labelled rows.

    Deviation from the paper: the mixture has as many components as classes. Exact ties are broken at random
    (seeded), not by tie ranks.
    """

    name: ClassVar[str] = "four_ds@skactiveml"
    needs: ClassVar[frozenset[str]] = frozenset({"dense"})
    metric_space: ClassVar[bool] = True
    geometric: ClassVar[bool] = True

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`FourDs`."""
        from skactiveml.pool import FourDs

        return FourDs(random_state=seed)

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:
        """The mixture model, which the library fits."""
        from skactiveml.classifier import MixtureModelClassifier

        mixture = MixtureModelClassifier(classes=list(range(state.n_classes)), random_state=seed_of(rng))
        return {"clf": mixture, "fit_clf": True}
