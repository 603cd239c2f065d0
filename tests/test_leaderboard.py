"""Leaderboards: by hand, what is missing, and what the bootstrap promises."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import make_runs

from algrid.curves import scores as scores_of
from algrid.errors import AlgridError
from algrid.leaderboard import leaderboard

NAN, INF = np.nan, np.inf


def table(values, *, higher_is_better=True, **columns):
    """Scores of {(dataset, split): {strategy: value}}; strategies that are left out have no row."""
    rows = [
        {"dataset": dataset, "split": split, "strategy": strategy, "value": value, **columns}
        for (dataset, split), cells in values.items()
        for strategy, value in cells.items()
    ]
    frame = pd.DataFrame(rows)
    frame.attrs["higher_is_better"] = higher_is_better
    return frame


def column(board, name, by="strategy"):
    return dict(zip(board[by], board[name], strict=True))


SMALL = {
    ("iris", 0): {"a": 0.9, "b": 0.8, "c": 0.7},
    ("iris", 1): {"a": 0.5, "b": 0.8, "c": 0.5},
    ("wine", 0): {"a": 0.6, "b": 0.4, "c": 0.4},
}


def test_by_hand():
    board = leaderboard(table(SMALL))
    assert column(board, "mean") == pytest.approx({"a": 2.0 / 3, "b": 2.0 / 3, "c": 1.6 / 3})
    # iris means .7 .8 .6: ranks 2 1 3; wine .6 .4 .4: ranks 1 2.5 2.5
    assert column(board, "rank") == {"a": 1.5, "b": 1.75, "c": 2.75}
    # a: 2 + .5 + 2; b: 1 + 2 + .5; c: 0 + .5 + .5, each of 6 pairs
    assert column(board, "win_rate") == pytest.approx({"a": 4.5 / 6, "b": 3.5 / 6, "c": 1.0 / 6})
    assert board["strategy"].tolist() == ["a", "b", "c"]
    assert board["n_settings"].tolist() == [3, 3, 3]
    assert board["n_datasets"].tolist() == [2, 2, 2]
    assert board["n_missing"].tolist() == [0, 0, 0]
    assert board.attrs["missing"] == "complete_case"
    assert (board.attrs["n_settings"], board.attrs["n_settings_all"]) == (3, 3)


def test_lower_is_better():
    board = leaderboard(table(SMALL), higher_is_better=False)
    assert column(board, "rank") == {"a": 2.5, "b": 2.25, "c": 1.25}
    assert column(board, "win_rate") == pytest.approx({"a": 1.5 / 6, "b": 2.5 / 6, "c": 5.0 / 6})
    assert leaderboard(table(SMALL, higher_is_better=False)).equals(board)


GAPS = {
    ("iris", 0): {"a": 0.9, "b": 0.8, "c": NAN},
    ("iris", 1): {"a": 0.5, "b": 0.7},
    ("wine", 0): {"a": 0.6, "b": 0.4, "c": 0.5},
    ("wine", 1): {"a": NAN, "b": NAN, "c": NAN},
}


def test_complete_cases_only():
    board = leaderboard(table(GAPS))
    assert column(board, "mean") == {"a": 0.6, "c": 0.5, "b": 0.4}
    assert column(board, "rank") == {"a": 1.0, "c": 2.0, "b": 3.0}
    assert column(board, "win_rate") == {"a": 1.0, "c": 0.5, "b": 0.0}
    assert board["n_settings"].tolist() == [1, 1, 1]
    assert board["n_datasets"].tolist() == [1, 1, 1]
    assert column(board, "n_missing") == {"a": 1, "b": 1, "c": 3}
    assert (board.attrs["n_settings"], board.attrs["n_settings_all"]) == (1, 4)


def test_missing_as_the_worst():
    board = leaderboard(table(GAPS), missing="worst_rank")
    # c counts as .8 and .5 in iris
    assert column(board, "mean") == pytest.approx({"a": 2.0 / 3, "b": 1.9 / 3, "c": 1.8 / 3})
    # iris: a .7, b .75, c .65; wine: a .6, c .5, b .4
    assert column(board, "rank") == {"a": 1.5, "b": 2.0, "c": 2.5}
    # c loses all pairs of iris, also against the value that it was given
    assert column(board, "win_rate") == pytest.approx({"a": 5.0 / 6, "b": 3.0 / 6, "c": 1.0 / 6})
    assert column(board, "n_settings") == {"a": 3, "b": 3, "c": 1}
    assert column(board, "n_datasets") == {"a": 2, "b": 2, "c": 1}


def test_one_that_always_fails_is_last_and_not_tied():
    failing = {("iris", i): {"a": 0.5, "b": NAN} for i in range(3)}
    board = leaderboard(table(failing), missing="worst_rank")
    assert column(board, "rank") == {"a": 1.0, "b": 2.0}
    assert column(board, "win_rate") == {"a": 1.0, "b": 0.0}
    lower = leaderboard(table(failing), missing="worst_rank", higher_is_better=False)
    assert column(lower, "rank") == {"a": 1.0, "b": 2.0}


def test_each_over_its_own():
    board = leaderboard(table(GAPS), missing="own_mean")
    assert column(board, "mean") == pytest.approx({"a": 2.0 / 3, "b": 1.9 / 3, "c": 0.5})
    # iris: b .75, a .7, c has none; wine: a, c, b
    assert column(board, "rank") == {"a": 1.5, "b": 2.0, "c": 2.0}
    assert column(board, "win_rate") == pytest.approx({"a": 3.0 / 4, "b": 1.0 / 4, "c": 1.0 / 2})


def test_nothing_to_compare_is_said():
    board = leaderboard(table({("iris", 0): {"a": 0.5, "b": NAN}}))
    assert board["mean"].isna().all()
    assert column(board, "n_missing") == {"a": 0, "b": 1}
    assert "no setting has a value for every strategy" in board.attrs["note"]
    empty = leaderboard(table(SMALL).iloc[:0])
    assert len(empty) == 0
    assert {"strategy", "mean", "rank_low", "win_rate_high", "n_missing"} <= set(empty.columns)


def test_goals_that_are_not_reached():
    labels = {
        ("iris", 0): {"a": 10.0, "b": INF, "c": INF},
        ("iris", 1): {"a": 30.0, "b": 5.0, "c": INF},
    }
    board = leaderboard(table(labels, higher_is_better=False))
    assert column(board, "mean") == {"a": 20.0, "b": INF, "c": INF}
    assert column(board, "rank") == {"a": 1.0, "b": 2.0, "c": 3.0}
    assert column(board, "win_rate") == {"a": 0.75, "b": 0.625, "c": 0.125}


def test_a_setting_is_everything_else():
    frame = pd.concat(
        [
            table(SMALL, budget=5, batch_size=1, strategy_family="whatever", run_id="x"),
            table(SMALL, budget=9, batch_size=1, strategy_family="whatever", run_id="y"),
        ]
    )
    board = leaderboard(frame, higher_is_better=True)
    assert board["n_settings"].tolist() == [6, 6, 6]
    by_budget = leaderboard(frame, "budget", higher_is_better=True)
    assert by_budget["budget"].tolist() == [5, 9]
    assert by_budget["n_settings"].tolist() == [9, 9]
    assert by_budget["rank"].tolist() == [1.5, 1.5]


def test_families_average_their_members():
    frame = table(SMALL)
    frame["strategy_family"] = frame["strategy"].map({"a": "first", "b": "first", "c": "second"})
    board = leaderboard(frame, "strategy_family")
    assert column(board, "mean", "strategy_family") == pytest.approx({"first": 2.0 / 3, "second": 1.6 / 3})
    assert board["n_settings"].tolist() == [3, 3]


def test_forced_ties_are_counted():
    frame = table(SMALL)
    # in one of three settings a and b have used up the pool: one of nine pairs
    frame["pool_empty"] = [True, True, False, True, False, False, False, False, False]
    assert leaderboard(frame).attrs["forced_ties"] == pytest.approx(1 / 9)


def test_batch_sizes_over_whole_curves_are_remarked():
    frame = table(SMALL).rename(columns={"strategy": "batch_size"})
    frame["batch_size"] = frame["batch_size"].map({"a": 1, "b": 5, "c": 10})
    assert "score them at a budget" in leaderboard(frame, "batch_size").attrs["note"]
    assert "score them" not in leaderboard(frame.assign(budget=5), "batch_size").attrs["note"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "strateggy"}, "no column 'strateggy'"),
        ({"by": "dataset"}, "can't be compared over datasets.*Take one of: strategy"),
        ({"by": "split"}, "can't be compared over datasets"),
        ({"missing": "complete"}, "Did you mean 'complete_case'"),
        ({"resamples": -1}, "0 or more, not -1"),
    ],
)
def test_mistakes_are_told(options, message):
    with pytest.raises(AlgridError, match=message):
        leaderboard(table(SMALL), **options)


def test_the_direction_must_be_known():
    frame = table(SMALL)
    frame.attrs.clear()
    with pytest.raises(AlgridError, match="higher_is_better=True"):
        leaderboard(frame)


def random_table(seed, n_datasets=8, n_splits=4, levels="abcd", share_missing=0.0, shift=0.0):
    rng = np.random.default_rng(seed)
    frame = table(
        {
            (f"d{d}", s): {a: float(rng.random()) + shift * i for i, a in enumerate(levels)}
            for d in range(n_datasets)
            for s in range(n_splits)
        }
    )
    frame.loc[rng.random(len(frame)) < share_missing, "value"] = NAN
    return frame


ENDS = [f"{name}_{end}" for name in ("mean", "rank", "win_rate") for end in ("low", "high")]


def test_below_six_datasets_there_is_no_interval():
    few, enough = (leaderboard(random_table(0, n_datasets=n)) for n in (5, 6))
    assert few[ENDS].isna().all(axis=None)
    assert "5 datasets are too few" in few.attrs["note"]
    assert enough[ENDS].notna().all(axis=None)
    assert enough.attrs["note"] == ""
    assert "no resamples" in leaderboard(random_table(0), resamples=0).attrs["note"]


def test_resamples_are_repeatable_and_follow_the_seed():
    frame = random_table(1)
    first, again, other = (leaderboard(frame, seed=s) for s in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert not first[ENDS].equals(other[ENDS])
    assert first[["mean", "rank", "win_rate"]].equals(other[["mean", "rank", "win_rate"]])


def test_equal_levels_can_not_be_told_apart():
    frame = random_table(2, levels="a")
    same = pd.concat([frame, frame.assign(strategy="b"), frame.assign(strategy="c")], ignore_index=True)
    same.attrs.update(frame.attrs)
    board = leaderboard(same)
    for name, value in (("win_rate", 0.5), ("rank", 2.0)):
        assert (board[[name, f"{name}_low", f"{name}_high"]] == value).all(axis=None)
    assert board["mean_low"].nunique() == 1
    assert (board["mean_low"] < board["mean"]).all()


def test_intervals_hold_the_estimate_and_noise_holds_one_half():
    covered = 0
    for seed in range(20):
        board = leaderboard(random_table(seed, n_datasets=10), resamples=300)
        for name in ("mean", "rank", "win_rate"):
            assert (board[f"{name}_low"] <= board[name]).all()
            assert (board[name] <= board[f"{name}_high"]).all()
        covered += int(((board["win_rate_low"] <= 0.5) & (board["win_rate_high"] >= 0.5)).sum())
    assert covered >= 0.85 * 80


def test_a_clear_winner_is_clear():
    board = leaderboard(random_table(3, levels="ab", shift=1.5))
    assert board["strategy"].tolist() == ["b", "a"]
    assert board["win_rate_low"].tolist() == [1.0, 0.0]
    assert board["rank_high"].tolist() == [1.0, 2.0]


def test_more_replicates_do_not_narrow_what_datasets_vary():
    # the effect differs by dataset and is the same in each replicate: only datasets carry information
    rng = np.random.default_rng(4)
    effects = rng.normal(size=12)

    def width(n_splits):
        cells = {(f"d{d:02}", s): {"a": 0.0, "b": effects[d]} for d in range(12) for s in range(n_splits)}
        board = leaderboard(table(cells), resamples=2000)
        row = board[board["strategy"] == "b"].iloc[0]
        return row["mean_high"] - row["mean_low"]

    spread = 2 * 1.96 * effects.std() / np.sqrt(12)
    assert width(1) == pytest.approx(spread, rel=0.15)
    assert width(20) == pytest.approx(spread, rel=0.15)


def test_replicates_are_resampled_within_datasets():
    # replicates vary, dataset means are equal: without the inner resampling the interval would be a point
    cells = {(f"d{d}", s): {"a": float(s % 2), "b": 0.5} for d in range(8) for s in range(4)}
    board = leaderboard(table(cells), resamples=2000)
    row = board[board["strategy"] == "a"].iloc[0]
    assert row["mean_high"] - row["mean_low"] == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(32), rel=0.2)


@given(seed=st.integers(0, 2**32), missing=st.sampled_from(["complete_case", "worst_rank", "own_mean"]))
@settings(deadline=None, max_examples=25)
def test_the_order_of_rows_and_of_categories_changes_nothing(seed, missing):
    frame = random_table(seed, n_splits=2, share_missing=0.1)
    board = leaderboard(frame, missing=missing, resamples=50)
    rng = np.random.default_rng(seed)
    mixed = frame.sample(frac=1.0, random_state=int(seed % 2**31)).reset_index(drop=True)
    for name in ("dataset", "strategy"):
        mixed[name] = pd.Categorical(mixed[name], categories=[*rng.permutation(mixed[name].unique()), "unused"])
    mixed.attrs.update(frame.attrs)
    pd.testing.assert_frame_equal(leaderboard(mixed, missing=missing, resamples=50), board)


@given(seed=st.integers(0, 2**32), share=st.sampled_from([0.0, 0.2]))
@settings(deadline=None, max_examples=25)
def test_ranks_and_wins_add_up(seed, share):
    frame = random_table(seed, n_splits=3, share_missing=share)
    for missing in ("complete_case", "worst_rank"):
        board = leaderboard(frame, missing=missing, resamples=20)
        if board.attrs["n_settings"]:
            assert board["rank"].mean() == pytest.approx(2.5)
            assert board["win_rate"].mean() == pytest.approx(0.5)


def test_scores_of_stored_runs_go_straight_in():
    runs = make_runs(
        [
            {"dataset": d, "strategy": s, "batch_size": b, "seed": i, "accuracy": [0.2, 0.4 if s == "margin" else 0.3]}
            for d in ("iris", "wine")
            for s in ("margin", "random")
            for b in (5, 10)
            for i in (0, 1)
        ]
    )
    board = leaderboard(scores_of(runs, metric="accuracy", aggregate="final", budgets=[5]))
    assert board["strategy"].tolist() == ["margin", "random"]
    assert board["mean"].tolist() == pytest.approx([0.35, 0.275])
    assert board["n_settings"].tolist() == [8, 8]
    assert (board.attrs["metric"], board.attrs["aggregate"]) == ("accuracy", "final")
