"""A slice of a cell: what a worker is handed, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from algrid.cell import Cell, Variant
from algrid.history import History
from algrid.registry import Plugin

__all__ = ["Outcome", "Slice"]


@dataclass(frozen=True)
class Slice:
    """Some runs of one cell, and how far they are to go.

    Parameters
    ----------
    cell : Cell
    variants : tuple of Variant
        The runs.
    targets : tuple of int
        Labels that each is to buy.
    histories : tuple of History
        What is known of each already (empty for a new run).
    metrics : tuple of str
        Names of the probability metrics to record.
    plugins : tuple of Plugin
        All of the grid: their sources are part of the results' provenance.
    skyline : bool
        Whether the cell's skyline is wanted too.
    seconds_per_cycle, seconds_per_run : float or None
        Deadlines of a run's cycle and of all its cycles together.
    memory : int or None
        Largest resident size in bytes of the process that computes the slice.
    cost : float
        Predicted seconds.
    losses : int
        How often a worker was lost that had it, and nothing else.
    mapped : bool
        Whether its data are kept by content, to be mapped (`algrid.supply`), so that a worker need not load them.
    """

    cell: Cell
    variants: tuple[Variant, ...]
    targets: tuple[int, ...]
    histories: tuple[History, ...]
    metrics: tuple[str, ...] = ()
    plugins: tuple[Plugin, ...] = ()
    skyline: bool = False
    seconds_per_cycle: float | None = None
    seconds_per_run: float | None = None
    memory: int | None = None
    cost: float = 0.0
    losses: int = 0
    mapped: bool = False

    def only(self, runs: Sequence[int], *, skyline: bool) -> Slice:
        """The slice with these of its runs (positions) only."""
        return replace(
            self,
            variants=tuple(self.variants[i] for i in runs),
            targets=tuple(self.targets[i] for i in runs),
            histories=tuple(self.histories[i] for i in runs),
            skyline=skyline,
            cost=self.cost * len(runs) / max(1, len(self.variants)),
        )


@dataclass(frozen=True)
class Outcome:
    """What became of a slice.

    Parameters
    ----------
    tables : dict
        Arrow tables of ended runs and skylines, by table name.
    provenance : dict
        Of the process that computed them.
    rest : tuple of Slice
        Runs that have not ended yet (their histories in it): to be handed out again.
    lacks : str
        Address of the worker, where its machine lacks the data.
    """

    tables: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    rest: tuple[Slice, ...] = ()
    lacks: str = ""
