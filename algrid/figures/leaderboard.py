"""A leaderboard as a plot: a row a level, its mean rank and its mean score with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algrid.figures.base import Figure, file_name, rounded
from algrid.style import BLACK, MAX_LINES, PALETTE, WIDTH, is_baseline, labels_of, looks, style
from algrid.wording import plural, spoken

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["leaderboard_figure"]

_ROW_HEIGHT = 0.19
_TREATMENTS = {
    "complete_case": "Only settings in which every level has a value count",
    "worst_rank": "A missing value counts as the worst of its setting",
    "own_mean": "Each level is averaged over what it has",
}


def leaderboard_figure(board: pd.DataFrame, *, name: str | None = None) -> Figure:
    """Mean rank and mean score of every level, best mean rank on top.

    Parameters
    ----------
    board : DataFrame
        As `algrid.leaderboard.leaderboard` makes it.
    name : str, optional
        Of the figure's files; by default ``leaderboard_METRIC``, and the hyperparameter where it is not strategy.
    """
    by = str(board.attrs["by"])
    numbers = rounded(board)
    metric, aggregate = (str(board.attrs.get(key, "")) for key in ("metric", "aggregate"))
    extra = [by] if by != "strategy" else []
    stem = file_name(*filter(None, ["leaderboard", metric, *extra]))
    score = f"{aggregate} of {metric}" if aggregate else metric or "score"
    return Figure(name or stem, _draw(numbers, by, score), numbers, _caption(board, by, score))


def _draw(numbers: pd.DataFrame, by: str, score: str) -> matplotlib.figure.Figure:
    with style():
        from matplotlib.figure import Figure as Canvas
        from matplotlib.ticker import MaxNLocator

        figure = Canvas(figsize=(WIDTH, 0.6 + _ROW_HEIGHT * max(len(numbers), 2)), layout="constrained")
        ranks, scores = figure.subplots(1, 2, sharey=True)
        finite = numbers.replace([np.inf, -np.inf], np.nan)
        for axes, column in ((ranks, "rank"), (scores, "mean")):
            _dots(axes, finite, column, _colors(numbers[by].tolist()))
        ranks.set_yticks(range(len(numbers)), labels_of(numbers[by].tolist()))
        ranks.set_ylim(len(numbers) - 0.5, -0.5)
        ranks.set_xlabel("mean rank over datasets (1 is best)")
        ranks.set_xlim(left=0.5)
        ranks.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        scores.set_xlabel(f"mean {score} over settings")
    return figure


def _colors(levels: list[Any]) -> list[str]:
    """As in the learning curves, where each level has a colour there; names stand beside the rows anyway."""
    if len(levels) > MAX_LINES:
        return [BLACK if is_baseline(level) else PALETTE[0] for level in levels]
    own = looks(levels)
    return [own[level].color for level in levels]


def _dots(axes: matplotlib.axes.Axes, numbers: pd.DataFrame, column: str, colors: list[Any]) -> None:
    rows = range(len(numbers))
    axes.hlines(rows, numbers[f"{column}_low"], numbers[f"{column}_high"], color=colors, linewidth=1.6)
    axes.scatter(numbers[column], rows, c=colors, s=22, zorder=3)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _caption(board: pd.DataFrame, by: str, score: str) -> str:
    attrs = board.attrs
    sentences = [
        f"Leaderboard of {plural(len(board), spoken(by))} by mean rank: {score} over {attrs['n_settings']:,} of "
        f"{attrs['n_settings_all']:,} settings on {plural(attrs['n_datasets'], 'dataset')}.",
        f"{_TREATMENTS[attrs['missing']]}; {int(board['n_missing'].sum()):,} values are missing.",
    ]
    if not board["rank_low"].isna().all():
        sentences.append(
            f"Lines: 95 % intervals from {attrs['resamples']:,} resamples of datasets, and of replicates within them."
        )
    if attrs["forced_ties"]:
        sentences.append(f"{attrs['forced_ties']:.0%} of pairs had both used up their pool.")
    return " ".join([*sentences, *filter(None, [attrs.get("note")])])
