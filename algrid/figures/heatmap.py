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

from algrid.figures._matrix import WITH_INTERVALS, Colours, matrix_figure
from algrid.figures.base import Figure, file_name, rounded
from algrid.style import labels_of
from algrid.wording import spoken

if TYPE_CHECKING:
    import matplotlib.figure

__all__ = ["MEASURES", "Measure", "agreement_figure", "heatmap"]

Floats = NDArray[np.float64]


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
    "lost": Measure("tau that the rankings lose against the noise ceiling, these datasets", "PuOr_r", 0.0),
    "lost_resampled": Measure("tau that the rankings lose against the noise ceiling, datasets drawn", "PuOr_r", 0.0),
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
    how = MEASURES[measure]
    levels = _order(numbers, (first, second), measure, how)
    squares = [_square(numbers, (first, second), column, levels, how) for column in (measure, *ends)]
    title = name or file_name("heatmap", by, measure)
    return Figure(title, _draw(squares, levels, how), numbers, _caption(table, numbers, measure, by))


def agreement_figure(table: pd.DataFrame, *, name: str = "agreement") -> Figure:
    """Which evaluations rank strategies alike, as a square of evaluations.

    Parameters
    ----------
    table : DataFrame
        As `algrid.influence.evaluation.agreement` makes it.
    name : str
        Of the figure's files.
    """
    pairs = table.copy()
    for end in ("a", "b"):
        pairs[f"level_{end}"] = table[f"aggregate_{end}"] + " of " + table[f"metric_{end}"]
    pairs.attrs = {**table.attrs, "by": "evaluation"}
    return heatmap(pairs, "tau", name=name)


def _order(numbers: pd.DataFrame, pair: tuple[str, str], measure: str, how: Measure) -> list[Any]:
    """Names of levels in the order of the table, or the highest first where pairs say which of two is higher."""
    levels = list(dict.fromkeys([*numbers[pair[0]], *numbers[pair[1]]]))
    if how.mirrored == 1.0 or not all(isinstance(level, str) for level in levels):
        return levels
    ahead = dict.fromkeys(levels, 0.0)
    for a, b, value in zip(*(numbers[c] for c in (*pair, measure)), strict=True):
        gain = 0.0 if np.isnan(value) else value - how.centre if how.mirrored is None else -value
        ahead[a] += gain
        ahead[b] -= gain
    return sorted(levels, key=lambda level: -ahead[level])


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
    labels = labels_of(levels, 34)
    intervals = len(levels) <= WITH_INTERVALS
    return matrix_figure(
        squares,
        (labels, labels),
        Colours(how.colours, *_limits(squares[0], how), how.says),
        intervals=intervals,
        empty="There are no two levels to compare.",
    )


def _limits(square: Floats, how: Measure) -> tuple[float, float]:
    known = square[np.isfinite(square)]
    if how.centre is None:
        return min(0.0, float(np.min(known, initial=0.0))), 1.0
    reach = float(np.max(np.abs(known - how.centre), initial=0.0)) or 1.0
    return how.centre - reach, how.centre + reach


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
