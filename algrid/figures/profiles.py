"""What levels like to pick: sample profiles as a heatmap, centred at what random sampling would pick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algrid.figures._matrix import WITH_INTERVALS, Colours, matrix_figure
from algrid.figures.base import Figure, file_name, rounded
from algrid.style import labels_of
from algrid.wording import spoken

if TYPE_CHECKING:
    import matplotlib.figure

__all__ = ["profiles_figure"]

Floats = NDArray[np.float64]

_SAYS = {
    "all": "queried rows less random ones, in standard deviations",
    "early": "first half of the queried rows less random ones, in standard deviations",
    "late": "second half of the queried rows less random ones, in standard deviations",
    "change": "second half of the queried rows less the first, in standard deviations",
}
_COLUMNS = [
    "measure",
    "difference",
    "difference_low",
    "difference_high",
    "superiority",
    "p_holm",
    "differs",
    "n_datasets",
]


def profiles_figure(table: pd.DataFrame, phase: str = "all", *, name: str | None = None) -> Figure:
    """Levels by measures; with few levels the other way round, so that intervals have room.

    Parameters
    ----------
    table : DataFrame
        As `algrid.influence.sample_profiles` makes it.
    phase : {"all", "early", "late", "change"}
        Which of the queried rows.
    name : str, optional
        Of the figure's files.
    """
    by = str(table.attrs["by"])
    own = table[(table["phase"] == phase) & table["difference"].notna()]
    numbers = rounded(own[[by, *_COLUMNS]].reset_index(drop=True))
    parts = ["sample_profiles", "" if by == "strategy" else by, "" if phase == "all" else phase]
    title = name or file_name(*filter(None, parts))
    return Figure(title, _draw(numbers, by, _SAYS[phase]), numbers, _caption(table, numbers, by, phase))


def _draw(numbers: pd.DataFrame, by: str, says: str) -> matplotlib.figure.Figure:
    levels, measures = (list(dict.fromkeys(numbers[column])) for column in (by, "measure"))
    parts = [_matrix(numbers, by, column, levels, measures) for column in _COLUMNS[1:4]]
    labels = labels_of(levels, 34), [spoken(measure) for measure in measures]
    few = len(levels) <= WITH_INTERVALS
    if few:
        parts, labels = [part.T for part in parts], labels[::-1]
    tested = numbers.assign(doubtful=numbers["p_holm"].notna() & ~numbers["differs"])
    doubtful = _matrix(tested, by, "doubtful", levels, measures) == 1
    reach = float(np.nanmax(np.abs(parts[0]), initial=0.0)) or 1.0
    return matrix_figure(
        parts,
        labels,
        Colours("RdBu_r", -reach, reach, says),
        intervals=few,
        empty="Nothing can be said of what is picked.",
        doubtful=doubtful.T if few else doubtful,
    )


def _matrix(numbers: pd.DataFrame, by: str, column: str, levels: list[object], measures: list[object]) -> Floats:
    wide = numbers.pivot(index=by, columns="measure", values=column)
    return wide.loc[levels, measures].to_numpy(np.float64)


def _caption(table: pd.DataFrame, numbers: pd.DataFrame, by: str, phase: str) -> str:
    attrs = table.attrs
    what = {"all": "all", "early": "the first half of", "late": "the second half of"}.get(phase)
    rows = f"{what} the {attrs['budget']} rows that were queried first" if what else "late rows against early ones"
    said = [
        f"What levels of {spoken(by)} pick: {rows}, held against the candidates of each run (random: 0), in standard "
        "deviations of the candidates; means over runs and datasets."
    ]
    if numbers["p_holm"].notna().any():
        said.append(
            "Pale numbers: not told apart from 0 by Wilcoxon's signed ranks over datasets, corrected by Holm for all "
            f"{len(numbers)} cells (level {attrs['alpha']:g}); the CSV beside has each p and each 95 % interval."
        )
    if attrs["left_out"] > 0:
        said.append(f"{attrs['left_out']:.0%} of the runs bought less, or their whole pool, and are left out.")
    gone = sorted(set(table["measure"]) - set(numbers["measure"]))
    if gone:
        said.append(f"Nothing is known of {', '.join(map(spoken, gone))}.")
    return " ".join([*said, *filter(None, [attrs.get("note")])])
