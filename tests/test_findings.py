"""Findings are sentences of the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from algrid.advice import advice
from algrid.findings import (
    best_level,
    crossed,
    evaluations_agree,
    good_default,
    hangs_on_others,
    implementations_agree,
    largest_part,
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


def test_what_to_do_follows_from_the_intervals() -> None:
    rows = [
        ("learner", 2, 0.5, 0.4, 0.6, 0.2, 0.1, 0.3, "svm", 0.0),
        ("batch_size", 3, 0.1, -0.1, 0.2, np.nan, np.nan, np.nan, 5, 2.0),
        ("strategy", 4, 0.3, 0.1, 0.4, np.nan, np.nan, np.nan, "margin", 2.0),
        ("start_set", 5, 0.3, 0.1, 0.4, np.nan, np.nan, np.nan, None, np.nan),
        ("split", 5, 0.0, -0.1, 0.1, np.nan, np.nan, np.nan, None, np.nan),
        ("dataset", 7, 0.3, 0.1, 0.4, np.nan, np.nan, np.nan, None, np.nan),
        ("oracle", 2, 0.3, np.nan, np.nan, np.nan, np.nan, np.nan, "noisy", np.nan),
        ("preprocessing", 2, 0.3, 0.1, 0.4, np.nan, np.nan, np.nan, None, np.nan),
        ("metric", 2, np.nan, np.nan, np.nan, 0.3, 0.1, 0.5, None, np.nan),
        ("budget", 2, np.nan, np.nan, np.nan, 0.3, -0.1, 0.5, None, np.nan),
    ]
    ends = [f"{kind}{end}" for kind in ("score", "ranking") for end in ("", "_low", "_high")]
    table = pd.DataFrame(rows, columns=["hyperparameter", "n_levels", *ends, "best", "rivals"])
    found = advice(table.assign(queries=np.nan, queries_low=np.nan, queries_high=np.nan))
    assert found["hyperparameter"].tolist()[1] == "batch size"
    assert found["what_to_do"].tolist() == [
        "Take svm: no other interval of ranks overlaps with its own. "
        "Strategies rank differently at its levels: compare them at yours.",
        "No influence on scores is seen: keep batch size 5, or the cheapest.",
        "margin ranks best, but 2 others may be as good: let cost decide among them.",
        "Chance: repeat it and average.",
        "Chance that does not matter here: few are enough.",
        "Which level is best changes with the data: look at data like yours.",
        "noisy ranks best; there are no intervals to say how surely.",
        "No level can be compared with all others.",
        "Strategies rank differently by metric: say which one you use, and look at others.",
        "No other ranking of strategies by budget is seen beyond noise.",
    ]


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


def test_implementations_are_told_with_why_they_differ() -> None:
    rows = [
        ("iris", "margin", "modal", 0.5, 0.5, 0.0, 0.01, -0.01, 0.02),
        ("iris", "qbc", "x", 0.0, 0.5, 0.5, -0.2, -0.3, -0.1),
    ]
    columns = ["data", "family", "b", "same", "ties", "other_seed", "difference", "difference_low", "difference_high"]
    pairs = pd.DataFrame(rows, columns=columns).set_index(["data", "family", "b"])
    assert implementations_agree(pairs, ["other_seed", "ties"]) == (
        "25% of the batches of 2 comparisons are those of algrid's own. The others differ by ties (67%) and other seed "
        "(33%). The score differs most for qbc@x: by -0.200 (95 % interval -0.300 to -0.100); the interval excludes "
        "zero for 1 of 2."
    )
    assert "no second implementation" in implementations_agree(pairs.iloc[:0], ["ties"])


def test_the_level_that_lacks_most_is_named_in_the_decomposition() -> None:
    table = pd.DataFrame({"effect": ["learner"], "order": [1], "share_centred": [0.5]})
    table = with_ends(table, "share_centred", missing={"learner": {"knn": 0.25, "svm": 0.5}, "strategy": {"qbc": 0.4}})
    assert largest_part(table).startswith("Most is missing of learner svm: 50% of its values. Most of what")


def test_forced_ties_are_told_with_the_agreement_of_evaluations() -> None:
    names = {"metric_a": "accuracy", "aggregate_a": "aubc", "metric_b": "accuracy", "aggregate_b": "final"}
    table = with_ends(pd.DataFrame([{**names, "tau": 0.5}]), "tau", forced_ties=0.25)
    assert "In 25.0% of the pairs of strategies both had used up their pool" in evaluations_agree(table)
    assert "used up" not in evaluations_agree(with_ends(pd.DataFrame([{**names, "tau": 0.5}]), "tau", forced_ties=0.0))
