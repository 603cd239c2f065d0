"""Pairs of levels as a heatmap: influence on scores (blue), queries (green) and ranking (orange), and the lottery.

The colours are those of the reference study. What can be of either sign is drawn on a diverging map centred at no
difference, so that its colour says the sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.figures.base import Figure, file_name, rounded
from algrid.style import WIDTH, WIDTH_NARROW, label_of, style
from algrid.wording import spoken

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["MEASURES", "Measure", "heatmap"]

Floats = NDArray[np.float64]

#: So many levels and their cells have room for intervals.
_WITH_INTERVALS = 6


@dataclass(frozen=True)
class Measure:
    """How a column of a table of pairs is drawn.

    Parameters
    ----------
    says : str
        What it is, for caption and scale.
    colours : str
        Name of the colour map.
    centre : float, optional
        Of a diverging map.
    mirrored : float, optional
        What the pair (b, a) has where (a, b) has v: ``mirrored * v``. None where the table has both.
    diagonal : float
        Of a level with itself; NaN leaves it empty.
    """

    says: str
    colours: str
    centre: float | None = None
    mirrored: float | None = 1.0
    diagonal: float = np.nan


MEASURES = {
    "pearson": Measure("Pearson's correlation of matched scores", "Blues", diagonal=1.0),
    "pearson_centred": Measure("Pearson's correlation of matched scores within datasets", "Blues", diagonal=1.0),
    "difference": Measure("mean score of the column less that of the row", "RdBu_r", 0.0, -1.0),
    "jaccard": Measure("Jaccard index of the queried rows", "Greens", diagonal=1.0),
    "corrected": Measure("Jaccard index of the queried rows, corrected for chance", "Greens", diagonal=1.0),
    "tau": Measure("Kendall's tau of the rankings of strategies", "Oranges", diagonal=1.0),
    "lost": Measure("tau that the rankings lose against the noise ceiling", "PuOr_r", 0.0),
    "chance": Measure("chance that the row beats the column, random settings", "RdBu_r", 0.5, None),
}


def heatmap(table: pd.DataFrame, measure: str, *, name: str | None = None) -> Figure:
    """A square of levels, with the value printed in each cell, and its interval where there is room.

    Parameters
    ----------
    table : DataFrame
        Pairs of levels, as `algrid.influence` makes them. Of several label counts (``n_bought``) the last is drawn.
    measure : str
        A column that `MEASURES` knows.
    name : str, optional
        Of the figure's files; by default of the hyperparameter and measure.
    """
    by = str(table.attrs["by"])
    pairs = _last(table)
    ends = [f"{measure}_low", f"{measure}_high"]
    first, second = ("level", "other") if "level" in pairs else ("level_a", "level_b")
    columns = [c for c in (first, second, "n_bought", measure, *ends) if c in pairs]
    numbers = rounded(pairs[columns].reset_index(drop=True))
    for end in ends:
        if end not in numbers:
            numbers[end] = np.nan
    levels = list(dict.fromkeys([*numbers[first], *numbers[second]]))
    how = MEASURES[measure]
    squares = [_square(numbers, (first, second), column, levels, how) for column in (measure, *ends)]
    title = name or file_name("heatmap", by, measure)
    return Figure(title, _draw(squares, levels, how), numbers, _caption(table, numbers, measure, by))


def _last(table: pd.DataFrame) -> pd.DataFrame:
    if "n_bought" not in table or not len(table):
        return table
    known = table[table["jaccard"].notna()]
    last: pd.DataFrame = table[table["n_bought"] == (known if len(known) else table)["n_bought"].max()]
    return last


def _square(numbers: pd.DataFrame, pair: tuple[str, str], column: str, levels: list[Any], how: Measure) -> Floats:
    place = {level: i for i, level in enumerate(levels)}
    square = np.full((len(levels), len(levels)), np.nan)
    opposite = column
    if how.mirrored == -1.0:  # the lower end of a difference is the upper one of its negative
        swap = {"_low": "_high", "_high": "_low"}
        opposite = next((column[: -len(k)] + v for k, v in swap.items() if column.endswith(k)), column)
    for a, b, there, back in zip(*(numbers[c] for c in (*pair, column, opposite)), strict=True):
        square[place[a], place[b]] = there
        if how.mirrored is not None:
            square[place[b], place[a]] = how.mirrored * back
    if not column.endswith(("_low", "_high")):
        np.fill_diagonal(square, how.diagonal)
    return square


def _draw(squares: list[Floats], levels: list[Any], how: Measure) -> matplotlib.figure.Figure:
    with style():
        from matplotlib.figure import Figure as Canvas

        if not levels:
            figure = Canvas(figsize=(WIDTH_NARROW, 1.0))
            figure.text(0.5, 0.5, "There are no two levels to compare.", ha="center", va="center")
            return figure
        labels = [label_of(level, 32) for level in levels]
        margin = 0.065 * max(map(len, labels)) + 0.3
        cell = min((WIDTH - margin - 0.9) / len(levels), 0.75 if len(levels) <= _WITH_INTERVALS else 0.34)
        side = cell * len(levels)
        width = max(side + margin + 0.9, WIDTH_NARROW)
        figure = Canvas(figsize=(width, side + margin + 0.1), layout="constrained")
        axes = figure.add_subplot()
        low, high = _limits(squares[0], how)
        # an empty cell is grey: not to be taken for a pale value
        axes.set_facecolor("#EFEFEF")
        image = axes.imshow(np.ma.masked_invalid(squares[0]), cmap=how.colours, vmin=low, vmax=high)
        axes.set_xticks(range(len(levels)), labels, rotation=0 if _short(labels, cell) else 90)
        axes.set_yticks(range(len(levels)), labels)
        axes.grid(visible=False)
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        _values(axes, squares, image)
        bar = figure.colorbar(image, ax=axes, shrink=0.8 if side > 1.5 else 1.0, aspect=25, pad=0.02)
        bar.set_label(_wrapped(how.says, side), fontsize=7)
        bar.outline.set_visible(False)
    return figure


def _limits(square: Floats, how: Measure) -> tuple[float, float]:
    known = square[np.isfinite(square)]
    if how.centre is None:
        return min(0.0, float(np.min(known, initial=0.0))), 1.0
    reach = float(np.max(np.abs(known - how.centre), initial=0.0)) or 1.0
    return how.centre - reach, how.centre + reach


def _values(axes: matplotlib.axes.Axes, squares: list[Floats], image: Any) -> None:
    values = squares[0]
    few = len(values) <= _WITH_INTERVALS
    for i, j in np.ndindex(*values.shape):
        value, low, high = (float(square[i, j]) for square in squares)
        if np.isnan(value):
            continue
        red, green, blue, _ = image.cmap(image.norm(value))
        dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.55
        text = _shown(value, small=few)
        if few and not np.isnan(low):
            text += f"\n{_shown(low, small=few)} to {_shown(high, small=few)}"
        axes.text(j, i, text, ha="center", va="center", fontsize=6, color="white" if dark else "black")


def _shown(value: float, *, small: bool) -> str:
    """Two digits without the zero before the point: 28 fit beside one another; small ones a third where few do."""
    text = f"{value:.3f}" if small and abs(value) < 0.0995 else f"{value:.2f}"
    text = text.removeprefix("-") if not float(text) else text
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _short(labels: list[str], cell: float) -> bool:
    return max(map(len, labels)) * 0.065 < cell


def _wrapped(text: str, side: float) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, max(int(side / 0.06), 24)))


def _caption(table: pd.DataFrame, numbers: pd.DataFrame, measure: str, by: str) -> str:
    says = MEASURES[measure].says
    after = f" after {int(numbers['n_bought'].iloc[0])} labels" if "n_bought" in numbers and len(numbers) else ""
    sentences = [f"Influence of the {spoken(by)}: {says}{after}."]
    width = (numbers[f"{measure}_high"] - numbers[f"{measure}_low"]).to_numpy(np.float64)
    if np.isfinite(width).any():
        sentences.append(
            f"The 95 % intervals (resamples of datasets, and of replicates within them) are {np.nanmedian(width):.2g} "
            f"wide on median and at most {np.nanmax(width):.2g}; the CSV beside has each."
        )
    gaps = int(numbers[measure].isna().sum())
    if gaps:
        sentences.append(f"Grey: {gaps} of {len(numbers)} pairs can't be compared.")
    return " ".join([*sentences, *filter(None, [table.attrs.get("note")])])
