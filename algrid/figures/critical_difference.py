"""Critical-difference diagram: mean ranks on a line, and bars over levels that tests can't tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from algrid.figures.base import Figure, file_name, rounded
from algrid.style import BLACK, GREY, WIDTH, labels_of, style
from algrid.wording import plural, spoken

if TYPE_CHECKING:
    pass

__all__ = ["critical_difference_figure"]

_ROW = 0.17


def critical_difference_figure(board: pd.DataFrame, groups: pd.DataFrame, *, name: str | None = None) -> Figure:
    """Levels by mean rank with intervals, one below the other, and a bar for each group of which no two differ.

    Parameters
    ----------
    board : DataFrame
        As `algrid.leaderboard.leaderboard` makes it.
    groups : DataFrame
        As `algrid.influence.critical_difference.critical_groups` makes it, of the same comparison.
    name : str, optional
        Of the figure's files.
    """
    by = str(board.attrs["by"])
    ranked = board[board["rank"].notna()].sort_values(["rank", by], kind="stable")
    numbers = rounded(ranked[[by, "rank", "rank_low", "rank_high"]]).reset_index(drop=True)
    members: Any = groups.groupby(by)["group"].agg(lambda own: " ".join(map(str, own))) if len(groups) else {}
    numbers["groups"] = [members.get(level, "") for level in numbers[by]]
    n_groups = int(groups["group"].max()) + 1 if len(groups) else 0
    places = {level: i for i, level in enumerate(numbers[by])}
    with style():
        from matplotlib.figure import Figure as Canvas
        from matplotlib.ticker import MaxNLocator

        figure = Canvas(figsize=(WIDTH, 0.6 + _ROW * max(len(numbers), 2)), layout="constrained")
        grid = {"width_ratios": [5, max(0.12 * n_groups, 0.3)], "wspace": 0.02}
        axes, bars = figure.subplots(1, 2, sharey=True, gridspec_kw=grid)
        rows = range(len(numbers))
        axes.hlines(rows, numbers["rank_low"], numbers["rank_high"], color=GREY, linewidth=1.6)
        axes.scatter(numbers["rank"], rows, color=BLACK, s=16, zorder=3)
        axes.set_yticks(rows, labels_of(numbers[by].tolist()))
        axes.set_ylim(max(len(numbers), 2) - 0.5, -0.5)
        axes.set_xlabel("mean rank over datasets (1 is best)")
        axes.set_xlim(left=0.5)
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        for group in range(n_groups):
            own = [places[level] for level in groups.loc[groups["group"] == group, by]]
            bars.plot([group, group], [min(own) - 0.25, max(own) + 0.25], color=BLACK, linewidth=2.5)
        bars.set_xlim(-0.7, max(n_groups, 1) - 0.3)
        bars.set_axis_off()
    return Figure(name or file_name("critical_difference", by), figure, numbers, _caption(board, groups, by, n_groups))


def _caption(board: pd.DataFrame, groups: pd.DataFrame, by: str, n_groups: int) -> str:
    said = [
        f"Mean ranks of {plural(len(board), spoken(by))} over {plural(int(board.attrs['n_datasets']), 'dataset')}; "
        "grey: 95 % intervals, where there are any."
    ]
    if n_groups:
        said.append(
            "A bar joins neighbours of which no two differ (Wilcoxon's signed ranks over datasets, corrected by Holm, "
            f"level {groups.attrs.get('alpha', 0.05):g})."
        )
    else:
        said.append("No two neighbours can be joined by a test.")
    return " ".join([*said, *filter(None, [groups.attrs.get("note") or board.attrs.get("note")])])
