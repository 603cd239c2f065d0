"""Query influence: by hand, against sets, and what can't be compared."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from runs import make_runs

from algrid.errors import AlgridError
from algrid.influence import query_influence
from algrid.influence._queried_sets import expected_jaccard
from algrid.influence.queries import QUERY_COLUMNS
from algrid.influence.runs_by_dataset import OVERALL_COLUMNS, RunsByDataset

NAN = np.nan


def run(queried, strategy="margin", batch_size=1, n_pool=13, **more):
    """A run with a point at every batch; its start set are the last three rows of the pool."""
    bought = [*range(0, len(queried), batch_size), len(queried)]
    start = [n_pool - 3, n_pool - 2, n_pool - 1]
    labeled = [3 + b for b in dict.fromkeys(bought)]
    columns = {"queried": queried, "strategy": strategy, "batch_size": batch_size, "n_pool": n_pool}
    return {**columns, "start_indices": start, "n_labeled": labeled, "accuracy": [0.5] * len(labeled), **more}


def at(table, n, a=None, b=None):
    rows = table[table["n_bought"] == n]
    return rows[(rows["level_a"] == a) & (rows["level_b"] == b)].iloc[0] if a else rows.iloc[0]


def test_by_hand():
    runs = make_runs([run([0, 1, 2, 3]), run([1, 4, 0, 5], "random")])
    table = query_influence(runs, "strategy", [1, 2, 3, 4])
    assert table["n_bought"].tolist() == [1, 2, 3, 4]
    # {0} {1}; {0 1} {1 4}; {0 1 2} {0 1 4}; {0 1 2 3} {0 1 4 5}
    assert table["jaccard"].tolist() == pytest.approx([0, 1 / 3, 2 / 4, 2 / 6])
    # two of 10, twice: no row in common 28/45, one 16/45, both 1/45
    chance = 16 / 45 / 3 + 1 / 45
    assert table["corrected"].iloc[1] == pytest.approx((1 / 3 - chance) / (1 - chance))
    assert table["n"].tolist() == [1] * 4
    assert table["used_up"].tolist() == [0] * 4
    assert table["jaccard_low"].isna().all()
    assert "1 dataset is too few" in table.attrs["note"]


def test_expected_jaccard():
    assert expected_jaccard(10, 2, 2) == pytest.approx(16 / 45 / 3 + 1 / 45)
    assert expected_jaccard(5, 5, 5) == 1
    assert expected_jaccard(5, 5, 2) == pytest.approx(2 / 5)
    assert expected_jaccard(7, 0, 3) == 0
    rng = np.random.default_rng(0)
    sets = [(set(rng.permutation(30)[:8].tolist()), set(rng.permutation(30)[:12].tolist())) for _ in range(4000)]
    drawn = np.mean([len(a & b) / len(a | b) for a, b in sets])
    assert expected_jaccard(30, 8, 12) == pytest.approx(drawn, abs=0.006)
    assert expected_jaccard(100_000, 500, 500) == pytest.approx(0.0025, rel=0.02)
    with pytest.raises(AlgridError, match="are not out of"):
        expected_jaccard(3, 4, 1)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6))
def test_it_is_what_sets_say(seed):
    rng = np.random.default_rng(seed)
    rows = [
        run(rng.permutation(20)[: rng.integers(1, 15)].tolist(), strategy, n_pool=23, dataset=dataset, start_set=s)
        for dataset, s, strategy in itertools.product(["iris", "wine"], range(2), ["a", "b", "c"])
    ]
    shuffled = [rows[i] for i in rng.permutation(len(rows))]
    table = query_influence(make_runs(shuffled), "strategy", [1, 4, 9], resamples=0)
    for a, b in itertools.combinations("abc", 2):
        for k in (1, 4, 9):
            values = []
            for one, other in itertools.product(rows, rows):
                same = (one["dataset"], one["start_set"]) == (other["dataset"], other["start_set"])
                pair = (one["strategy"], other["strategy"])
                if same and pair == (a, b) and min(len(one["queried"]), len(other["queried"])) >= k:
                    first, second = set(one["queried"][:k]), set(other["queried"][:k])
                    values.append(len(first & second) / len(first | second))
            found = at(table, k, a, b)
            assert found["n"] == len(values)
            assert found["jaccard"] == pytest.approx(np.mean(values) if values else NAN, nan_ok=True)


def test_batch_sizes_meet_where_both_have_a_point():
    runs = make_runs([run([0, 1, 2, 3, 4, 5], batch_size=2), run([0, 1, 2, 6, 7, 8], batch_size=3)])
    table = query_influence(runs, "batch_size", [2, 3, 6])
    assert table["n"].tolist() == [0, 0, 1]
    assert table["jaccard"].tolist() == pytest.approx([NAN, NAN, 3 / 9], nan_ok=True)
    assert query_influence(runs, "batch_size")["n_bought"].tolist() == [6]


def test_a_pool_that_is_used_up_says_nothing():
    rows = [run([0, 1, 2, 3], n_pool=7), run([3, 2, 1, 0], "random", n_pool=7)]
    rows += [run([0, 1, 2, 3], dataset="wine"), run([0, 1, 2, 4], "random", dataset="wine")]
    table = query_influence(make_runs(rows), "strategy", [3, 4])
    assert at(table, 3)["jaccard"] == pytest.approx((2 / 4 + 1) / 2)
    assert at(table, 4)["jaccard"] == pytest.approx(3 / 5)
    assert at(table, 4)["used_up"] == 0.5
    # also beyond the end of the pool, and never 1 by construction
    beyond = query_influence(make_runs(rows[:2]), "strategy", [4, 5])
    assert beyond["jaccard"].isna().all()
    assert beyond["used_up"].tolist() == [1, 1]


def test_other_pools_and_start_sets_are_null_and_not_zero():
    rows = [run([0, 1, 2], dataset=d, split=s) for d, s in itertools.product(["iris", "wine"], range(2))]
    for by in ("dataset", "split"):
        table = query_influence(make_runs(rows), by, [1, 2])
        assert table["jaccard"].isna().all()
        assert table["n"].sum() == 0
        assert "can't be compared" in table.attrs["note"]
    moved = [run([0, 1, 2]), run([0, 1, 2], "random", start_indices=[9, 10, 11])]
    assert query_influence(make_runs(moved), "strategy", 2)["n"].tolist() == [0]


def test_seeds_are_compared():
    table = query_influence(make_runs([run([0, 1]), run([0, 2], seed=1)]), "seed", 2)
    assert table["jaccard"].tolist() == pytest.approx([1 / 3])


def test_chance_is_zero_and_intervals_hold_it():
    rng = np.random.default_rng(0)
    rows = [
        run(rng.permutation(40)[:10].tolist(), strategy, n_pool=43, dataset=f"d{d}", start_set=s)
        for d, s, strategy in itertools.product(range(12), range(6), ["random", "other"])
    ]
    table = query_influence(make_runs(rows), "strategy", resamples=300)
    last = at(table, 10)
    assert last["corrected_low"] < 0 < last["corrected_high"]
    assert last["jaccard_low"] < last["jaccard"] < last["jaccard_high"]
    assert last["jaccard_low"] > 0.1
    assert last["n_datasets"] == 12
    overall = table.attrs["overall"][10]
    assert (overall["value"], overall["low"]) == pytest.approx((last["corrected"], last["corrected_low"]))


def test_pieces_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    rows = [
        run(rng.permutation(20)[:8].tolist(), strategy, n_pool=23, start_set=s)
        for s, strategy in itertools.product(range(3), "abcde")
    ]
    whole = query_influence(make_runs(rows), "strategy", [2, 5], resamples=0)
    monkeypatch.setattr("algrid.influence.queries._ENTRIES", 50)
    pieces = query_influence(make_runs(rows), "strategy", [2, 5], resamples=0)
    np.testing.assert_allclose(whole["jaccard"], pieces["jaccard"])
    assert whole["n"].tolist() == pieces["n"].tolist() == [3] * 20


def test_default_counts_are_of_every_batch_size():
    rows = [run(list(range(60)), batch_size=k, n_pool=100) for k in (1, 2, 5)]
    assert query_influence(make_runs(rows), "batch_size")["n_bought"].unique().tolist() == [10, 20, 30, 40, 50, 60]
    long = [run(list(range(60)), name, batch_size=1, n_pool=100) for name in "ab"]
    counts = query_influence(make_runs(long), "strategy")["n_bought"].tolist()
    assert len(counts) == 10
    assert counts[0] == 1
    assert counts[-1] == 60


def test_where_few_counts_are_of_every_batch_size_those_of_most_of_them_count():
    rows = [run(list(range(35)), name, batch_size=k, n_pool=100) for k in (1, 5, 10, 30) for name in "ab"]
    table = query_influence(make_runs(rows), "strategy")
    assert table["n_bought"].tolist() == [10, 20, 30]  # at 5 are two of four sizes
    assert table["n"].tolist() == [3, 3, 4]


def test_failed_runs_without_a_point_count_nowhere():
    failed = {
        **run([], "random"),
        "n_labeled": [],
        "accuracy": [],
        "start_indices": [10, 11, 12],
        "stop_reason": "error",
    }
    table = query_influence(make_runs([run([0, 1]), failed]), "strategy", [1])
    assert table["n"].tolist() == [0]


def shared_runs(n_settings=6):
    rng = np.random.default_rng(1)
    return [
        run(rng.permutation(20)[:8].tolist(), strategy, n_pool=23, dataset=d, start_set=s, learner=f"l{k}")
        for d, s, k, strategy in itertools.product(["wine", "iris"], range(2), range(n_settings), "abc")
    ]


def test_one_dataset_at_a_time_is_the_same():
    table = make_runs(shared_runs())
    asked = []

    def read(dataset, columns):
        asked.append(dataset)
        return table.filter(pc.equal(table["dataset"], dataset)).select(columns)

    parts = RunsByDataset(table.select(OVERALL_COLUMNS), read)
    assert_frame_equal(query_influence(parts, "strategy"), query_influence(table, "strategy"))
    assert asked == ["iris", "wine"]
    query_influence(parts, "split")
    assert asked == ["iris", "wine"]  # nothing is read where nothing can be compared


def test_a_share_of_the_settings_is_drawn_from_every_replicate():
    table = make_runs(shared_runs())
    part = query_influence(table, "strategy", [4], share=1 / 3)
    assert part["n"].tolist() == [2 * 2 * 2] * 3
    assert "33.3% were drawn at random" in part.attrs["note"]
    assert_frame_equal(part, query_influence(table, "strategy", [4], share=1 / 3))
    other = query_influence(table, "strategy", [4], share=1 / 3, seed=1)
    assert part["jaccard"].tolist() != other["jaccard"].tolist()
    least = query_influence(table, "strategy", [4], share=0.01)
    assert least["n"].tolist() == [4] * 3  # at least one of each
    with pytest.raises(AlgridError, match="share is"):
        query_influence(table, "strategy", share=0.0)


@pytest.mark.parametrize(
    ("by", "counts", "said"), [("value", 1, "no axis"), ("strategy", 0, "at is"), ("strategy", [], "at is")]
)
def test_mistakes(by, counts, said):
    with pytest.raises(AlgridError, match=said):
        query_influence(make_runs([run([0, 1])]), by, counts)
    with pytest.raises(AlgridError, match="no column 'queried'"):
        query_influence(make_runs([run([0])]).select([c for c in QUERY_COLUMNS if c != "queried"]), "strategy")
