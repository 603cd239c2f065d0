"""Entropy sampling, as modAL does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from algrid.strategies._modal import ModalUncertainty

__all__ = ["EntropyModal"]


@dataclass(frozen=True)
class EntropyModal(ModalUncertainty):
    """Rows whose class probabilities have the highest entropy, through modAL.

    Formula: ``u(x) = -sum_c P(c | x) log P(c | x)`` (`modAL.uncertainty.entropy_sampling`).

    Complexity: O(n_candidates * n_classes) time and memory.

    Source: Settles & Craven, EMNLP 2008; modAL: Danka & Horvath, arXiv 1805.00979.

    Needs: ``predict_proba``.

    Deviation from `entropy`: `scipy.stats.entropy` divides each row by its sum first and adds in another
    order, so that utilities may differ in the last bits. Exact ties go by the position that
    `numpy.argpartition` happens to leave them at, not by tie ranks, and a batch comes in no particular
    order.
    """

    name: ClassVar[str] = "entropy@modal"
    source: ClassVar[str] = "modAL-python: Danka & Horvath, arXiv 1805.00979"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def sampling(self) -> Callable[..., Any]:
        """`entropy_sampling`, without its random tie break."""
        from modAL.uncertainty import entropy_sampling

        return entropy_sampling  # type: ignore[no-any-return]
