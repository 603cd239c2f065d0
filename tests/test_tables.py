"""Exported tables, character by character."""

from __future__ import annotations

import numpy as np
import pandas as pd

from algrid.tables import to_latex, to_markdown


def board():
    frame = pd.DataFrame(
        {
            "strategy": ["margin", "qbc_x(a|b)"],
            "rank": [1.25, 2.0],
            "rank_low": [1.0, np.nan],
            "rank_high": [1.5, np.nan],
            "n_settings": [3, 4],
            "better": [None, "50 %"],
            "gap": [-0.0001, np.inf],
        }
    )
    frame.attrs["note"] = "5 % & more"
    return frame


def test_markdown():
    assert to_markdown(board(), digits=2) == (
        "| strategy | rank | n settings | better | gap |\n"
        "| --- | ---: | ---: | --- | ---: |\n"
        "| margin | 1.25\u00a0[1.00,\u00a01.50] | 3 |  | 0.00 |\n"
        "| qbc_x(a\\|b) | 2.00 | 4 | 50 % | inf |\n"
        "\n5 % & more\n"
    )


def test_latex():
    assert to_latex(board(), digits=1) == (
        "\\begin{tabular}{lrrlr}\n\\toprule\nstrategy & rank & n settings & better & gap \\\\\n\\midrule\n"
        "margin & 1.2 [1.0, 1.5] & 3 &  & 0.0 \\\\\n"
        "qbc\\_x(a|b) & 2.0 & 4 & 50 \\% & inf \\\\\n\\bottomrule\n"
        "\\multicolumn{5}{l}{\\footnotesize 5 \\% \\& more} \\\\\n\\end{tabular}\n"
    )
    wrapped = to_latex(board()[["strategy"]], caption="A_b", label="tab:x")
    assert wrapped.startswith("\\begin{table}\n\\centering\n\\caption{A\\_b}\n\\label{tab:x}\n\\begin{tabular}{l}\n")
    assert wrapped.endswith("\\end{tabular}\n\\end{table}\n")


def test_an_empty_table_has_its_head():
    assert to_markdown(pd.DataFrame({"a_b": []})) == "| a b |\n| ---: |\n"
