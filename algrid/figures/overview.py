"""The overview: every hyperparameter by its influence on scores, queries and ranking, and the parts of the variance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algrid.figures.base import Figure, rounded
from algrid.style import PALETTE, WIDTH, label_of, style
from algrid.wording import spoken

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["decomposition_figure", "overview_figure"]

#: Column of the overview: its title, and its colour in the reference study.
_KINDS = {
    "score": ("influence on scores\n(share of variance, with interactions)", "#2171B5"),
    "queries": ("influence on queries\n(1 less Jaccard, corrected for chance)", "#238B45"),
    "ranking": ("influence on ranking\n(tau lost against the noise ceiling)", "#D94801"),
}
_ROW_HEIGHT = 0.36


def overview_figure(table: pd.DataFrame, *, name: str = "overview") -> Figure:
    """Hyperparameters by influence on scores, on queries and on the ranking: a row each, with intervals.

    Parameters
    ----------
    table : DataFrame
        As `algrid.influence.overview` makes it.
    name : str
        Of the figure's files.
    """
    columns = [f"{kind}{end}" for kind in _KINDS for end in ("", "_low", "_high")]
    numbers = rounded(table[["hyperparameter", "n_levels", *columns]])
    labels = [f"{spoken(str(h))} ({n})" for h, n in zip(numbers["hyperparameter"], numbers["n_levels"], strict=True)]
    with style():
        from matplotlib.figure import Figure as Canvas

        figure = Canvas(figsize=(WIDTH, 0.75 + _ROW_HEIGHT * max(len(numbers), 2)), layout="constrained")
        panels = figure.subplots(1, len(_KINDS), sharey=True)
        for axes, (kind, (title, colour)) in zip(panels, _KINDS.items(), strict=True):
            _dots(axes, numbers, kind, colour)
            axes.set_xlabel(title, fontsize=7.5)
        _rows(panels[0], labels)
    caption = (
        "Influence of every hyperparameter (in brackets: its levels), the largest on scores first; n/a: does not apply."
        " Lines: 95 % intervals, where there are any, from resamples of datasets, and of replicates within them."
    )
    return Figure(name, figure, numbers, _with_note(caption, table))


def decomposition_figure(table: pd.DataFrame, *, most: int = 20, name: str = "decomposition") -> Figure:
    """The largest parts of the variance of scores within datasets, as bars with intervals.

    Parameters
    ----------
    table : DataFrame
        As `algrid.influence.decomposition` makes it.
    most : int
        Bars; the caption says what the others add up to.
    name : str
        Of the figure's files.
    """
    ends = ["share_centred", "share_centred_low", "share_centred_high"]
    known = table[table["share_centred"].notna()]
    ordered = rounded(known.sort_values("share_centred", ascending=False, kind="stable")[["effect", "order", *ends]])
    numbers = ordered.head(most).reset_index(drop=True)
    with style():
        from matplotlib.figure import Figure as Canvas

        figure = Canvas(figsize=(WIDTH, 0.6 + 0.19 * max(len(numbers), 2)), layout="constrained")
        axes = figure.add_subplot()
        colours = [_colour(order) for order in numbers["order"]]
        places = range(len(numbers))
        axes.barh(places, numbers["share_centred"], color=colours, height=0.7)
        axes.hlines(places, numbers[ends[1]], numbers[ends[2]], color="black", linewidth=1.0)
        axes.axvline(0.0, color="black", linewidth=0.6)
        axes.set_xlabel("share of the variance of scores within datasets (blue: alone, orange: two, green: three)")
        _rows(axes, [label_of(str(e).replace("_", " "), 52) for e in numbers["effect"]])
    rest = float(ordered["share_centred"].iloc[most:].sum())
    caption = (
        "Variance of scores within datasets by hyperparameters alone and by what they add together (noise-corrected "
        "components; one below zero is noise about zero). Lines: 95 % intervals, where there are any."
    )
    if len(ordered) > most:
        caption += f" The {len(ordered) - most} smaller parts add up to {rest:.1%}."
    return Figure(name, figure, numbers, _with_note(caption, table))


def _dots(axes: matplotlib.axes.Axes, numbers: pd.DataFrame, kind: str, colour: str) -> None:
    places = np.arange(len(numbers))
    axes.hlines(places, numbers[f"{kind}_low"], numbers[f"{kind}_high"], color=colour, linewidth=1.6)
    axes.scatter(numbers[kind], places, color=colour, s=22, zorder=3)
    axes.axvline(0.0, color="black", linewidth=0.6)
    for place in places[numbers[kind].isna()]:
        axes.text(0.98, place, "n/a", transform=axes.get_yaxis_transform(), va="center", ha="right", fontsize=6)
    for place, (value, low, high) in enumerate(numbers[[kind, f"{kind}_low", f"{kind}_high"]].to_numpy()):
        if not np.isnan(value):
            text = _two(value) + ("" if np.isnan(low) else f" ({_two(low)} to {_two(high)})")
            axes.text(0.98, place - 0.33, text, transform=axes.get_yaxis_transform(), ha="right", va="center", size=6)


def _two(value: float) -> str:
    """Two digits; nothing has no sign."""
    return f"{value:.2f}".replace("-0.00", "0.00")


def _rows(axes: matplotlib.axes.Axes, labels: list[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(max(len(labels), 2) - 0.5, -0.5)
    for panel in axes.figure.axes:
        panel.grid(visible=False, axis="y")
        panel.tick_params(axis="y", length=0)
        panel.spines["left"].set_visible(False)


def _colour(order: Any) -> str:
    return "#8C8C8C" if pd.isna(order) else PALETTE[min(int(order), 3) - 1]


def _with_note(caption: str, table: pd.DataFrame) -> str:
    return " ".join(filter(None, [caption, table.attrs.get("note")]))
