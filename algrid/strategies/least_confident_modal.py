"""Least-confident sampling, as modAL does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from algrid.strategies._modal import ModalUncertainty

__all__ = ["LeastConfidentModal"]


@dataclass(frozen=True)
class LeastConfidentModal(ModalUncertainty):
    """Rows whose most probable class is the least probable, through modAL.

    Formula: ``u(x) = 1 - max_c P(c | x)`` (`modAL.uncertainty.uncertainty_sampling`).

    Complexity: O(n_candidates * n_classes) time and memory.

    Source: Lewis & Gale, SIGIR 1994; modAL: Danka & Horvath, arXiv 1805.00979.

    Needs: ``predict_proba``.

    Deviation from `least_confident`: the same utilities from the same probabilities. Exact ties go by the
    position that `numpy.argpartition` happens to leave them at, not by tie ranks, and a batch comes in no
    particular order.
    """

    name: ClassVar[str] = "least_confident@modal"
    source: ClassVar[str] = "modAL-python: Danka & Horvath, arXiv 1805.00979"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def sampling(self) -> Callable[..., Any]:
        """`uncertainty_sampling`, without its random tie break."""
        from modAL.uncertainty import uncertainty_sampling

        return uncertainty_sampling  # type: ignore[no-any-return]
