"""How far implementations of a strategy agree with algrid's own: a heatmap of families and implementations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algrid.figures.base import Figure, rounded
from algrid.style import WIDTH, style
from algrid.wording import plural, spoken

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["implementations_figure"]

_ROW_HEIGHT, _COLUMN_WIDTH = 0.2, 0.52
#: Letters of the causes, as `algrid.audit` names them.
_LETTERS = {
    "ties": "t",
    "batch_policy": "b",
    "probability_source": "p",
    "refits": "r",
    "seed": "s",
    "formula": "f",
}
#: Light for no agreement, dark for full; text turns white on the dark ones.
_COLOURS, _DARK = "Blues", 0.75


def implementations_figure(audits: Mapping[str, Sequence[pd.DataFrame]], name: str = "implementations") -> Figure:
    """A panel for each group of audits: rows are families, columns implementations.

    Parameters
    ----------
    audits : mapping of str to sequence of DataFrame
        Title of a panel (``"two classes"``), and what `algrid.audit.audit` made of each family.
    name : str
        Of the figure's files.
    """
    numbers = rounded(pd.concat([_against_reference(title, frames) for title, frames in audits.items()]))
    numbers = numbers.reset_index(drop=True)
    return Figure(name, _draw(numbers, list(audits)), numbers, _caption(numbers, audits))


def _against_reference(title: str, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """A row an implementation: its agreement with the reference of its family, and the main cause."""
    parts = []
    for frame in frames:
        if frame.empty:
            continue
        part = frame[frame["a"] == frame.attrs["reference"]]
        causes = part[list(_LETTERS)]
        parts.append(
            pd.DataFrame(
                {
                    "panel": title,
                    "family": part["family"],
                    "reference": part["a"],
                    "implementation": part["b"],
                    "same": part["same"],
                    "jaccard": part["jaccard"],
                    "main_cause": causes.idxmax(axis=1).where(causes.max(axis=1) > 0, ""),
                    "n_states": part["n_states"],
                    "difference": part["difference"],
                }
            )
        )
    return pd.concat(parts).sort_values(["family", "implementation"])


def _draw(numbers: pd.DataFrame, titles: list[str]) -> matplotlib.figure.Figure:
    families = sorted(numbers["family"].unique())
    columns = sorted(numbers["implementation"].unique())
    with style():
        from matplotlib.figure import Figure as Canvas

        height = 1.35 + _ROW_HEIGHT * len(families)
        width = min(WIDTH, 2.0 + _COLUMN_WIDTH * len(columns) * len(titles))
        figure = Canvas(figsize=(width, height), layout="constrained")
        panels = figure.subplots(1, len(titles), sharey=True, squeeze=False)[0]
        for axes, title in zip(panels, titles, strict=True):
            image = _panel(axes, numbers[numbers["panel"] == title], families, columns)
            axes.set_title(title)
        panels[0].set_yticks(range(len(families)), families)
        bar = figure.colorbar(image, ax=list(panels), shrink=0.6, aspect=25, pad=0.02)
        bar.set_label("same batch as own,\nshare of states")
        bar.outline.set_visible(False)
    return figure


def _panel(axes: matplotlib.axes.Axes, part: pd.DataFrame, families: list[str], columns: list[str]) -> Any:
    shares = part.pivot_table(index="family", columns="implementation", values="same")
    shares = shares.reindex(index=families, columns=columns)
    image = axes.imshow(shares.to_numpy(), cmap=_COLOURS, vmin=0.0, vmax=1.0, aspect="auto")
    for row in part.to_dict("records"):
        text = f"{100 * row['same']:.0f}{_LETTERS.get(row['main_cause'], '')}"
        axes.text(
            columns.index(row["implementation"]),
            families.index(row["family"]),
            text,
            ha="center",
            va="center",
            fontsize=6.5,
            color="white" if row["same"] > _DARK else "black",
        )
    axes.set_xticks(range(len(columns)), [c.replace("_compatible", "*") for c in columns], rotation=45, ha="right")
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(families) + 1) - 0.5, minor=True)
    axes.grid(visible=False, which="major")
    axes.grid(visible=True, which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image


def _caption(numbers: pd.DataFrame, audits: Mapping[str, Sequence[pd.DataFrame]]) -> str:
    attrs = next(frame.attrs for frames in audits.values() for frame in frames)
    letters = ", ".join(f"{letter} {spoken(cause)}" for cause, letter in _LETTERS.items())
    return (
        f"Agreement of {plural(numbers['implementation'].nunique(), 'implementation')} with algrid's own, in "
        f"{plural(numbers['family'].nunique(), 'family')} of strategies: percent of the states in which both ask for "
        f"the same batch of {attrs['batch_size']} rows, of up to {numbers['n_states'].max():,} states that runs of the "
        f"own implementation came through. The letter is the most frequent cause of a difference: {letters}. An empty "
        "field: there is no such implementation, or it can't run there. *: compatible variant, written from the "
        "library's formula."
    )
