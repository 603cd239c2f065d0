"""A matrix of numbers as coloured cells, each with its value in it, and its interval where there is room."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from algrid.style import WIDTH, WIDTH_NARROW, style

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["WITH_INTERVALS", "Colours", "matrix_figure"]

Floats = NDArray[np.float64]

#: So many columns and their cells have room for intervals.
WITH_INTERVALS = 6
#: Inches of a letter of a label.
_LETTER = 0.065
#: Inches between two labels beside one another.
_GAP = 0.06
#: Where all numbers are below it, two digits would say nothing, and three have no room.
_SMALL = 0.0995
#: Inches of a cell that has no room for a sign, a point and two digits.
_NARROW = 0.2


@dataclass(frozen=True)
class Colours:
    """What colours stand for.

    Parameters
    ----------
    name : str
        Of the colour map.
    low, high : float
        Its ends.
    says : str
        What the numbers are, for the scale.
    """

    name: str
    low: float
    high: float
    says: str


def matrix_figure(
    values: list[Floats],
    labels: tuple[list[str], list[str]],
    colours: Colours,
    *,
    intervals: bool,
    empty: str,
    doubtful: NDArray[np.bool_] | None = None,
) -> matplotlib.figure.Figure:
    """Draw a matrix.

    Parameters
    ----------
    values : list of three (n_rows, n_columns) arrays
        Values, and the ends of their intervals; NaN leaves a cell grey.
    labels : (list of str, list of str)
        Of rows and columns.
    colours : Colours
    intervals : bool
        Whether intervals are printed.
    empty : str
        What is said where there is no cell.
    doubtful : (n_rows, n_columns) bool array, optional
        Cells whose value is printed pale.
    """
    rows, columns = labels
    with style():
        from matplotlib.figure import Figure as Canvas

        if not rows or not columns:
            figure = Canvas(figsize=(WIDTH_NARROW, 1.0))
            figure.text(0.5, 0.5, empty, ha="center", va="center")
            return figure
        left, top = (_LETTER * max(map(len, names)) + 0.3 for names in (rows, columns))
        wide = min((WIDTH - left - 0.9) / len(columns), 0.75 if intervals else 0.34)
        high = wide if rows == columns else min(wide, 0.3)
        flat = max(map(_inches, columns)) + _GAP < wide
        width = max(wide * len(columns) + left + 0.9, WIDTH_NARROW)
        figure = Canvas(figsize=(width, high * len(rows) + (0.4 if flat else top) + 0.1), layout="constrained")
        axes = figure.add_subplot()
        axes.set_facecolor("#EFEFEF")  # an empty cell is grey: not to be taken for a pale value
        shown = np.ma.masked_invalid(values[0])
        image = axes.imshow(shown, cmap=colours.name, vmin=colours.low, vmax=colours.high, aspect=high / wide)
        axes.set_xticks(range(len(columns)), columns, rotation=0 if flat else 90)
        axes.set_yticks(range(len(rows)), rows)
        axes.grid(visible=False)
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        small = max(abs(colours.low), abs(colours.high)) < _SMALL
        factor = 1 if intervals else 1000 if small else 100 if wide < _NARROW else 1
        _print(axes, values, image, intervals, factor, doubtful=doubtful)
        side = high * len(rows)
        bar = figure.colorbar(image, ax=axes, shrink=0.8 if side > 1.5 else 1.0, aspect=25, pad=0.02)
        says = colours.says + {1000: " (in the cells: thousandths)", 100: " (in the cells: hundredths)"}.get(factor, "")
        bar.set_label("\n".join(textwrap.wrap(says, max(int(side / 0.06), 24))), fontsize=7)
        bar.outline.set_visible(False)
    return figure


def _inches(label: str) -> float:
    """How wide a label of an axis is."""
    from matplotlib import rcParams
    from matplotlib.textpath import TextPath

    return float(TextPath((0, 0), label or " ", size=rcParams["xtick.labelsize"]).get_extents().width) / 72


def _print(
    axes: matplotlib.axes.Axes,
    values: list[Floats],
    image: Any,
    intervals: bool,
    factor: int,
    *,
    doubtful: NDArray[np.bool_] | None,
) -> None:
    for i, j in np.ndindex(*values[0].shape):
        value, low, high = (float(part[i, j]) for part in values)
        if np.isnan(value):
            continue
        red, green, blue, _ = image.cmap(image.norm(value))
        dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.55
        text = _shown(value, small=intervals) if factor == 1 else f"{factor * value:.0f}"
        if intervals and not np.isnan(low):
            text += f"\n{_shown(low, small=True)} to {_shown(high, small=True)}"
        pale = doubtful is not None and doubtful[i, j]
        ink = 1.0 if dark else 0.0
        # pale is half as far from the colour of the cell, whatever that is
        colour = tuple(0.5 * (ink + part) if pale else ink for part in (red, green, blue))
        axes.text(j, i, "0" if text == "-0" else text, ha="center", va="center", fontsize=6, color=colour)


def _shown(value: float, *, small: bool) -> str:
    """Two digits without the zero before the point: 28 fit beside one another; small ones a third where few do."""
    text = f"{value:.3f}" if small and abs(value) < 0.0995 else f"{value:.2f}"
    text = text.removeprefix("-") if not float(text) else text
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
