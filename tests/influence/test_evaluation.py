"""Agreement of evaluations, test against pool, and what was queried: by hand and by brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import make_runs
from scipy.stats import kendalltau
from sklearn.metrics.pairwise import cosine_distances

from algrid.curves import curves, scores
from algrid.errors import AlgridError
from algrid.history import Confusion, History, Point
from algrid.influence.evaluation import agreement, mismatch
from algrid.influence.queried_rows import class_balance, query_distances
from algrid.leaderboard import leaderboard
from algrid.pool import Pool


def table(values, *, higher_is_better=True):
    """Scores of {dataset: {strategy: value}}."""
    frame = pd.DataFrame(
        [
            {"run_id": f"{d}-{s}", "dataset": d, "split": 0, "strategy": s, "value": v}
            for d, cells in values.items()
            for s, v in cells.items()
        ]
    )
    frame.attrs["higher_is_better"] = higher_is_better
    return frame


ONE = {"iris": {"a": 3.0, "b": 2.0, "c": 1.0}, "wine": {"a": 3.0, "b": 2.0, "c": 1.0}}


def taus(*values, **options):
    evaluations = {(f"m{i}", "final"): frame for i, frame in enumerate(values)}
    return agreement(evaluations, **options)["tau"].tolist()


def test_tau_by_hand():
    swapped = {d: {"a": 3.0, "b": 1.0, "c": 2.0} for d in ONE}
    tied = {d: {"a": 2.0, "b": 2.0, "c": 1.0} for d in ONE}
    found = taus(table(ONE), table(ONE, higher_is_better=False), table(swapped), table(tied))
    # pairs ab ac bc: with the swap 1 1 -1; with the tie 0 1 1 and sqrt(3 * 2)
    expected = [-1.0, 1 / 3, 2 / 6**0.5, -1 / 3, -2 / 6**0.5, 0.0]
    assert found == pytest.approx(expected)
    flat = {d: dict.fromkeys("abc", 1.0) for d in ONE}
    assert np.isnan(taus(table(ONE), table(flat))[0])


def test_only_what_all_evaluations_have():
    gap = {"iris": {"a": 1.0, "b": 2.0, "c": np.nan}, "wine": ONE["wine"]}
    found = agreement({("x", "aubc"): table(ONE), ("y", "final"): table(gap)})
    assert found["tau"].tolist() == [1.0]
    assert (found.attrs["n_settings"], found.attrs["n_settings_all"]) == (1, 2)
    assert found.iloc[0][["metric_a", "aggregate_a", "metric_b", "aggregate_b"]].tolist() == ["x", "aubc", "y", "final"]
    assert "No intervals: 1 dataset is too few" in found.attrs["note"]
    fewer = table({"wine": ONE["wine"]})
    assert agreement({("x", "aubc"): table(ONE), ("y", "final"): fewer}).attrs["n_settings_all"] == 1


def test_evaluations_without_a_value_are_left_out_and_named():
    nothing = table(ONE).assign(value=np.nan)
    nothing.attrs["higher_is_better"] = True
    found = agreement({("x", "aubc"): table(ONE), ("x", "ramp_up"): nothing, ("x", "final"): table(ONE)})
    assert found[["aggregate_a", "aggregate_b", "tau"]].to_numpy().tolist() == [["aubc", "final", 1.0]]
    assert found.attrs["note"].startswith("Left out, without a value: ramp_up of x.")


def test_goals_that_are_never_reached_are_last():
    labels = {d: {"a": 5.0, "b": 9.0, "c": np.inf} for d in ONE}
    assert taus(table(ONE), table(labels, higher_is_better=False)) == [1.0]


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=15)
def test_tau_is_scipys_between_leaderboards(seed):
    rng = np.random.default_rng(seed)
    one, two = (table({f"d{d}": {s: float(rng.integers(4)) for s in "abcde"} for d in range(7)}) for _ in range(2))
    found = agreement({("x", "f"): one, ("y", "f"): two}, resamples=30).iloc[0]
    ranks = [leaderboard(frame, resamples=0).sort_values("strategy")["rank"] for frame in (one, two)]
    assert found["tau"] == pytest.approx(kendalltau(*ranks).statistic, nan_ok=True)
    assert -1.0 <= found["tau_low"] <= found["tau_high"] <= 1.0


def test_forced_ties_of_evaluations():
    frame = table(ONE).assign(pool_empty=[True, True, False, False, False, False])
    assert agreement({("x", "f"): frame, ("y", "f"): frame}).attrs["forced_ties"] == pytest.approx(1 / 6)


def test_mistakes_are_told():
    with pytest.raises(AlgridError, match="two evaluations or more"):
        agreement({("x", "f"): table(ONE)})
    twice = pd.concat([table(ONE), table(ONE)])
    with pytest.raises(AlgridError, match="x f have several rows of a run"):
        agreement({("x", "f"): twice, ("y", "f"): table(ONE)})


def test_test_against_pool():
    runs = make_runs(
        [
            {
                "accuracy": [0.5, 0.8],
                "confusion_on_pool": [[[2, 2], [2, 2]], [[0, 4], [4, 0]]],
            }
        ]
    )
    found = mismatch(curves(runs, "accuracy"), curves(runs, "accuracy", "pool"))
    assert found["test"].tolist() == [0.5, 0.8]
    assert found["pool"].tolist() == [0.5, 0.0]
    assert found["ratio"].tolist() == pytest.approx([1.0, np.nan], nan_ok=True)
    assert found["value"].tolist() == [0.0, 0.8]
    parts = [scores(runs, metric="accuracy", aggregate="final", budgets=[0, 5], part=p) for p in ("test", "pool")]
    assert mismatch(*parts)["value"].tolist() == [0.0, 0.8]
    with pytest.raises(AlgridError, match="pass the table with part='test'"):
        mismatch(*parts[::-1])
    with pytest.raises(AlgridError, match="different metrics: 'accuracy', 'f1_macro'"):
        mismatch(parts[0], scores(runs, metric="f1_macro", aggregate="final", part="pool"))


def pool_of(X, y, start):
    n = len(y)
    index = np.arange(n)
    return Pool(
        X=X,
        X_test=X[:1],
        y=np.asarray(y),
        y_test=np.asarray(y[:1]),
        labels=1 - np.asarray(y),  # an oracle that lies: nothing may depend on it
        rows=index.copy(),
        start=np.asarray(start),
        ties=index.copy(),
        random_order=index.copy(),
        n_classes=2,
    )


def history_of(*batches):
    nothing = Confusion(np.empty(0, np.int32), None)
    zero = (0.0, 0.0)
    return History(
        [
            Point(np.asarray(batch, dtype=np.intp), 0, nothing, nothing, {}, zero, zero, zero, False)
            for batch in ([], *batches)
        ]
    )


def test_balance_by_hand():
    pool = pool_of(np.eye(8), [0, 0, 0, 0, 0, 0, 1, 1], [0])
    found = class_balance(pool, history_of([6, 7], [1, 2]))
    # the pool has .75 and .25; queried: all of class 1, then half
    assert found["l1"].tolist() == pytest.approx([np.nan, 1.5, 0.5], nan_ok=True)
    assert found["maximum"].tolist() == pytest.approx([np.nan, 0.75, 0.25], nan_ok=True)
    assert found["n_bought"].tolist() == [0, 2, 4]


def test_distances_by_hand():
    X = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    found = query_distances(pool_of(X, [0, 1, 0, 1, 0], [0]), history_of([1, 2], [4], [3]))
    half = 1 - 0.5**0.5
    assert found["within"].tolist() == pytest.approx([np.nan, 1.0, np.nan, np.nan], nan_ok=True)
    # rows 1 and 2 to row 0: 1 and 0; the row of zeros: 1; row 3 to rows 0, 1, 2 and the zeros
    assert found["to_labeled"].tolist() == pytest.approx([np.nan, 0.5, 1.0, (3 * half + 1) / 4], nan_ok=True)
    # rows 1 and 2 to rows 3 and 4; row 4 to row 3; nothing is left
    assert found["to_unlabeled"].tolist() == pytest.approx([np.nan, (half + 1) / 2, 1.0, np.nan], nan_ok=True)
    assert found["n_bought"].tolist() == [0, 2, 3, 4]


@given(seed=st.integers(0, 2**32), sparse=st.booleans())
@settings(deadline=None, max_examples=15)
def test_distances_are_those_of_all_pairs(seed, sparse):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(20, 4)) * (rng.random((20, 4)) < 0.7)
    order = rng.permutation(20)
    batches = order[3:8], order[8:9], order[9:15]
    pool = pool_of(sp.csr_matrix(X) if sparse else X, rng.integers(2, size=20), np.sort(order[:3]))
    found = query_distances(pool, history_of(*batches))
    distance = cosine_distances(X)
    labeled = order[:3]
    for i, batch in enumerate(batches, start=1):
        rest = np.setdiff1d(order, [*labeled, *batch])
        pairs = distance[np.ix_(batch, batch)][~np.eye(len(batch), dtype=bool)]
        # a zero row has distance 0 to itself only; sklearn says 1 to all others, as here
        assert found["within"][i] == pytest.approx(pairs.mean() if len(pairs) else np.nan, nan_ok=True)
        assert found["to_labeled"][i] == pytest.approx(distance[np.ix_(batch, labeled)].mean())
        assert found["to_unlabeled"][i] == pytest.approx(distance[np.ix_(batch, rest)].mean())
        labeled = np.append(labeled, batch)
