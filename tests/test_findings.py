"""Findings are sentences of the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from algrid.findings import (
    best_level,
    crossed,
    good_default,
    hangs_on_others,
    missing_matters,
    most_robust,
    same_results,
)


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


def with_ends(frame: pd.DataFrame, *columns: str, **attrs: Any) -> pd.DataFrame:
    for column in columns:
        frame[f"{column}_low"], frame[f"{column}_high"] = frame[column] - 0.5, frame[column] + 0.5
    frame.attrs = {"by": "strategy", "note": "", **attrs}
    return frame


def test_a_default_is_told_with_what_it_loses() -> None:
    frame = pd.DataFrame({"learner": ["svm", "mlp"], "batch_size": [5, 1], "regret": [0.5, 0.75], "worst_regret": 1.5})
    held_out = {"held_out": 0.75, "held_out_low": 0.5, "held_out_high": 1.0}
    said = good_default(with_ends(frame, "regret", axes=["learner", "batch_size"], **held_out))
    assert said == (
        "Of 2 settings, learner svm and batch size 5 loses least against each dataset's best: 0.500 (95 % interval "
        "0.000 to 1.000) on average, and 1.500 on the dataset that suits it worst. A default that is chosen on half of "
        "the datasets loses 0.750 on the others (95 % of the halves: 0.500 to 1.000)."
    )
    few = with_ends(frame, "regret", axes=["learner"], held_out=np.nan)
    assert "chosen on half" not in good_default(few)
    assert "no setting" in good_default(few.iloc[:0])


def test_who_is_best_need_not_be_safe() -> None:
    ranks = {"rank_best": [1.0, 2.0], "rank_median": [1.5, 1.25], "rank_lower": [2.0, 1.0], "rank_regret": np.nan}
    said = most_robust(with_ends(pd.DataFrame({"strategy": ["a", "b"], **ranks}), *ranks))
    assert "by best settings a (1.00 (95 % interval 0.50 to 1.50)), by median ones b" in said
    assert "by bad ones b" in said
    assert "regret" not in said


def test_the_furthest_move_is_told() -> None:
    columns = ["without", "strategy", "rank", "position", "position_all", "moved"]
    frame = pd.DataFrame(
        [("c", "a", 1.0, 1, 1, 0), ("a", "b", 1.5, 3, 1, 2), ("a", "c", 2.0, 1, 2, -1)], columns=columns
    )
    said = hangs_on_others(with_ends(frame, "rank", moves=2 / 3))
    assert "in 66.7% of the cases, furthest b without a: from place 1 to 3 of 2 (mean rank 1.50 (95 %" in said
    still = with_ends(frame.assign(moved=0), "rank", moves=0.0)
    assert hangs_on_others(still) == "No order of two levels of strategy hangs on who else takes part."


def test_treatments_stand_side_by_side() -> None:
    ranks = {"rank_complete_case": [1.0, 2.0], "rank_worst_rank": [2.0, 1.0], "rank_own_mean": [1.5, 1.25]}
    frame = with_ends(pd.DataFrame({"strategy": ["a", "b"], "n_missing": [3, 1], **ranks}), *ranks)
    said = missing_matters(frame)
    assert said.startswith("4 values are missing, most of a. First by mean rank: a (complete case, 1.00 (95 %")
    assert "b (worst rank, 1.00" in said
    assert "No value is missing" in missing_matters(frame.assign(n_missing=0))


def test_the_surest_crossing_is_told() -> None:
    columns = ["leader_first", "leader_last", "crossings", "last_crossing", "same_flip_share"]
    rows = [("a", "b", 1, 12.0, 0.75), ("a", "c", 2, 20.0, 0.5), ("b", "b", 0, np.nan, 0.9)]
    said = crossed(with_ends(pd.DataFrame(rows, columns=columns), "last_crossing"))
    assert said == (
        "2 of 3 pairs of mean curves cross. Surest: a leads first and b after 12 (95 % interval 12 to 12) labels, in "
        "75% of the resamples."
    )


def test_two_stores_are_told_apart() -> None:
    columns = with_ends(pd.DataFrame(), matched=10, identical=9, only_a=1, only_b=0)
    scores = with_ends(pd.DataFrame({"difference": [0.25], "largest": [2.0]}), "difference")
    said = same_results(columns, scores)
    assert "Of 10 runs that both have, 9 are equal" in said
    assert "moved by +0.2500 (95 % interval -0.2500 to +0.7500), the furthest by 2.0000" in said
