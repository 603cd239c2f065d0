"""The ranking as a function of the labels bought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algrid.figures.base import Figure, file_name, rounded
from algrid.style import GREY, MAX_LINES, WIDTH, WIDTH_NARROW, is_baseline, label_of, looks, style
from algrid.wording import plural, spoken

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["rank_over_budget"]

#: Of more levels than can have a colour, the best at the end and the baseline have one.
_BEST = 6


def rank_over_budget(table: pd.DataFrame, *, name: str | None = None) -> Figure:
    """Mean rank of each level against the labels bought; the largest budget's order names the lines.

    Parameters
    ----------
    table : DataFrame
        As `algrid.influence.rank_flips.ranks_by_budget` makes it.
    name : str, optional
        Of the figure's files.
    """
    by = str(table.attrs["by"])
    known = table[table["rank"].notna()]
    numbers = rounded(known[["budget", by, "rank", "rank_low", "rank_high"]].reset_index(drop=True))
    last = numbers[numbers["budget"] == numbers["budget"].max()].sort_values(["rank", by], kind="stable")
    order = last[by].tolist()
    shown = order if len(order) <= MAX_LINES else [x for i, x in enumerate(order) if i < _BEST or is_baseline(x)]
    with style():
        from matplotlib.figure import Figure as Canvas
        from matplotlib.ticker import MaxNLocator

        height = max(2.4, 0.16 * len(order) + 0.8)
        figure = Canvas(figsize=(WIDTH if len(order) > MAX_LINES else WIDTH_NARROW + 1.0, height), layout="constrained")
        axes = figure.add_subplot()
        _lines(axes, numbers, by, order, shown)
        axes.set_xlabel("labels bought after the start set")
        axes.set_ylabel("mean rank over datasets (1 is best)")
        if len(order):
            axes.set_xticks(sorted(numbers["budget"].unique().tolist()))
            axes.set_ylim(len(order) + 0.5, 0.5)
            axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
    return Figure(name or file_name("rank_over_budget", by), figure, numbers, _caption(table, order, shown, by))


def _lines(axes: matplotlib.axes.Axes, numbers: pd.DataFrame, by: str, order: list[Any], shown: list[Any]) -> None:
    look = looks(shown)
    budgets = numbers["budget"].to_numpy(float)
    aside = 0.012 * float(np.ptp(budgets)) if len(budgets) else 0.0  # bars of one budget stand side by side
    for place, level in enumerate(order, start=1):
        own = numbers[numbers[by] == level].sort_values("budget")
        x = own["budget"].to_numpy(float)
        colour = look[level].color if level in look else GREY
        if level in look:
            at = x + aside * (shown.index(level) - 0.5 * (len(shown) - 1))
            axes.vlines(at, own["rank_low"], own["rank_high"], color=colour, linewidth=1.0, alpha=0.6)
            axes.plot(at, own["rank"], color=colour, linestyle=look[level].dash, marker=look[level].marker or "o")
        else:
            at = x
            axes.plot(at, own["rank"], color=colour, linewidth=0.7, zorder=1.5)
        # names stand evenly, in the order at the end, with a thread to their line
        axes.annotate(
            label_of(level),
            xy=(float(at[-1]), float(own["rank"].iloc[-1])),
            xytext=(1.04, place),
            xycoords="data",
            textcoords=("axes fraction", "data"),
            va="center",
            fontsize=7,
            color=colour if level in look else "#707070",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5, "relpos": (0, 0.5)},
        )


def _caption(table: pd.DataFrame, order: list[Any], shown: list[Any], by: str) -> str:
    said = [
        f"Mean ranks of {plural(len(order), spoken(by))} by labels bought; bars: 95 % intervals where there are any."
    ]
    if len(shown) < len(order):
        said.append(f"Grey: the others, whose intervals are in the CSV beside; coloured: the best {_BEST} at the end.")
    return " ".join([*said, *filter(None, [table.attrs.get("note")])])
