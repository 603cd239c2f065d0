"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SEVERITIES", "Finding", "table"]

#: ``error``: the data can't serve a grid as they are. ``warning``: scores will mislead. ``note``: good to know.
SEVERITIES = ("error", "warning", "note")

_MOST = 10  # columns or rows that a finding names


@dataclass(frozen=True)
class Finding:
    """One thing that a check found in a dataset.

    Parameters
    ----------
    check : str
        Name of the check.
    severity : str
        One of `SEVERITIES`.
    message : str
        What was found, with its numbers.
    cure : str
        What to do about it.
    columns : tuple of str
        Names of the columns (positions where they have no names), the first ten.
    rows : tuple of int
        Rows of the dataset, the first ten.
    dataset : str
        Name of the dataset.
    """

    check: str
    severity: str
    message: str
    cure: str
    columns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    dataset: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns[:_MOST]))
        object.__setattr__(self, "rows", tuple(int(row) for row in self.rows[:_MOST]))

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def of_plain(cls, data: Mapping[str, Any]) -> Finding:
        """The other way round."""
        return cls(**{**data, "columns": tuple(data["columns"]), "rows": tuple(data["rows"])})


def table(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a table: the worst first, then by check and dataset.

    Returns
    -------
    DataFrame
        ``dataset``, ``check``, ``severity``, ``message``, ``cure``, ``columns`` (names, joined by commas) and ``rows``
        (positions, likewise).
    """
    import pandas as pd

    order = ["dataset", "check", "severity", "message", "cure", "columns", "rows"]
    ranked = sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.check, f.dataset))
    shown = [{**f.plain(), "columns": ", ".join(f.columns), "rows": ", ".join(map(str, f.rows))} for f in ranked]
    return pd.DataFrame(shown, columns=order, dtype=object)
