"""Entropy sampling, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from algrid.strategies._skactiveml import SkactivemlUncertainty

__all__ = ["EntropySkactiveml"]


@dataclass(frozen=True)
class EntropySkactiveml(SkactivemlUncertainty):
    """Rows whose class probabilities have the highest entropy, through scikit-activeml.

    Formula: ``u(x) = -sum_c P(c | x) log P(c | x)`` with 0 log 0 = 0 (`UncertaintySampling`, method ``entropy``).

    Complexity: O(n_candidates * n_classes + n_pool * batch_size) time; O(n_candidates * n_classes + n_pool *
    batch_size) memory.

    Source: Settles & Craven, EMNLP 2008; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba``.

    Deviation from `entropy`: the terms are added in another order, so that utilities may differ in the last bits.
    Exact ties are broken at random (seeded), not by tie ranks.
    """

    name: ClassVar[str] = "entropy@skactiveml"
    method: ClassVar[str] = "entropy"
