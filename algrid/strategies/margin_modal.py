"""Margin sampling, as modAL does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from algrid.strategies._modal import ModalUncertainty

__all__ = ["MarginModal"]


@dataclass(frozen=True)
class MarginModal(ModalUncertainty):
    """Rows whose two most probable classes are closest, through modAL.

    Formula: ``u(x) = -(P(c1 | x) - P(c2 | x))`` (`modAL.uncertainty.margin_sampling`).

    Complexity: O(n_candidates * n_classes) time and memory.

    Source: Scheffer, Decomain & Wrobel, IDA 2001; modAL: Danka & Horvath, arXiv 1805.00979.

    Needs: ``predict_proba``.

    Deviation from `margin`: the same utilities, bit for bit, from the same probabilities. Exact ties go
    by the position that `numpy.argpartition` happens to leave them at, not by tie ranks, and a batch comes
    in no particular order.
    """

    name: ClassVar[str] = "margin@modal"
    source: ClassVar[str] = "modAL-python: Danka & Horvath, arXiv 1805.00979"
    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    def sampling(self) -> Callable[..., Any]:
        """`margin_sampling`, without its random tie break."""
        from modAL.uncertainty import margin_sampling

        return margin_sampling  # type: ignore[no-any-return]
