"""Mean curves: interpolation, complete cases, intervals, skylines; by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import make_runs

from algrid.curves import curves as curves_of
from algrid.curves_by_dataset import CurvesByDataset
from algrid.errors import AlgridError
from algrid.mean_curves import mean_curves


def run(strategy: str, accuracy: Sequence[float], **changes: Any) -> dict[str, Any]:
    return {"strategy": strategy, "strategy_family": strategy, "accuracy": accuracy, **changes}


def curves(*rows: dict[str, Any]) -> pd.DataFrame:
    return curves_of(make_runs(rows), "accuracy")


def line(numbers: pd.DataFrame, level: Any, column: str = "mean", by: str = "strategy") -> list[float]:
    return numbers.loc[numbers[by] == level, column].tolist()


def test_curves_of_two_batch_sizes_meet_at_equal_labels() -> None:
    # of batch size 5: 0.2 at 0, 0.4 at 5, 0.8 at 10; of 10: 0.4 at 0, 0.8 at 10, hence 0.6 at 5
    made = mean_curves(curves(run("a", [0.2, 0.4, 0.8]), run("a", [0.4, 0.8], batch_size=10)), resamples=0)
    assert made.numbers["n_bought"].tolist() == [0, 5, 10]
    assert line(made.numbers, "a") == pytest.approx([0.3, 0.5, 0.8])
    assert made.axes == ("batch_size",)
    assert made.numbers["n_settings"].unique().tolist() == [2]


def test_a_curve_ends_at_the_budget_between_two_points() -> None:
    made = mean_curves(curves(run("a", [0.2, 0.4, 0.8])), budget=7, resamples=0)
    assert made.numbers["n_bought"].tolist() == [0, 5, 7]
    assert line(made.numbers, "a")[-1] == pytest.approx(0.4 + 0.4 * 2 / 5)
    assert (made.datasets[0].end, made.datasets[0].longest) == (7, 10)


def test_without_a_budget_curves_end_where_every_batch_size_does() -> None:
    long = run("a", [0.2, 0.4, 0.6, 0.8])
    made = mean_curves(curves(long, run("a", [0.2, 0.4], batch_size=10)), resamples=0)
    assert made.numbers["n_bought"].tolist() == [0, 5, 10]


def test_only_settings_with_all_levels_count() -> None:
    table = curves(
        run("a", [0.2, 0.4]),
        run("b", [0.4, 0.6]),
        run("a", [1.0, 1.0], start_set=1),  # b has none here
        run("a", [0.0, 0.0], start_set=2),
        run("b", [0.0, 0.0], start_set=2, bought=[0, 3], stop_reason="error"),  # nor a whole one here
    )
    made = mean_curves(table, resamples=0)
    assert line(made.numbers, "a") == pytest.approx([0.2, 0.4])
    fact = made.datasets[0]
    assert (fact.n_settings, fact.n_settings_all, fact.n_runs, fact.n_replicates) == (1, 3, 2, 1)
    assert fact.lacking == {"b": 2}


def test_a_level_without_any_whole_curve_is_left_out_of_its_dataset_only() -> None:
    table = curves(
        run("a", [0.2, 0.4]),
        run("b", [0.4, 0.6]),
        run("a", [0.2, 0.6], dataset="wine"),
        run("b", [0.3], dataset="wine", stop_reason="timeout"),
    )
    made = mean_curves(table, resamples=0)
    iris, wine = made.datasets
    assert (iris.levels, iris.absent) == (("a", "b"), ())
    assert (wine.levels, wine.absent) == (("a",), ("b",))
    assert line(made.numbers[made.numbers["dataset"] == "wine"], "a") == pytest.approx([0.2, 0.6])


def test_a_dataset_with_no_common_setting_has_no_numbers() -> None:
    made = mean_curves(curves(run("a", [0.2, 0.4]), run("b", [0.4, 0.6], start_set=1)))
    assert made.numbers.empty
    assert made.datasets[0].n_settings == 0


def test_replicates_are_what_is_resampled() -> None:
    values = [0.2, 0.4, 0.6, 0.8]
    made = mean_curves(curves(*(run("a", [v, 1.0], start_set=i) for i, v in enumerate(values))), resamples=4000)
    first, last = made.numbers.iloc[0], made.numbers.iloc[1]
    assert first["mean"] == pytest.approx(0.5)
    # the mean of 4 of 4 draws: its 2.5 % quantile is 0.3, since P(<= 0.25) = 5/256 and P(<= 0.30) = 15/256
    assert first["low"] == pytest.approx(0.3)
    assert first["high"] == pytest.approx(0.7)
    assert (last["low"], last["mean"], last["high"]) == pytest.approx((1.0, 1.0, 1.0))


def test_below_three_replicates_there_is_no_interval() -> None:
    rows = [run("a", [0.2, 0.4], start_set=i, batch_size=b) for i in range(2) for b in (1, 2, 3)]
    made = mean_curves(curves(*rows))
    assert made.numbers[["low", "high"]].isna().all(axis=None)
    assert made.datasets[0].n_replicates == 2


def test_levels_see_the_same_draws_and_datasets_do_not_see_one_another() -> None:
    rows = [run(s, [0.1 * i, 0.2 * i], start_set=i) for s in "ab" for i in range(4)]
    alone = mean_curves(curves(*rows)).numbers
    assert line(alone, "a", "low") == line(alone, "b", "low")
    others = [run(s, [0.5, 0.1 * i], start_set=i, dataset="banana") for s in "ab" for i in range(5)]
    both = mean_curves(curves(*others, *rows)).numbers
    pd.testing.assert_frame_equal(both[both["dataset"] == "iris"].reset_index(drop=True), alone)


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(16)))
def test_the_order_of_rows_changes_no_bit(order: list[int]) -> None:
    rows = [run(s, [0.1 * i, 0.7], start_set=i, batch_size=b) for s in "ab" for i in range(4) for b in (3, 5)]
    table = curves(*rows)
    pd.testing.assert_frame_equal(
        mean_curves(curves(*(rows[i] for i in order)), resamples=50).numbers,
        mean_curves(table.iloc[::-1], resamples=50).numbers,
        check_exact=True,
    )


def test_many_label_counts_are_thinned_with_both_ends() -> None:
    made = mean_curves(curves(run("a", np.linspace(0, 1, 301), batch_size=1)), resamples=0)
    counts = made.numbers["n_bought"].tolist()
    assert (len(counts), counts[0], counts[-1]) == (101, 0, 300)


def test_a_family_is_the_mean_of_its_strategies() -> None:
    table = curves(
        run("qbc(2)", [0.2, 0.4], strategy_family="qbc"),
        run("qbc(3)", [0.4, 0.6], strategy_family="qbc"),
        run("margin", [0.5, 0.5]),
    )
    made = mean_curves(table, "strategy_family", resamples=0)
    assert line(made.numbers, "qbc", by="strategy_family") == pytest.approx([0.3, 0.5])
    assert made.datasets[0].n_settings == 1


def skylines(*values: tuple[str, int, float]) -> pd.DataFrame:
    return pd.DataFrame(values, columns=["learner", "start_set", "value"])


def test_the_skyline_is_over_the_settings_that_count() -> None:
    table = curves(
        *(run(s, [0.2, 0.4], start_set=i) for s in "ab" for i in (0, 1)),
        run("a", [0.2, 0.4], start_set=2),
    )
    name = "logistic_regression"
    reachable = skylines((name, 0, 0.8), (name, 1, 0.9), (name, 2, 0.1), ("mlp", 0, 0.0))
    made = mean_curves(table, skylines=reachable, resamples=0)
    assert made.numbers["skyline"].unique() == pytest.approx([0.85])
    assert not made.datasets[0].no_skyline


def test_a_skyline_of_a_part_of_the_settings_is_none() -> None:
    table = curves(*(run("a", [0.2, 0.4], start_set=i) for i in (0, 1)))
    made = mean_curves(table, skylines=skylines(("logistic_regression", 0, 0.8)), resamples=0)
    assert made.numbers["skyline"].isna().all()
    assert made.datasets[0].no_skyline


def test_a_point_without_a_value_makes_no_curve() -> None:
    table = curves(run("a", [0.2, 0.4]), run("b", [0.2, 0.4]), run("a", [0.6, 0.8], start_set=1))
    table.loc[(table["start_set"] == 0) & (table["strategy"] == "b"), "value"] = np.nan
    made = mean_curves(table, resamples=0)
    assert made.datasets[0].absent == ("b",)
    assert line(made.numbers, "a") == pytest.approx([0.4, 0.6])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": "dataset"}, "can't be compared"),
        ({"by": "split"}, "can't be compared"),
        ({"by": "colour"}, "no column 'colour'"),
        ({"budget": 0}, "1 or more"),
        ({"resamples": -1}, "0 or more"),
    ],
)
def test_mistakes_are_explained(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(AlgridError, match=message):
        mean_curves(curves(run("a", [0.2, 0.4])), **arguments)


def test_curves_that_are_read_dataset_by_dataset_are_those_of_one_table() -> None:
    rows = [
        run(strategy, [0.1 * start, 0.2, 0.3 + 0.1 * i], dataset=dataset, start_set=start)
        for i, dataset in enumerate(("iris", "wine"))
        for strategy in ("margin", "random")
        for start in range(4)
    ]
    table = curves(*rows)
    parts = {str(name): part for name, part in table.groupby("dataset", observed=True)}
    read: list[str] = []

    def one(dataset: str) -> pd.DataFrame:
        read.append(dataset)
        return parts[dataset]

    source = CurvesByDataset(table.drop_duplicates("run_id"), one, table.attrs)
    expected, found = mean_curves(table), mean_curves(source)
    assert read == ["iris", "wine"]
    pd.testing.assert_frame_equal(found.numbers, expected.numbers)
    assert found.datasets == expected.datasets
    assert mean_curves(source.of(["wine"])).numbers["dataset"].unique().tolist() == ["wine"]


def test_no_runs_make_no_curves() -> None:
    made = mean_curves(curves())
    assert made.numbers.empty
    assert made.datasets == ()
