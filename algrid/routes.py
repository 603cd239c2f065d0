"""Two studies beside each other, and ways from documents to predictions: a representation with its learner."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from algrid.leaderboard import leaderboard
from algrid.wording import plural

__all__ = ["ranking_agreement", "routes"]


def routes(frame: pd.DataFrame) -> pd.DataFrame:
    """The same table with preprocessing and learner as one axis, ``learner``: ``tfidf + logistic_regression``.

    Levels are named without their parameters, where the names tell them apart.

    A representation and a learner that don't fit make no pair, so that neither can be compared with all else equal; the
    pairs can, which is what somebody with texts has to choose from.

    Parameters
    ----------
    frame : DataFrame
        A table with these two columns, such as `algrid.curves.scores` makes.
    """
    joined = frame.copy()
    joined["learner"] = _short(frame["preprocessing"]) + " + " + _short(frame["learner"])
    joined["preprocessing"] = "any"
    joined.attrs.update(frame.attrs)
    return joined


def ranking_agreement(
    scores: pd.DataFrame, others: pd.DataFrame, *, names: tuple[str, str] = ("text", "tables")
) -> pd.DataFrame:
    """Whether two studies rank the families of strategies that they have in common alike.

    Parameters
    ----------
    scores, others : DataFrame
        As `algrid.curves.scores` makes them, of one budget each.
    names : (str, str)
        What to call the two.

    Returns
    -------
    DataFrame
        A row a family, that of the best mean win rate in the first first: ``strategy_family``, and the mean win rate
        (over the other families, at equal settings) in both, ``win_rate_NAME``. ``attrs`` have ``tau``
        (Kendall's tau-b of the two columns; NaN below three families), its two-sided ``p``, ``n`` (families), ``names``
        and a ``note``. Without rows where fewer than two families are in both; the note says so.
    """
    by = "strategy_family"
    columns = [f"win_rate_{name}" for name in names]
    common = sorted(set(scores[by].astype(str)) & set(others[by].astype(str)))
    if len(common) < 2:
        without = [name for name, frame in zip(names, (scores, others), strict=True) if not len(frame)]
        table = pd.DataFrame(columns=[by, *columns])
        table.attrs = {"tau": float("nan"), "p": float("nan"), "n": 0, "names": names}
        table.attrs["note"] = (
            f"There are no results on {' or '.join(without)}."
            if without
            else f"{plural(len(common), 'family')} of strategies in both; two at least are needed."
        )
        return table
    boards = [_board(frame, by, common) for frame in (scores, others)]
    table = (
        boards[0]
        .rename(columns={"win_rate": columns[0]})
        .merge(boards[1].rename(columns={"win_rate": columns[1]}), on=by)
    )
    table = table.sort_values([columns[0], by], ascending=[False, True], kind="stable", ignore_index=True)
    tau, p = _tau(table, columns)
    table.attrs = {"tau": tau, "p": p, "n": len(table), "names": names, "note": ""}
    return table


def _short(labels: pd.Series[Any]) -> pd.Series[Any]:
    """Names without parameters, if there are as many of them as of labels."""
    names = labels.astype(str).str.partition("(")[0]
    return names if names.nunique() == labels.astype(str).nunique() else labels.astype(str)


def _board(frame: pd.DataFrame, by: str, levels: list[str]) -> pd.DataFrame:
    kept = frame[frame[by].astype(str).isin(levels)]
    board = leaderboard(kept, by, resamples=0)[[by, "win_rate"]]
    return board.assign(**{by: board[by].astype(str)})


def _tau(table: pd.DataFrame, columns: list[str]) -> tuple[float, float]:
    """Kendall's tau-b, and how often unrelated rankings have one that is as far from 0."""
    if len(table) < 3 or any(table[column].nunique() < 2 for column in columns):
        return float("nan"), float("nan")
    from scipy.stats import kendalltau

    found: Any = kendalltau(*(np.asarray(table[column], dtype=np.float64) for column in columns))
    return float(found.statistic), float(found.pvalue)
