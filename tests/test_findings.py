"""Findings are sentences of the numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from algrid.findings import best_level


def board(
    levels: list[Any], rank: list[float], half: float = 0.1, by: str = "strategy", note: str = ""
) -> pd.DataFrame:
    frame = pd.DataFrame({by: levels, "rank": rank, "mean": 0.8, "win_rate": 0.75})
    for column in ("rank", "mean", "win_rate"):
        frame[f"{column}_low"], frame[f"{column}_high"] = frame[column] - half, frame[column] + half
    frame.attrs = {"by": by, "n_datasets": 7, "metric": "accuracy", "aggregate": "aubc", "note": note}
    return frame


def test_a_clear_winner() -> None:
    assert best_level(board(["margin", "entropy"], [1.25, 2.0])) == (
        "Of 2 strategies, margin has the best mean rank over 7 datasets: 1.25 (95 % interval 1.15 to 1.35). It beats "
        "another one in 75% (95 % interval 65% to 85%) of the pairs, and its mean aubc of accuracy is 0.800 (95 % "
        "interval 0.700 to 0.900). No other interval of ranks overlaps with its own."
    )


def test_levels_that_are_not_told_apart_are_named() -> None:
    said = best_level(board([5, 10, 1], [1.4, 1.55, 3.0], by="batch_size"))
    assert "Of 3 batch sizes, batch size 5 has" in said
    assert said.endswith("The interval of batch size 10 overlaps with its own: mean ranks alone don't tell them apart.")


def test_without_intervals_the_note_says_why() -> None:
    said = best_level(board(["a", "b"], [1.0, 2.0], half=float("nan"), note="No intervals: few datasets."))
    assert "mean rank over 7 datasets: 1.00. It beats" in said
    assert said.endswith("is 0.800. No intervals: few datasets.")


def test_one_level_is_no_comparison() -> None:
    assert best_level(board(["a"], [1.0])) == "There are no two levels of strategy to compare."
    assert best_level(board(["a", "b"], [1.0, float("nan")], note="Nothing.")).endswith("compare. Nothing.")
