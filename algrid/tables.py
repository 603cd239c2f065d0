"""Tables for papers and issues: a DataFrame as LaTeX (booktabs) or Markdown, intervals beside their estimates."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import pandas as pd

__all__ = ["to_latex", "to_markdown"]

_TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def to_markdown(table: pd.DataFrame, digits: int = 3) -> str:
    """A table as Markdown.

    Parameters
    ----------
    table : DataFrame
        Columns ``x``, ``x_low`` and ``x_high`` become one: ``0.812 [0.790, 0.833]``, with spaces that no line is broken
        at. Missing values are empty cells. A ``note`` in ``attrs`` stands below.
    digits : int
        After the decimal point; whole numbers have none.
    """
    head, rows, numeric = _cells(table, digits, _pipes, "\u00a0")
    lines = [head, ["---:" if is_number else "---" for is_number in numeric], *rows]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    note = table.attrs.get("note")
    return f"{text}\n\n{note}\n" if note else f"{text}\n"


def to_latex(table: pd.DataFrame, digits: int = 3, caption: str | None = None, label: str | None = None) -> str:
    """A table as LaTeX, for the package booktabs.

    Parameters
    ----------
    table : DataFrame
        As of `to_markdown`; the ``note`` stands below the rows.
    digits : int
        After the decimal point.
    caption, label : str, optional
        With either, the tabular is wrapped into a table environment.
    """
    head, rows, numeric = _cells(table, digits, _escaped, " ")
    lines = [
        rf"\begin{{tabular}}{{{''.join('r' if is_number else 'l' for is_number in numeric)}}}",
        r"\toprule",
        " & ".join(head) + r" \\",
        r"\midrule",
        *(" & ".join(cells) + r" \\" for cells in rows),
        r"\bottomrule",
    ]
    note = table.attrs.get("note")
    if note:
        lines.append(rf"\multicolumn{{{len(head)}}}{{l}}{{\footnotesize {_escaped(note)}}} \\")
    lines.append(r"\end{tabular}")
    if caption is not None or label is not None:
        titles = [rf"\caption{{{_escaped(caption)}}}"] if caption is not None else []
        titles += [rf"\label{{{label}}}"] if label is not None else []
        lines = [r"\begin{table}", r"\centering", *titles, *lines, r"\end{table}"]
    return "\n".join(lines) + "\n"


def _cells(
    table: pd.DataFrame, digits: int, escape: Callable[[str], str], space: str
) -> tuple[list[str], list[list[str]], list[bool]]:
    """Head, rows and whether a column is numeric; intervals joined to their estimates."""
    names = [str(c) for c in table.columns]
    ends = {f"{name}{end}" for name in names for end in ("_low", "_high") if _has_interval(name, names)}
    shown = [name for name in names if name not in ends]
    columns = []
    for name in shown:
        cells = [escape(_text(value, digits)) for value in table[name]]
        if _has_interval(name, names):
            low, high = table[f"{name}_low"], table[f"{name}_high"]
            intervals = [_interval(a, b, digits).replace(" ", space) for a, b in zip(low, high, strict=True)]
            cells = [cell + own for cell, own in zip(cells, intervals, strict=True)]
        columns.append(cells)
    head = [escape(name.replace("_", " ")) for name in shown]
    numeric = [bool(pd.api.types.is_numeric_dtype(table[n]) and table[n].dtype != bool) for n in shown]
    return head, [list(row) for row in zip(*columns, strict=True)], numeric


def _has_interval(name: str, names: list[str]) -> bool:
    return f"{name}_low" in names and f"{name}_high" in names


def _interval(low: Any, high: Any, digits: int) -> str:
    return "" if pd.isna(low) or pd.isna(high) else f" [{_text(low, digits)}, {_text(high, digits)}]"


def _text(value: Any, digits: int) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool) or not isinstance(value, Real):
        return str(value)
    if isinstance(value, Integral):
        return str(int(value))
    number = f"{float(value):.{digits}f}"
    return number.removeprefix("-") if float(number) == 0 else number


def _pipes(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


def _escaped(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in text.replace("\n", " "))
