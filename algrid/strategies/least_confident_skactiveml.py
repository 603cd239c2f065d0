"""Least-confident sampling, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from algrid.strategies._skactiveml import SkactivemlUncertainty

__all__ = ["LeastConfidentSkactiveml"]


@dataclass(frozen=True)
class LeastConfidentSkactiveml(SkactivemlUncertainty):
    """Rows whose most probable class is the least probable, through scikit-activeml.

    Formula: ``u(x) = 1 - max_c P(c | x)`` (`UncertaintySampling`, method ``least_confident``).

    Complexity: O(n_candidates * n_classes + n_pool * batch_size) time; O(n_candidates * n_classes + n_pool *
    batch_size) memory.

    Source: Lewis & Gale, SIGIR 1994; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba``.

    Deviation from `least_confident`: the same utilities from the same probabilities. Exact ties are broken at
    random (seeded), not by tie ranks.
    """

    name: ClassVar[str] = "least_confident@skactiveml"
    method: ClassVar[str] = "least_confident"
