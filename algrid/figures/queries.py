"""Query influence as a function of the labels bought: how long two levels ask for the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from algrid.figures.base import Figure, file_name, rounded
from algrid.style import BLACK, GREY, MAX_LINES, WIDTH, WIDTH_NARROW, Look, labels_of, looks, style
from algrid.wording import plural, spoken

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["overlap_over_labels"]

#: The row of the mean over all pairs of levels.
_ALL = "all pairs"
_VALUE = ["corrected", "corrected_low", "corrected_high"]


def overlap_over_labels(table: pd.DataFrame, *, name: str | None = None) -> Figure:
    """The Jaccard index of the queried rows, corrected for chance, against the labels bought.

    Black is the mean over all pairs of levels, with its interval; every pair has a line, in colour where there are few.
    Below stands the share of pairs of runs whose pools were used up by then, which have no such index.

    Parameters
    ----------
    table : DataFrame
        As `algrid.influence.query_influence` makes it, of one label count or more.
    name : str, optional
        Of the figure's files.
    """
    by = str(table.attrs["by"])
    own = table[["level_a", "level_b", "n_bought", *_VALUE, "n", "used_up"]].copy()
    rows = [(_ALL, "", n, of["value"], of["low"], of["high"]) for n, of in table.attrs["overall"].items()]
    mean = pd.DataFrame(rows, columns=["level_a", "level_b", "n_bought", *_VALUE])
    by_count = own.groupby("n_bought")
    mean["n"] = by_count["n"].sum().reindex(mean["n_bought"]).to_numpy()
    mean["used_up"] = by_count["used_up"].mean().reindex(mean["n_bought"]).to_numpy()
    numbers = rounded(pd.concat([mean, own], ignore_index=True))
    return Figure(name or file_name("overlap_over_labels", by), _draw(numbers), numbers, _caption(numbers, table, by))


def _draw(numbers: pd.DataFrame) -> matplotlib.figure.Figure:
    with style():
        from matplotlib.figure import Figure as Canvas

        mean, pairs = numbers[numbers["level_a"] == _ALL], numbers[numbers["level_a"] != _ALL]
        lines = list(pairs.groupby(["level_a", "level_b"], sort=False, dropna=False))
        names = _names(pairs)
        few = 1 < len(lines) <= MAX_LINES
        figure = Canvas(figsize=(WIDTH if few else WIDTH_NARROW, 3.2), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [4, 1]})
        look = looks([f"{a}, {b}" for (a, b), _ in lines]) if few else {}
        for (a, b), part in lines:
            own = look.get(f"{a}, {b}", Look(GREY, "", "-"))
            label = f"{names[a]}, {names[b]}"
            above.plot(part["n_bought"], part["corrected"], color=own.color, marker=own.marker, lw=0.9, label=label)
        above.fill_between(mean["n_bought"], *(mean[end] for end in _VALUE[1:]), color=BLACK, alpha=0.13, linewidth=0)
        above.plot(mean["n_bought"], mean["corrected"], color=BLACK, marker="o", label="mean over pairs")
        above.axhline(0.0, color=BLACK, linewidth=0.6)
        above.set_ylim(top=1.0)
        above.set_ylabel("same rows queried\n(Jaccard, chance: 0)")
        below.plot(mean["n_bought"], mean["used_up"], color=BLACK, marker="o")
        below.set_ylim(-0.05, 1.05)
        below.set_ylabel("pool\nused up")
        below.set_xlabel("labels bought after the start set")
        below.set_xticks(mean["n_bought"].tolist())
        if few:
            figure.legend(*above.get_legend_handles_labels(), loc="outside right upper")
    return figure


def _names(pairs: pd.DataFrame) -> dict[Any, str]:
    levels = list(dict.fromkeys([*pairs["level_a"], *pairs["level_b"]]))
    return dict(zip(levels, labels_of(levels, 20), strict=True))


def _caption(numbers: pd.DataFrame, table: pd.DataFrame, by: str) -> str:
    pairs = len(numbers[["level_a", "level_b"]].drop_duplicates()) - 1
    said = [
        f"How far two levels of {spoken(by)} have queried the same rows, by labels bought: Jaccard index corrected for "
        f"chance (1: the same rows; 0: no more in common than two random sets), {plural(pairs, 'pair')} of levels.",
        "Black: the mean over pairs, with its 95 % interval where there is one. Below: of the pairs of runs the share "
        "whose pools are used up by then, which have no index. At each count those runs are compared that have a point "
        "there, of fewer batch sizes at some than at others; the CSV beside has how many pairs there are.",
    ]
    return " ".join([*said, *filter(None, [table.attrs.get("note")])])
