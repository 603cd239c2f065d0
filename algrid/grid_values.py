"""Budgets and limits: the two values of a grid that are no plugins."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["MEMORY_UNITS", "Budget", "Limits", "parse_memory"]

#: Bytes of each unit that a memory limit can be written in.
MEMORY_UNITS = {
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", start=1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", start=1)},
}
#: No Python process fits into less; catches a number of GiB that is written without its unit.
_LEAST_MEMORY = 1024**2


@dataclass(frozen=True)
class Budget:
    """How many labels a run may buy after its start set: labels, or cycles, or (neither) the whole pool.

    Batches are never cut to a budget: a run buys whole batches until the budget is reached.

    Parameters
    ----------
    labels : int, optional
        Labels bought, at least 1.
    cycles : int, optional
        Queries, at least 1, whatever the batch size.

    Raises
    ------
    ValueError
        If both are given, or one is below 1.
    """

    labels: int | None = None
    cycles: int | None = None

    def __post_init__(self) -> None:
        if self.labels is not None and self.cycles is not None:
            raise ValueError("a budget is in labels or in cycles, not in both")
        for number in (self.labels, self.cycles):
            if number is not None and number < 1:
                raise ValueError(f"a budget must be at least 1, not {number}")

    def bought(self, batch_size: int, n_available: int) -> int:
        """Labels to buy where `n_available` pool rows are unlabelled after the start set."""
        if self.cycles is not None:
            return min(self.cycles * batch_size, n_available)
        return n_available if self.labels is None else min(self.labels, n_available)

    @property
    def label(self) -> str:
        """How tables show it: ``50``, ``99 cycles`` or ``all``."""
        if self.cycles is not None:
            return f"{self.cycles} cycles"
        return "all" if self.labels is None else str(self.labels)

    def plain(self) -> int | str | dict[str, int]:
        """What a grid file says: ``50``, ``{cycles: 99}`` or ``all``."""
        if self.cycles is not None:
            return {"cycles": self.cycles}
        return "all" if self.labels is None else self.labels


@dataclass(frozen=True)
class Limits:
    """What one run may use; not part of its identity.

    Parameters
    ----------
    seconds_per_cycle : float or None
        Wall seconds of a cycle's query and fit; None for no limit.
    seconds_per_run : float or None
        Wall seconds of all cycles of a run together; None for no limit. Both count as if the run were alone: work that
        runs share is charged to each in full.
    memory : int or None
        Bytes of the process that runs it; None for no limit.
    """

    seconds_per_cycle: float | None = 300.0
    seconds_per_run: float | None = None
    memory: int | None = None

    def plain(self) -> dict[str, Any]:
        """What a grid file says, defaults written out."""
        return asdict(self)


def parse_memory(value: int | str) -> int:
    """Bytes of ``2GiB``, ``512 MB``, ``1.5GiB`` or a number of bytes.

    Raises
    ------
    ValueError
        If it is none of these, or below 1 MiB.
    """
    if isinstance(value, int):
        n_bytes = value
    else:
        match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)", value.strip())
        units = {name.lower(): size for name, size in MEMORY_UNITS.items()}
        if match is None or match[2].lower() not in units:
            raise ValueError(f"{value!r} is no size in memory; write 2GiB or 512MB (units: {', '.join(MEMORY_UNITS)})")
        n_bytes = round(float(match[1]) * units[match[2].lower()])
    if n_bytes < _LEAST_MEMORY:
        raise ValueError(f"{value} is less than 1 MiB, which no run fits into; write a unit, as in 2GiB")
    return n_bytes
