"""Figures of datasets and the finding beside them: what they draw, count and say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from algrid.catalogues.selection import catalogue_table
from algrid.figures.datasets import associations_figure, coverage_figure
from algrid.findings import best_by_data


def table(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": [f"d{i}" for i in range(n)],
            "n_rows": np.arange(n) * 100.0 + 50,
            "n_features": 4.0,
            "n_classes": [2.0, 3.0, 10.0, 26.0][:n] + [2.0] * (n - 4),
        }
    )


def test_a_coverage_draws_and_names_what_it_says() -> None:
    data = table(5)
    data.loc[4, "n_rows"] = np.nan
    found = coverage_figure(data)
    assert found.numbers["dataset"].tolist() == ["d0", "d1", "d2", "d3"]
    (axes,) = found.figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.xaxis.get_major_formatter()(2000.0) == "2,000"
    assert [len(points.get_offsets()) for points in axes.collections] == [1, 1, 1, 1, 0]  # four groups, no ring
    assert [text.get_text() for text in axes.texts] == ["d0", "d1", "d2", "d3"]
    assert "4 datasets of 50 to 350 rows, 4 to 4 columns and 2 to 26 classes" in found.caption
    assert "1 dataset of unknown shape" in found.caption


def test_the_chosen_ones_are_ringed_and_named_alone() -> None:
    found = coverage_figure(table(6).assign(chosen=[True, False, False, True, False, False]))
    (axes,) = found.figure.axes
    assert axes.collections[-1].get_offsets().tolist() == [[50, 4], [350, 4]]
    assert [text.get_text() for text in axes.texts] == ["d0", "d3"]
    assert "The 2 that are ringed" in found.caption
    assert "no dataset" in coverage_figure(table(4).assign(n_rows=np.nan)).caption


def test_the_catalogue_s_table_has_no_repetition() -> None:
    found = catalogue_table("paper", representative=12)
    assert found["dataset"].is_unique
    assert found["chosen"].sum() == 12
    assert found.loc[found["chosen"], "n_rows"].notna().all()


def test_associations_are_a_matrix_with_the_strongest_first() -> None:
    rows = [("a", "noise", 0.9, 0.01), ("b", "noise", -0.8, 0.03), ("b", "n_rows", 0.2, 0.7), ("a", "n_rows", 0.1, 0.9)]
    data = pd.DataFrame([*rows, ("c", "noise", np.nan, np.nan)], columns=["level", "meta_feature", "rho", "p"])
    data.attrs.update(by="strategy", n_datasets=9, note="")
    found = associations_figure(data)
    assert len(found.numbers) == 4
    labels = [text.get_text() for text in found.figure.axes[0].get_xticklabels()]
    assert labels == ["noise", "n rows"]
    assert "meta-features of 9 datasets" in found.caption
    assert "2 of 4 have p <= 0.05" in found.caption


@pytest.mark.parametrize(
    ("gain", "p", "said"),
    [
        (0.01, 0.02, "the kind of data matters"),
        (0.01, 0.4, "no reason to choose"),
        (-0.01, 0.02, "no reason to choose"),
    ],
)
def test_the_finding_believes_only_what_beats_luck_and_one_for_all(gain: float, p: float, said: str) -> None:
    names = ["one for all", "most often best", "all", "noise", "n_rows"]
    data = pd.DataFrame({"predictor": names, "regret": [0.03, 0.04, 0.035, 0.03 - gain, 0.05], "p_family": p})
    data["gain"] = 0.03 - data["regret"]
    data.attrs.update(by="strategy", n_datasets=9, note="")
    text = best_by_data(data)
    assert "one strategy for all loses 0.0300" in text
    assert f"similarity in noise loses least, {0.03 - gain:.4f}" in text
    assert said in text
