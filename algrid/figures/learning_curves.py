"""Learning curves as small multiples: a panel a dataset, a line a level of one hyperparameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algrid.curves_by_dataset import CurvesByDataset, curves_by_dataset
from algrid.errors import AlgridError
from algrid.figures._curve_caption import caption
from algrid.figures.base import Figure, file_name, rounded
from algrid.mean_curves import DatasetCurves, MeanCurves, mean_curves
from algrid.style import (
    BLACK,
    GREY,
    MAX_LINES,
    WIDTH,
    WIDTH_NARROW,
    Look,
    is_baseline,
    label_of,
    labels_of,
    looks,
    style,
)
from algrid.wording import plural, spoken

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["MAX_PANELS", "learning_curves"]

#: Panels on a page.
MAX_PANELS = 28
#: Levels that have a colour where not all can have one; and the baseline.
_BEST = 6

#: Inches of a panel by the number of columns, of the axis below, and of a line of the legend.
_PANEL_HEIGHTS = {1: 2.7, 2: 2.1, 3: 1.75, 4: 1.25}
_AXIS_HEIGHT, _LINE_HEIGHT = 0.35, 0.17


@dataclass(frozen=True)
class _Drawing:
    """What all panels have in common.

    `order` are the levels with a curve, best first; those in `looks` have a colour, the others are in the background.
    """

    curves: MeanCurves
    numbers: pd.DataFrame
    order: list[Any]
    looks: dict[Any, Look]
    y_label: str

    def label(self, level: Any) -> str:
        """A number says nothing without its hyperparameter."""
        return f"{spoken(self.curves.by)} {level:g}" if isinstance(level, int | float) else label_of(level)


def learning_curves(
    curves: pd.DataFrame | CurvesByDataset,
    by: str = "strategy",
    *,
    skylines: pd.DataFrame | None = None,
    budget: int | None = None,
    highlight: Sequence[Any] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    name: str | None = None,
) -> Figure:
    """Mean learning curves with their intervals, against the labels bought after the start set.

    Parameters
    ----------
    curves : DataFrame or CurvesByDataset
        As `algrid.curves.curves` makes it. Of more than `MAX_PANELS` datasets the first are read and drawn.
    by : str
        The hyperparameter whose levels are the lines.
    skylines : DataFrame, optional
        What is reachable: the axes of a cell, and ``value``.
    budget : int, optional
        Where curves end, in labels bought; see `algrid.mean_curves.mean_curves`.
    highlight : sequence, optional
        Levels with a colour each, where not all can have one; by default the best by mean rank, and ``random``
        of whatever implementation.
    resamples, seed : int
        Of the intervals.
    name : str, optional
        Of the figure's files; by default ``learning_curves_METRIC``, and the hyperparameter where it is not strategy.

    Raises
    ------
    AlgridError
        As `mean_curves`, and for a level to highlight that there is not.
    """
    source = curves_by_dataset(curves)
    shown = source.of(source.datasets[:MAX_PANELS])
    averaged = mean_curves(shown, by, skylines=skylines, budget=budget, resamples=resamples, seed=seed)
    panels = averaged.datasets
    numbers = rounded(averaged.numbers)
    metric, part = str(source.attrs.get("metric", "value")), str(source.attrs.get("part", ""))
    order = _best_first(numbers, by, bool(source.attrs.get("higher_is_better", True)))
    where = {"test": " on the test part", "pool": " on the whole pool"}.get(part, "")
    drawing = _Drawing(averaged, numbers, order, looks(_coloured(order, highlight)), metric + where)
    stem = file_name(
        "learning_curves", metric, *([part] if part == "pool" else []), *([by] if by != "strategy" else [])
    )
    words = caption(
        averaged,
        left_out=len(source.datasets) - len(panels),
        shown=drawing.y_label,
        n_levels=len(order),
        n_background=len(order) - len(drawing.looks),
        has_skyline=bool(numbers["skyline"].notna().any()),
    )
    return Figure(name or stem, _draw(drawing, panels), numbers, words)


def _best_first(numbers: pd.DataFrame, by: str, better: bool) -> list[Any]:
    """Levels by mean rank over datasets of the mean over their curve; numbers in their own order."""
    levels = numbers[by].unique().tolist()
    if all(isinstance(level, int | float) for level in levels):
        return sorted(levels)
    areas = numbers.groupby(["dataset", by], sort=True)["mean"].mean()
    ranks = areas.groupby("dataset").rank(ascending=not better).groupby(by).mean()
    return [level for _, level in sorted((rank, str(level)) for level, rank in ranks.items())]


def _coloured(order: list[Any], highlight: Sequence[Any] | None) -> list[Any]:
    if highlight is not None:
        unknown = [level for level in highlight if level not in order]
        if unknown or len(highlight) > MAX_LINES:
            raise AlgridError(
                f"can't highlight {list(highlight)!r}: at most {MAX_LINES} of the levels that have a curve: {order!r}."
            )
        return list(highlight)
    if len(order) <= MAX_LINES:
        return order
    return [level for i, level in enumerate(order) if i < _BEST or is_baseline(level)][:MAX_LINES]


def _draw(drawing: _Drawing, panels: Sequence[DatasetCurves]) -> matplotlib.figure.Figure:
    with style():
        from matplotlib.figure import Figure as Canvas

        if not panels:
            figure = Canvas(figsize=(WIDTH_NARROW, 1.0))
            figure.text(0.5, 0.5, "No run has a learning curve yet.", ha="center", va="center")
            return figure
        alone = len(panels) == 1
        columns = _columns(len(panels))
        rows = -(-len(panels) // columns)
        width = WIDTH_NARROW if alone else WIDTH
        entries = _entries(drawing)
        across = 1 if alone else _across([label for _, label in entries], width)
        lines = 0 if alone else -(-len(entries) // across)
        height = rows * _PANEL_HEIGHTS[columns] + _AXIS_HEIGHT + lines * _LINE_HEIGHT
        figure = Canvas(figsize=(width, height), layout="constrained")
        shared = len({panel.end for panel in panels}) == 1
        titles = labels_of([panel.dataset for panel in panels], 60 if alone else _TITLE_LETTERS // columns)
        for i, (panel, title) in enumerate(zip(panels, titles, strict=True)):
            axes = figure.add_subplot(rows, columns, i + 1)
            axes.set_title(title)
            _panel(axes, drawing, panel, labelled=alone)
            if shared and i + columns < len(panels):
                axes.tick_params(labelbottom=False)
        figure.supxlabel("labels bought after the start set", fontsize="medium")
        figure.supylabel(drawing.y_label, fontsize="medium")
        if alone:
            _direct_labels(figure.axes[0], drawing, panels[0])
        elif entries:
            handles, labels = [handle for handle, _ in entries], [label for _, label in entries]
            figure.legend(handles, labels, loc="outside upper center", ncols=across, columnspacing=1.4)
    return figure


#: Letters of titles that fit beside one another.
_TITLE_LETTERS = 88


def _columns(n_panels: int) -> int:
    if n_panels <= 3 or n_panels in (5, 6, 9):
        return min(n_panels, 3)
    return 2 if n_panels == 4 else 4


def _across(labels: list[str], width: float) -> int:
    """How many columns of a legend, filled one after another, fit beside one another."""
    for columns in range(len(labels), 1, -1):
        rows = -(-len(labels) // columns)
        widest = [max(len(label) for label in labels[i : i + rows]) for i in range(0, len(labels), rows)]
        if len(widest) == columns and sum(0.5 + 0.065 * n for n in widest) <= width - 0.2:
            return columns
    return 1


def _panel(axes: matplotlib.axes.Axes, drawing: _Drawing, panel: DatasetCurves, *, labelled: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2.5, 5, 10], integer=True, min_n_ticks=2))
    axes.yaxis.set_major_locator(MaxNLocator(5 if labelled else 4, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))
    axes.set_xlim(0, max(panel.end, 1))
    mine = drawing.numbers[drawing.numbers["dataset"] == panel.dataset]
    if mine.empty:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no setting has\nall curves", transform=axes.transAxes, ha="center", va="center")
        return
    parts: dict[Any, pd.DataFrame] = dict(list(mine.groupby(drawing.curves.by, sort=False)))
    for level in reversed(drawing.order):  # the best on top
        if level in parts and level not in drawing.looks:
            axes.plot(parts[level]["n_bought"], parts[level]["mean"], color=GREY, linewidth=0.7, zorder=1.5)
    for level in reversed(drawing.order):
        if level in parts and level in drawing.looks:
            _line(axes, parts[level], drawing.looks[level], place=drawing.order.index(level))
    _skyline(axes, parts, drawing.looks)
    shown = mine[["mean", "skyline"]].to_numpy(), mine[mine[drawing.curves.by].isin(drawing.looks)][["low", "high"]]
    ends = np.concatenate([np.ravel(values) for values in shown])
    low, high = np.nanmin(ends), np.nanmax(ends)
    room = 0.05 * (high - low) or 0.05  # a line on the frame would be cut
    axes.set_ylim(low - room, high + room)


def _line(axes: matplotlib.axes.Axes, part: pd.DataFrame, look: Look, place: int) -> None:
    x = part["n_bought"].to_numpy()
    axes.fill_between(x, part["low"], part["high"], color=look.color, alpha=0.13, linewidth=0, zorder=2)
    every = max(len(x) // 4, 1)
    (line,) = axes.plot(x, part["mean"], color=look.color, linestyle=look.dash, zorder=3, markeredgewidth=0)
    line.set_marker(look.marker)
    # markers of different lines stand at different places, so that they don't hide one another
    line.set_markevery((place * every // MAX_LINES + 1, every))


def _skyline(axes: matplotlib.axes.Axes, parts: dict[Any, pd.DataFrame], coloured: dict[Any, Look]) -> None:
    """One line where all levels have the same skyline, else one in the colour of each that has a colour."""
    values = {level: float(part["skyline"].iloc[0]) for level, part in parts.items()}
    if np.isnan(list(values.values())).any():
        return
    if len(set(values.values())) == 1:
        axes.axhline(next(iter(values.values())), **_SKYLINE)
        return
    for level, look in coloured.items():
        if level in values:
            axes.axhline(values[level], **{**_SKYLINE, "color": look.color})


_SKYLINE: dict[str, Any] = {"color": BLACK, "linewidth": 0.8, "linestyle": (0, (1, 1.6)), "zorder": 1.8}


def _entries(drawing: _Drawing) -> list[tuple[Any, str]]:
    """Handles and labels of the legend: levels best first, those in the background, the skyline."""
    from matplotlib.lines import Line2D

    entries = []
    for level in drawing.order:
        if level in drawing.looks:
            look = drawing.looks[level]
            handle = Line2D([], [], color=look.color, linestyle=look.dash, marker=look.marker, markeredgewidth=0)
            entries.append((handle, drawing.label(level)))
    others = len(drawing.order) - len(entries)
    if others:
        entries.append((Line2D([], [], color=GREY, linewidth=0.7), plural(others, "other")))
    if drawing.numbers["skyline"].notna().any():
        entries.append((Line2D([], [], **{**_SKYLINE, "zorder": 1}), "skyline"))
    return entries


def _direct_labels(axes: matplotlib.axes.Axes, drawing: _Drawing, panel: DatasetCurves) -> None:
    """Names at the ends of the lines, moved apart where they would overlap, with a thread to the line."""
    last = drawing.numbers[drawing.numbers["n_bought"] == panel.end].set_index(drawing.curves.by)
    named = {
        label_of(level): (last["mean"][level], look) for level, look in drawing.looks.items() if level in last.index
    }
    if not named:
        return
    low, high = axes.get_ylim()
    ends = {name: (value - low) / (high - low) for name, (value, _) in named.items()}
    sky = last["skyline"].unique()
    if len(sky) == 1 and not np.isnan(sky[0]):
        ends["skyline"] = (float(sky[0]) - low) / (high - low)
    others = len(drawing.order) - len(drawing.looks)
    if others:
        axes.text(1.09, 0.0, f"grey: {plural(others, 'other')}", transform=axes.transAxes, va="center", fontsize=7.5)
    places = _apart(ends, gap=0.068)
    for name, place in places.items():
        color = named[name][1].color if name in named else BLACK
        axes.annotate(
            name,
            xy=(1.0, ends[name]),
            xytext=(1.09, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=7.5,
            color=color,
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.6, "relpos": (0, 0.5), "shrinkB": 1},
        )


def _apart(ends: dict[str, float], gap: float) -> dict[str, float]:
    """Places at least `gap` apart, in the order of the values and near to them, within 0 to 1 where they fit."""
    names = sorted(ends, key=lambda name: (ends[name], name))
    places = np.array([ends[name] for name in names])
    for _ in range(200):
        short = gap - np.diff(places)
        if (short <= 1e-6).all():
            break
        push = np.maximum(short, 0.0) / 2
        places[:-1] -= push
        places[1:] += push
        places += max(0.0, -places[0]) - max(0.0, places[-1] - 1.0)
    return dict(zip(names, places.tolist(), strict=True))
