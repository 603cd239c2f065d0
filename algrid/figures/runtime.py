"""Score against seconds: what a strategy costs, and who is beaten by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from algrid.figures.base import Figure, file_name, rounded
from algrid.style import GREY, PALETTE, WIDTH, label_of, style
from algrid.wording import enumerated, plural, spoken

if TYPE_CHECKING:
    pass

__all__ = ["trade_off_figure"]


def trade_off_figure(table: pd.DataFrame, seconds: pd.DataFrame, board: pd.DataFrame, *, name: str = "") -> Figure:
    """Mean score against the seconds of a run, with intervals of both; the front is coloured.

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
    with style():
        from matplotlib.figure import Figure as Canvas

        figure = Canvas(figsize=(WIDTH, max(2.6, 0.6 + 0.17 * len(numbers))), layout="constrained")
        axes = figure.add_subplot()
        places = numbers["mean"].rank(method="first", ascending=False)
        colours = [PALETTE[0] if front else GREY for front in numbers["on_front"]]
        widths = [0.9 if front else 0.3 for front in numbers["on_front"]]  # many intervals would hide the points
        axes.hlines(numbers["mean"], numbers["seconds_low"], numbers["seconds_high"], color=colours, linewidth=widths)
        axes.vlines(numbers["seconds"], numbers["mean_low"], numbers["mean_high"], color=colours, linewidth=widths)
        axes.scatter(numbers["seconds"], numbers["mean"], c=colours, s=18, zorder=3)
        for level, x, y, place, colour, front in zip(
            numbers[by], numbers["seconds"], numbers["mean"], places, colours, numbers["on_front"], strict=True
        ):
            axes.annotate(
                label_of(level),
                xy=(x, y),
                xytext=(1.03, 1.0 - (place - 0.5) / len(numbers)),
                textcoords="axes fraction",
                va="center",
                fontsize=7,
                color=colour if front else "#707070",
                arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.4, "relpos": (0, 0.5)},
            )
        axes.set_xscale("log")
        axes.set_xlabel("seconds of a run: its queries, and its fits as if alone")
        axes.set_ylabel(f"mean {board.attrs.get('aggregate', '')} of {board.attrs.get('metric', 'score')}")
    best = [label_of(level) for level in numbers.loc[numbers["on_front"], by]]
    said = [
        f"Score against seconds of {plural(len(numbers), spoken(by))}; lines: 95 % intervals, where there are any. "
        f"Blue, and beaten by nobody in score, seconds and labels at once: {enumerated(best) or 'none'}."
    ]
    caption = " ".join([*said, *filter(None, [board.attrs.get("note") or seconds.attrs.get("note")])])
    return Figure(name or file_name("runtime_score", by), figure, numbers, caption)
