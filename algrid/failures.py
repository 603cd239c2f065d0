"""Failed runs by cause: how many, one of them, and the command that repeats it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

__all__ = ["Failure", "attempts", "failure_groups"]

_NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?|0x[0-9a-f]+")


@dataclass(frozen=True)
class Failure:
    """Runs that failed alike.

    Parameters
    ----------
    reason : str
        ``timeout``, ``error`` or ``crashed``.
    count : int
        Runs.
    example : pandas.Series
        One of them.
    """

    reason: str
    count: int
    example: pd.Series[Any]

    @property
    def where(self) -> str:
        """What the example is."""
        row = self.example
        return f"{row['dataset']}, {row['strategy']}, {row['learner']}, batch {row['batch_size']}"

    @property
    def traceback(self) -> str | None:
        """The example's, if it raised."""
        text = self.example["traceback"]
        return text.rstrip() if isinstance(text, str) else None

    def command(self, grid: str) -> str:
        """How the example is repeated alone: in the debugger, or where it might hang or crash with its limits."""
        how = "--pdb" if self.reason == "error" else "--limits"
        return f"algrid run {grid} --one {self.example['run_id']} {how}"


def failure_groups(failures: pd.DataFrame) -> list[Failure]:
    """Runs that failed for one reason with one message, numbers aside; the most first.

    Parameters
    ----------
    failures : DataFrame
        `algrid.results.Results.failures`.
    """
    kinds = failures["error"].fillna("").map(lambda text: _NUMBER.sub("#", text))
    groups = failures.groupby([failures["stop_reason"].astype(str), kinds], sort=False)
    found = [Failure(str(reason), len(group), group.iloc[0]) for (reason, _), group in groups]
    return sorted(found, key=lambda failure: -failure.count)


def attempts(runs: pd.DataFrame) -> pd.DataFrame:
    """One row for each time that a run had failed before it was made again, the oldest of a run first.

    Parameters
    ----------
    runs : DataFrame
        With ``run_id``, ``stop_reason`` and ``attempts``.

    Returns
    -------
    DataFrame
        ``run_id``, ``attempt`` (from 1), ``now`` (how the run ended at last), and what `algrid.schema.RUNS` says of
        ``attempts``.
    """

    def rows() -> Iterator[dict[str, Any]]:
        for run in runs[runs["attempts"].notna()].itertuples():
            for number, attempt in enumerate(json.loads(str(run.attempts)), start=1):
                yield {"run_id": run.run_id, "attempt": number, "now": run.stop_reason, **attempt}

    return pd.DataFrame(rows(), columns=None if runs["attempts"].notna().any() else ["run_id", "attempt", "now"])
