"""What to do about each hyperparameter, as it follows from the numbers of the overview."""

from __future__ import annotations

from typing import Any

import pandas as pd

from algrid.schema import REPLICATE_AXES
from algrid.style import label_of
from algrid.wording import plural, spoken

__all__ = ["advice"]

#: What is chosen when results are read.
_EVALUATION = ("budget", "metric", "aggregate")


def advice(table: pd.DataFrame) -> pd.DataFrame:
    """The overview for readers: each hyperparameter's influences with intervals, and what to do about it.

    Parameters
    ----------
    table : DataFrame
        As `algrid.influence.overview` makes it.

    Returns
    -------
    DataFrame
        ``hyperparameter``, ``levels``, ``score``, ``queries`` and ``ranking`` with ``_low`` and ``_high``, and
        ``what_to_do``, which follows from the numbers: a level is named as clearly best only if no other one's
        interval of mean ranks overlaps with its own.
    """
    columns = [f"{kind}{end}" for kind in ("score", "queries", "ranking") for end in ("", "_low", "_high")]
    shown = table[["hyperparameter", "n_levels", *columns]].rename(columns={"n_levels": "levels"})
    shown["hyperparameter"] = shown["hyperparameter"].map(spoken)
    shown["what_to_do"] = [_what_to_do(row) for _, row in table.iterrows()]
    return shown


def _what_to_do(row: pd.Series[Any]) -> str:
    if row["hyperparameter"] in _EVALUATION:
        return _to_state(row)
    name, known = str(row["hyperparameter"]), not pd.isna(row["score_low"])
    seen = bool(row["score_low"] > 0) if known else bool(row["score"] > 0)
    if name in REPLICATE_AXES:
        return "Chance: repeat it and average." if seen else "Chance that does not matter here: few are enough."
    if name == "dataset":
        return "Which level is best changes with the data: look at data like yours." if seen else "Any data will do."
    said = [_to_take(row)] if seen else [f"No influence on scores is seen: keep {_named(row)}, or the cheapest."]
    if row["ranking_low"] > 0:
        said.append("Strategies rank differently at its levels: compare them at yours.")
    return " ".join(said)


def _to_state(row: pd.Series[Any]) -> str:
    name = spoken(str(row["hyperparameter"]))
    if (row["ranking"] if pd.isna(row["ranking_low"]) else row["ranking_low"]) > 0:
        return f"Strategies rank differently by {name}: say which one you use, and look at others."
    return f"No other ranking of strategies by {name} is seen beyond noise."


def _to_take(row: pd.Series[Any]) -> str:
    if pd.isna(row["best"]):
        return "No level can be compared with all others."
    best = _named(row)
    if pd.isna(row["rivals"]):
        return f"{best} ranks best; there are no intervals to say how surely."
    if row["rivals"] == 0:
        return f"Take {best}: no other interval of ranks overlaps with its own."
    return f"{best} ranks best, but {plural(int(row['rivals']), 'other')} may be as good: let cost decide among them."


def _named(row: pd.Series[Any]) -> str:
    """The best level; a number says nothing without its hyperparameter."""
    level = label_of(row["best"])
    return level if isinstance(row["best"], str) else f"{spoken(str(row['hyperparameter']))} {level}"
