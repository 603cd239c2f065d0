"""The loop: what it keeps, what it shares, what it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from cells import FOREST, NAIVE_BAYES, TREE, load, make_cell, pool_of, run_alone, stored_rows, variant
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, log_loss

from algrid.cell import Variant
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.history import History
from algrid.learners.base import Learner
from algrid.loop import run_cell, skyline
from algrid.metrics import METRICS
from algrid.oracles import ORACLES
from algrid.pool import make_pool
from algrid.replay import replay
from algrid.start_sets import START_SETS
from algrid.strategies.base import QueryState, Strategy

EVERY = ["random", "margin", "qbc", "kcenter_greedy", "margin@modal"]


@dataclass(frozen=True)
class Given(DatasetPlugin):
    """Data of a test."""

    title: str
    data: Dataset = field(compare=False)

    def load(self) -> Dataset:
        return self.data

    @property
    def dataset_name(self) -> str:
        return self.title


def given_data(X: Any, y: Any, title: str) -> Given:
    return Given(title, Dataset.from_arrays(np.asarray(X, float), y, name=title))


@dataclass(frozen=True)
class Bad(Strategy):
    """A strategy that answers what it is told to."""

    name: ClassVar[str] = "bad"
    how: str

    def query(self, state: QueryState) -> Any:
        first = state.unlabeled[: state.batch_size]
        answers: dict[str, Any] = {
            "none": None,
            "list": first.tolist(),
            "float": first.astype(float),
            "two-dimensional": first[:, None],
            "too few": first[:-1],
            "too many": np.append(first, state.unlabeled[-1]),
            "twice": np.repeat(first[:1], len(first)),
            "labelled": np.append(first[:-1], state.labeled[0]),
            "outside": np.append(first[:-1], state.X.shape[0]),
            "negative": np.append(first[:-1], -1),
        }
        if self.how == "raise":
            raise ZeroDivisionError("no candidates in the sky")
        return answers[self.how]


def test_points_say_what_was_labelled_and_how_the_learner_did() -> None:
    cell = make_cell(learner=TREE)
    pool = pool_of(cell)
    history = run_alone(cell, variant("margin", 4), 10)
    assert history.stop_reason == "budget"
    assert [p.n_labeled for p in history.points] == [3, 7, 11, 15]
    assert [len(p.batch) for p in history.points] == [0, 4, 4, 4]
    labeled = pool.start
    for point in history.points:
        labeled = np.sort(np.concatenate([labeled, point.batch]))
        model = cell.learner.build(cell.streams.learner_seed()).fit(pool.X[labeled], pool.y[labeled])
        expected = confusion_matrix(pool.y_test, model.predict(pool.X_test), labels=range(3))
        assert (point.test.counts.reshape(3, 3) == expected).all()
        assert point.pool.counts.sum() == pool.n_pool


def test_batches_are_not_cut_to_the_budget_but_by_the_pool() -> None:
    cell = make_cell()
    n_pool = pool_of(cell).n_pool
    history = run_alone(cell, variant("random", 7), 10_000)
    assert history.stop_reason == "pool_empty"
    assert history.points[-1].n_labeled == n_pool
    assert len(history.points[-1].batch) == (n_pool - 3) % 7 or 7
    assert run_alone(cell, variant("random", 7), 8).points[-1].n_labeled == 3 + 14


def test_a_batch_larger_than_the_pool_takes_all_of_it() -> None:
    cell = make_cell()
    history = run_alone(cell, variant("margin", 10_000), 50)
    assert history.stop_reason == "pool_empty"
    assert len(history.points) == 2


def test_a_start_set_that_is_the_whole_pool_leaves_nothing_to_query() -> None:
    cell = make_cell(start_set=START_SETS.build("random", {"size": 90}))
    history = run_alone(cell, variant("margin", 5), 50)
    assert (history.stop_reason, len(history.points)) == ("pool_empty", 1)


@pytest.mark.parametrize("learner", [NAIVE_BAYES, FOREST])
def test_runs_of_a_cell_are_exactly_those_of_a_lone_run(learner: str) -> None:
    cell = make_cell("wine", learner, {"n_estimators": 5} if learner == FOREST else None)
    variants = [variant(s, b) for s in EVERY for b in (1, 4, 10)] + [variant("entropy", 4, query_learner=TREE)]
    together = run_cell(cell, pool_of(cell), variants, [20] * len(variants))
    alone = [run_alone(cell, v, 20) for v in variants]
    assert stored_rows(cell, variants, together) == stored_rows(cell, variants, alone)
    assert any(p.fit_shared for h in together for p in h.points[1:])
    assert not any(p.fit_shared for h in alone for p in h.points)


def test_equal_labelled_sets_are_fitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fits: list[int] = []
    original = Learner.fit

    def counted(self: Learner, X: Any, y: Any, n_classes: int, seed: int) -> Any:
        fits.append(len(y))
        return original(self, X, y, n_classes, seed)

    monkeypatch.setattr(Learner, "fit", counted)
    cell = make_cell()
    run_cell(cell, pool_of(cell), [variant("random", b) for b in (1, 2, 6)], [12] * 3)
    # batches of `random` are nested: one fit for each number of labels that anybody reaches
    assert sorted(fits) == list(range(3, 16))


def test_the_seconds_of_a_shared_fit_are_charged_in_full() -> None:
    cell = make_cell()
    one, other = run_cell(cell, pool_of(cell), [variant("random", 5), variant("margin", 5)], [5, 5])
    assert one.points[0].fit == other.points[0].fit
    assert one.points[0].fit[0] > 0
    assert one.points[0].fit_shared


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(EVERY), st.integers(1, 9)), min_size=1, max_size=4, unique=True),
    st.integers(1, 25),
    st.integers(0, 20),
)
def test_a_continued_run_equals_an_uninterrupted_one(runs: list[tuple[str, int]], target: int, first: int) -> None:
    cell = make_cell()
    pool = pool_of(cell)
    variants = [variant(s, b) for s, b in runs]
    whole = run_cell(cell, pool, variants, [target] * len(runs))
    part = run_cell(cell, pool, variants, [min(first, target)] * len(runs))
    part = [history.reopened() for history in part]
    continued = run_cell(cell, pool, variants, [target] * len(runs), histories=part)
    assert stored_rows(cell, variants, continued) == stored_rows(cell, variants, whole)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("none", "returned None; a one-dimensional array of pool indices is needed"),
        ("list", "a one-dimensional array"),
        ("float", "float64 array of shape (5,)"),
        ("two-dimensional", "int64 array of shape (5, 1)"),
        ("too few", "returned 4 pool indices; it was asked for 5"),
        ("too many", "returned 6 pool indices"),
        ("twice", "the same pool index twice"),
        ("labelled", "which is labelled already"),
        ("outside", "returned the pool index 90; the pool has 90 rows"),
        ("negative", "returned the pool index -1"),
        ("raise", "ZeroDivisionError: no candidates in the sky"),
    ],
)
def test_a_strategy_that_breaks_its_contract_is_an_error_run_that_names_it(how: str, message: str) -> None:
    cell = make_cell()
    good, bad = run_cell(cell, pool_of(cell), [variant("random", 5), Variant(Bad(how), None, 5)], [10, 10])
    assert (good.stop_reason, len(good.points)) == ("budget", 3)
    assert (bad.stop_reason, len(bad.points)) == ("error", 1)
    assert bad.error is not None
    assert bad.error.startswith(f"strategy bad(how={how}) failed at 3 labels")
    assert message in bad.error
    assert bad.traceback is not None
    assert "Traceback" in bad.traceback


@dataclass(frozen=True)
class Fragile(Learner):
    """A learner that fails from so many labels on."""

    name: ClassVar[str] = "fragile"
    most: int = 8
    when: str = "fit"

    def build(self, seed: int) -> Any:
        from sklearn.naive_bayes import GaussianNB

        outer = self

        class Model(GaussianNB):  # type: ignore[misc]
            def fit(self, X: Any, y: Any) -> Any:
                if outer.when == "fit" and len(y) > outer.most:
                    raise RuntimeError("too many labels")
                self.size = len(y)
                return super().fit(X, y)

            def predict(self, X: Any) -> Any:
                if outer.when == "predict" and self.size > outer.most:
                    raise RuntimeError("too many labels")
                return super().predict(X)

        return Model()


@pytest.mark.parametrize("when", ["fit", "predict"])
def test_a_learner_that_fails_ends_its_runs_with_the_curve_up_to_there(when: str) -> None:
    cell = replace(make_cell(), learner=Fragile(when=when))
    histories = run_cell(cell, pool_of(cell), [variant("random", 2), variant("margin", 5)], [20, 20])
    assert [h.stop_reason for h in histories] == ["error", "error"]
    assert [p.n_labeled for p in histories[0].points] == [3, 5, 7]
    assert [p.n_labeled for p in histories[1].points] == [3, 8]
    assert "learner fragile" in str(histories[0].error)
    assert "too many labels" in str(histories[0].error)


def test_true_labels_are_not_in_what_a_strategy_sees() -> None:
    seen: list[QueryState] = []

    @dataclass(frozen=True)
    class Spy(Strategy):
        name: ClassVar[str] = "spy"

        def query(self, state: QueryState) -> Any:
            seen.append(state)
            with pytest.raises(ValueError, match="read-only"):
                state.X[0] = 0
            for array in (state.labeled, state.y_labeled, state.unlabeled, state.ties, state.model.predict_proba()):
                with pytest.raises(ValueError, match="read-only"):
                    array[0] = 0
            return state.unlabeled[: state.batch_size]

    cell = make_cell()
    history = run_alone(cell, Variant(Spy(), None, 5), 5)
    assert history.error is None
    assert len(seen[0].y_labeled) == len(seen[0].labeled) == 3
    arrays = [v for v in vars(seen[0]).values() if isinstance(v, np.ndarray) and v.ndim == 1]
    assert not any(len(v) == 90 and set(np.unique(v)) <= {0, 1, 2} for v in arrays)


def test_a_one_class_start_set_predicts_that_class() -> None:
    cell = make_cell(start_set=START_SETS.build("random", {"size": 1}))
    point = run_alone(cell, variant("margin", 5), 5).points[0]
    predicted = point.test.counts.reshape(3, 3).sum(axis=0)
    assert sorted(predicted) == [0, 0, 60]


@pytest.mark.parametrize("strategy", ["random", "margin", "entropy", "kcenter_greedy", "qbc", "margin@modal"])
def test_constant_features(strategy: str) -> None:
    data = given_data(np.ones((40, 3)), ["a", "b"] * 20, "constant")
    history = run_alone(make_cell(data, TREE), variant(strategy, 5), 10)
    assert history.error is None
    assert history.stop_reason == "budget"


def test_a_thousand_classes_are_stored_sparsely() -> None:
    rng = np.random.default_rng(0)
    data = given_data(rng.normal(size=(3000, 4)), np.repeat(np.arange(1000), 3).astype(str), "thousand")
    cell = make_cell(data, TREE)
    variants = [variant("margin", 50)]
    histories = run_cell(cell, pool_of(cell), variants, [100])
    point = histories[0].points[0]
    assert point.test.at is not None
    assert point.test.counts.sum() == 1200
    (row,) = stored_rows(cell, variants, histories)
    assert len(row["confusion_test"]) == len(row["confusion_test_at"]) <= 3 * 1200
    timing = {**{c: [0.0] * 3 for c in _SECONDS}, "fit_shared": [False] * 3, "peak_memory": None}
    again = History.from_row({**row, **timing})
    assert stored_rows(cell, variants, [_ended(again)]) == [row]


_SECONDS = [f"{what}_{clock}seconds" for what in ("query", "fit", "predict") for clock in ("", "cpu_")]


def _ended(history: History) -> History:
    history.stop("budget")
    return history


def test_probability_metrics_are_recorded_at_every_point() -> None:
    cell = make_cell()
    metric = METRICS.build("log_loss")
    history = run_alone(cell, variant("random", 5), 10, metrics=[metric])
    replayed = list(replay(cell, history))
    assert len(replayed) == len(history.points) == 3
    for point, again in zip(history.points, replayed, strict=True):
        expected = log_loss(again.pool.y_test, again.probabilities, labels=[0, 1, 2])
        assert point.probability["log_loss"] == pytest.approx(expected)


def test_replay_gives_the_same_learners() -> None:
    cell = make_cell("wine", FOREST, {"n_estimators": 5})
    history = run_alone(cell, variant("qbc", 4), 12)
    for point, again in zip(history.points, replay(cell, history), strict=True):
        counts = confusion_matrix(again.pool.y_test, again.predictions, labels=range(3)).ravel()
        assert (counts == point.test.counts).all()


def test_the_oracle_labels_start_set_and_queries_but_not_the_scores() -> None:
    noisy = make_cell(oracle=ORACLES.build("noisy", {"flip": 0.4}))
    pool = make_pool(noisy, load(noisy.dataset))
    assert 0.2 < np.mean(pool.labels != pool.y) < 0.6
    history = run_alone(noisy, variant("random", 30), 87)
    truth = np.bincount(pool.y_test, minlength=3)
    assert (history.points[-1].test.counts.reshape(3, 3).sum(axis=1) == truth).all()
    clean = skyline(noisy, pool).points[0]
    assert (clean.test.counts == skyline(make_cell(), pool_of(make_cell())).points[0].test.counts).all()


def test_a_run_that_exhausts_the_pool_ends_at_the_skyline() -> None:
    cell = make_cell("wine", FOREST, {"n_estimators": 5})
    history = run_alone(cell, variant("margin", 30), 10_000)
    assert (history.points[-1].test.counts == skyline(cell, pool_of(cell)).points[0].test.counts).all()


def test_random_is_nested_over_batch_sizes_and_shared_by_learners() -> None:
    one = run_alone(make_cell(), variant("random", 1), 12)
    six = run_alone(make_cell(learner=TREE), variant("random", 6), 12)
    assert (one.queried == six.queried).all()


def test_an_oracle_of_another_seed_flips_other_rows() -> None:
    labels = [pool_of(make_cell(oracle=ORACLES.build("noisy", {"flip": 0.3}), seed=s)).labels for s in (0, 0, 1)]
    assert (labels[0] == labels[1]).all()
    assert (labels[0] != labels[2]).any()
