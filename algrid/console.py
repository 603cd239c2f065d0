"""How the command line shows things."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

__all__ = ["err", "out", "table"]

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)


def table(*columns: str) -> Table:
    """A table without lines; the first column is never wrapped."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for i, column in enumerate(columns):
        made.add_column(column, overflow="fold", no_wrap=i == 0)
    return made
