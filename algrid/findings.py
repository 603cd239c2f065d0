"""Findings: what a table says, as a sentence that is computed from its numbers."""

from __future__ import annotations

import pandas as pd

from algrid.wording import enumerated, plural, spoken

__all__ = ["best_level"]


def best_level(board: pd.DataFrame) -> str:
    """Which level a leaderboard puts first, by how much, and whether its numbers tell it apart from the others.

    Parameters
    ----------
    board : DataFrame
        As `algrid.leaderboard.leaderboard` makes it.
    """
    by, attrs = str(board.attrs["by"]), board.attrs
    ranked = board[board["rank"].notna()]
    if len(ranked) < 2:
        return " ".join(filter(None, [f"There are no two levels of {spoken(by)} to compare.", attrs.get("note")]))
    score = " of ".join(filter(None, [attrs.get("aggregate"), attrs.get("metric")])) or "score"
    sentences = [
        f"Of {plural(len(ranked), spoken(by))}, {_name(by, ranked[by].iloc[0])} has the best mean rank over "
        f"{plural(int(attrs['n_datasets']), 'dataset')}: {_value(ranked, 'rank', '.2f')}. It beats another one in "
        f"{_value(ranked, 'win_rate', '.0%')} of the pairs, and its mean {score} is {_value(ranked, 'mean', '.3f')}.",
        _told_apart(ranked, by),
        attrs.get("note"),
    ]
    return " ".join(filter(None, sentences))


def _told_apart(ranked: pd.DataFrame, by: str) -> str:
    end = ranked["rank_high"].iloc[0]
    if pd.isna(end):
        return ""
    close = [_name(by, level) for level in ranked.loc[ranked["rank_low"] <= end, by].iloc[1:]]
    if not close:
        return "No other interval of ranks overlaps with its own."
    verb = "interval of {} overlaps" if len(close) == 1 else "intervals of {} overlap"
    return f"The {verb.format(enumerated(close))} with its own: mean ranks alone don't tell them apart."


def _value(ranked: pd.DataFrame, column: str, form: str) -> str:
    """A number of the first level, with its 95 % interval where it has one."""
    value, low, high = (float(ranked[f"{column}{end}"].iloc[0]) for end in ("", "_low", "_high"))
    return f"{value:{form}}" + ("" if pd.isna(low) else f" (95 % interval {low:{form}} to {high:{form}})")


def _name(by: str, level: object) -> str:
    return level if isinstance(level, str) else f"{spoken(by)} {level}"
