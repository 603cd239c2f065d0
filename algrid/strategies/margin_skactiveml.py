"""Margin sampling, as scikit-activeml does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from algrid.strategies._skactiveml import SkactivemlUncertainty

__all__ = ["MarginSkactiveml"]


@dataclass(frozen=True)
class MarginSkactiveml(SkactivemlUncertainty):
    """Rows whose two most probable classes are closest, through scikit-activeml.

    Formula: ``u(x) = 1 - |P(c1 | x) - P(c2 | x)|`` (`UncertaintySampling`, method ``margin_sampling``).

    Complexity: O(n_candidates * n_classes + n_pool * batch_size) time; O(n_candidates * n_classes + n_pool *
    batch_size) memory.

    Source: Scheffer, Decomain & Wrobel, IDA 2001; scikit-activeml: Kottke et al., 2021.

    Needs: ``predict_proba``.

    Deviation from `margin`: 1 minus the same gap: gaps that differ by less than the spacing of numbers below 1
    (1.1e-16) become ties. Exact ties are broken at random (seeded), not by tie ranks.
    """

    name: ClassVar[str] = "margin@skactiveml"
    method: ClassVar[str] = "margin_sampling"
