"""Datasets: how much of the space of rows, columns and classes they cover, and what goes with which level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from algrid.figures._matrix import Colours, matrix_figure
from algrid.figures.base import Figure, file_name, rounded
from algrid.style import PALETTE, WIDTH, labels_of, plain_ticks, style
from algrid.wording import plural, spoken

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["associations_figure", "coverage_figure"]

#: Classes are told apart by colour and marker, in four groups: up to so many.
_GROUPS = ((2, "2 classes", "o"), (5, "3 to 5", "s"), (10, "6 to 10", "^"), (np.inf, "more than 10", "D"))
_SHOWN = 12  # meta-features of a matrix
_HEIGHT = 3.6  # inches
_LETTERS = 6.5  # points


def coverage_figure(table: pd.DataFrame, *, name: str = "coverage") -> Figure:
    """Rows against columns of datasets, both on logarithmic scales; colour and marker say the number of classes.

    Parameters
    ----------
    table : DataFrame
        ``dataset``, ``n_rows``, ``n_features`` and ``n_classes`` (datasets that lack one of them are counted in the
        caption), and perhaps ``chosen``: those that are ringed and named. All are named where there are at most 20.
    name : str, optional
        Of the figure's files.
    """
    needed = ["n_rows", "n_features", "n_classes"]
    known = table[table[needed].notna().all(axis=1) & (table["n_features"] > 0)]
    numbers = rounded(known[["dataset", *needed, *[c for c in ("chosen",) if c in table]]].reset_index(drop=True))
    chosen = numbers["chosen"].to_numpy(np.bool_) if "chosen" in numbers else np.zeros(len(numbers), np.bool_)
    named = chosen if chosen.any() or len(numbers) > 20 else np.ones(len(numbers), np.bool_)
    with style():
        from matplotlib.figure import Figure as Canvas

        figure = Canvas(figsize=(WIDTH, _HEIGHT), layout="constrained")
        axes = figure.add_subplot(xscale="log", yscale="log", xlabel="rows", ylabel="columns")
        axes.margins(0.08)
        plain_ticks(axes.xaxis)
        plain_ticks(axes.yaxis)
        low = 0.0
        for (most, says, marker), colour in zip(_GROUPS, PALETTE, strict=False):
            own = numbers[(numbers["n_classes"] > low) & (numbers["n_classes"] <= most)]
            label = f"{says} ({len(own)})"
            axes.scatter(own["n_rows"], own["n_features"], c=colour, marker=marker, s=22, alpha=0.85, label=label)
            low = most
        ringed = numbers[chosen]
        axes.scatter(
            ringed["n_rows"], ringed["n_features"], s=75, facecolors="none", edgecolors="black", linewidths=0.8
        )
        _annotate(axes, numbers[named])
        figure.legend(loc="outside right upper", frameon=False, fontsize=7)
    return Figure(name, figure, numbers, _coverage_caption(table, numbers, chosen))


def _annotate(axes: matplotlib.axes.Axes, points: pd.DataFrame) -> None:
    """Name points, each on the first of four sides where its name lies over no other one."""
    from matplotlib.patheffects import withStroke

    (x_low, x_high), (y_low, y_high) = (np.log10(ends) for ends in (axes.get_xlim(), axes.get_ylim()))
    wide, high = 0.75 * WIDTH * 72, 0.8 * _HEIGHT * 72  # points that the axes have, about
    taken: list[tuple[float, float, float]] = []
    for name, n_rows, n_features in zip(points["dataset"], points["n_rows"], points["n_features"], strict=True):
        x = (np.log10(n_rows) - x_low) / (x_high - x_low) * wide
        y = (np.log10(n_features) - y_low) / (y_high - y_low) * high
        length = 0.55 * _LETTERS * len(str(name))
        sides = [(4, 3, "left"), (4, -9, "left"), (-4, 3, "right"), (-4, -9, "right")]
        boxes = [(x + dx - (length if side == "right" else 0), y + dy, length) for dx, dy, side in sides]
        free = [k for k, box in enumerate(boxes) if not any(_overlap(box, other) for other in taken)]
        place = free[0] if free else 0
        dx, dy, side = sides[place]
        taken.append(boxes[place])
        axes.annotate(
            str(name),
            (n_rows, n_features),
            xytext=(dx, dy),
            textcoords="offset points",
            ha=side,
            fontsize=_LETTERS,
            path_effects=[withStroke(linewidth=1.5, foreground="white")],
        )


def _overlap(a: tuple[float, float, float], b: tuple[float, float, float]) -> bool:
    return abs(a[1] - b[1]) < _LETTERS and a[0] < b[0] + b[2] and b[0] < a[0] + a[2]


def _coverage_caption(table: pd.DataFrame, numbers: pd.DataFrame, chosen: np.ndarray) -> str:
    if not len(numbers):
        return "There is no dataset of known rows, columns and classes."
    spans = [
        f"{int(numbers[column].min()):,} to {int(numbers[column].max()):,} {word}"
        for column, word in (("n_rows", "rows"), ("n_features", "columns"), ("n_classes", "classes"))
    ]
    sentences = [
        f"{plural(len(numbers), 'dataset')} of {spans[0]}, {spans[1]} and {spans[2]}; both scales are logarithmic."
    ]
    if chosen.any():
        sentences.append(f"The {int(chosen.sum())} that are ringed and named were chosen to cover the others.")
    if len(table) > len(numbers):
        sentences.append(f"{plural(len(table) - len(numbers), 'dataset')} of unknown shape are not shown.")
    return " ".join(sentences)


def associations_figure(table: pd.DataFrame, *, name: str | None = None) -> Figure:
    """Which level leads where: rank correlations of the levels' leads with meta-features, as a matrix.

    Parameters
    ----------
    table : DataFrame
        As `algrid.influence.meta_features.meta_associations` makes it. Of many meta-features the twelve with the
        strongest correlation are drawn.
    name : str, optional
        Of the figure's files.
    """
    by = str(table.attrs["by"])
    known = table[table["rho"].notna()]
    features = list(dict.fromkeys(known["meta_feature"]))[:_SHOWN]  # the strongest first
    numbers = rounded(known[known["meta_feature"].isin(features)].reset_index(drop=True))
    levels = sorted(set(numbers["level"]), key=str)
    square, p = (
        numbers.pivot(index="level", columns="meta_feature", values=column)
        .reindex(index=levels, columns=features)
        .to_numpy(np.float64)
        for column in ("rho", "p")
    )
    nothing = np.full(square.shape, np.nan)
    colours = Colours("RdBu_r", -1.0, 1.0, "Spearman's correlation over datasets")
    labels = labels_of(levels, 34), labels_of([feature.replace("_", " ") for feature in features], 34)
    figure = matrix_figure([square, nothing, nothing], labels, colours, intervals=False, empty="Nothing varies.")
    n = int(table.attrs["n_datasets"])
    sentences = [
        f"Lead of each {spoken(by)} (its mean score less that of all) against meta-features of {plural(n, 'dataset')}: "
        "a positive number says that it does better than the others where the meta-feature is high."
    ]
    if np.isfinite(p).any():
        below = int((p <= 0.05).sum())
        sentences.append(
            f"{below} of {p.size} have p <= 0.05, corrected for all that were looked at (the CSV has each)."
        )
    sentences.append(str(table.attrs.get("note", "")))
    return Figure(name or file_name("associations", by), figure, numbers, " ".join(filter(None, sentences)))
