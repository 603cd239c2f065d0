"""Score against seconds: what a strategy costs, and who is beaten by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from algrid.figures.base import Figure, file_name, rounded
from algrid.style import GREY, MAX_LINES, PALETTE, WIDTH, label_of, labels_of, plain_ticks, style
from algrid.wording import enumerated, plural, spoken

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["trade_off_figure"]


def trade_off_figure(table: pd.DataFrame, seconds: pd.DataFrame, board: pd.DataFrame, *, name: str = "") -> Figure:
    """Mean score against the seconds of a run, with intervals of both; the front is coloured.

    Few levels are points of a plane; of more, each has a row with its score and its seconds.

    Parameters
    ----------
    table : DataFrame
        As `algrid.runtime.trade_off` makes it: says who is on the front.
    seconds : DataFrame
        As `algrid.runtime.runtime` makes it by the same hyperparameter: intervals of ``run``.
    board : DataFrame
        As `algrid.leaderboard.leaderboard` makes it of the same scores: intervals of ``mean``.
    name : str, optional
        Of the figure's files.
    """
    by = str(table.columns[0])
    columns = {c: c.replace("run", "seconds") for c in ("run_low", "run_high")}
    means = board[[by, "mean", "mean_low", "mean_high"]]
    numbers = table[[by, "on_front"]].merge(means, on=by)
    numbers = numbers.merge(seconds[[by, "run", *columns]].rename(columns={"run": "seconds", **columns}), on=by)
    numbers = rounded(numbers.sort_values(["seconds", by], kind="stable", ignore_index=True))
    score = f"mean {board.attrs.get('aggregate', '')} of {board.attrs.get('metric', 'score')}"
    draw = _plane if len(numbers) <= MAX_LINES else _rows
    figure = draw(numbers, by, score)
    best = [label_of(level) for level in numbers.loc[numbers["on_front"], by]]
    said = [
        f"Score against seconds of {plural(len(numbers), spoken(by))}; lines: 95 % intervals, where there are any. "
        f"Blue, and beaten by nobody in score, seconds and labels at once: {enumerated(best) or 'none'}."
    ]
    caption = " ".join([*said, *filter(None, [board.attrs.get("note") or seconds.attrs.get("note")])])
    return Figure(name or file_name("runtime_score", by), figure, numbers, caption)


def _plane(numbers: pd.DataFrame, by: str, score: str) -> matplotlib.figure.Figure:
    """Score against seconds, names beside in the order of scores."""
    with style():
        from matplotlib.figure import Figure as Canvas

        figure = Canvas(figsize=(WIDTH, 2.6), layout="constrained")
        axes = figure.add_subplot()
        places = numbers["mean"].rank(method="first", ascending=False)
        colours = _colours(numbers)
        axes.hlines(numbers["mean"], numbers["seconds_low"], numbers["seconds_high"], color=colours, linewidth=0.7)
        axes.vlines(numbers["seconds"], numbers["mean_low"], numbers["mean_high"], color=colours, linewidth=0.7)
        axes.scatter(numbers["seconds"], numbers["mean"], c=colours, s=18, zorder=3)
        _seconds(axes)
        # threads leave at the height of their points, so that none runs through another point
        left, right = axes.get_xlim()
        axes.hlines(numbers["mean"], numbers["seconds"], right, color=colours, linewidth=0.4, linestyle=":")
        axes.set_xlim(left, right)
        for level, y, place, colour in zip(numbers[by], numbers["mean"], places, colours, strict=True):
            axes.annotate(
                label_of(level),
                xy=(1.0, y),
                xycoords=axes.get_yaxis_transform(),
                xytext=(1.05, 1.0 - (place - 0.5) / len(numbers)),
                textcoords="axes fraction",
                va="center",
                fontsize=7,
                color=colour if colour != GREY else "#707070",
                arrowprops={
                    "arrowstyle": "-",
                    "color": colour,
                    "linewidth": 0.4,
                    "relpos": (0, 0.5),
                    "shrinkA": 2,
                    "shrinkB": 0,
                },
            )
        axes.set_ylabel(score)
    return figure


def _rows(numbers: pd.DataFrame, by: str, score: str) -> matplotlib.figure.Figure:
    """A row a level, the best score on top: threads from so many points to their names could not be followed."""
    with style():
        from matplotlib.figure import Figure as Canvas

        ordered = numbers.sort_values("mean", ascending=False, kind="stable")
        figure = Canvas(figsize=(WIDTH, 0.6 + 0.17 * len(ordered)), layout="constrained")
        scores, seconds = figure.subplots(1, 2, sharey=True)
        rows, colours = range(len(ordered)), _colours(ordered)
        for axes, column in ((scores, "mean"), (seconds, "seconds")):
            axes.hlines(rows, ordered[f"{column}_low"], ordered[f"{column}_high"], color=colours, linewidth=1.6)
            axes.scatter(ordered[column], rows, c=colours, s=16, zorder=3)
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
        scores.set_yticks(rows, labels_of(ordered[by].tolist()))
        scores.set_ylim(len(ordered) - 0.5, -0.5)
        scores.set_xlabel(score)
        _seconds(seconds)
    return figure


def _colours(numbers: pd.DataFrame) -> list[str]:
    return [PALETTE[0] if front else GREY for front in numbers["on_front"]]


def _seconds(axes: matplotlib.axes.Axes) -> None:
    axes.set_xscale("log")
    plain_ticks(axes.xaxis)
    axes.set_xlabel("seconds of a run (its fits as if alone)")
