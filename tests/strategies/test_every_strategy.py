"""Conformance: what every strategy promises, in every implementation."""

from __future__ import annotations

import inspect
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
import scipy.sparse as sp
from strategy_states import decision_tree, linear_svc, make_state

from algrid.strategies import STRATEGIES, QueryState, Strategy

# scikit-learn's classifiers say so in the cases with one row a class
pytestmark = pytest.mark.filterwarnings("ignore:The number of unique classes:UserWarning")

CASES: dict[str, Callable[..., QueryState]] = {}


def case(function: Callable[..., QueryState]) -> Callable[..., QueryState]:
    CASES[function.__name__] = function
    return function


def blobs(n: int, n_classes: int, seed: int = 0, n_features: int = 3) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    centers = rng.uniform(-2, 2, size=(n_classes, n_features))
    return rng.normal(size=(n, n_features)) + centers[y], y


@case
def two_classes(**keywords: Any) -> QueryState:
    X, y = blobs(40, 2)
    return make_state(X, np.arange(8), y[:8], batch_size=5, **keywords)


@case
def three_classes(**keywords: Any) -> QueryState:
    X, y = blobs(60, 3)
    return make_state(X, np.arange(9), y[:9], batch_size=7, **keywords)


@case
def thirty_classes(**keywords: Any) -> QueryState:
    X, y = blobs(90, 30)
    return make_state(X, np.arange(30), y[:30], batch_size=10, **keywords)


@case
def batch_is_the_pool(**keywords: Any) -> QueryState:
    X, y = blobs(30, 2)
    return make_state(X, np.arange(10), y[:10], batch_size=20, **keywords)


@case
def one_candidate(**keywords: Any) -> QueryState:
    X, y = blobs(12, 2)
    labeled = np.setdiff1d(np.arange(12), [7])
    return make_state(X, labeled, y[labeled], batch_size=1, **keywords)


@case
def two_candidates(**keywords: Any) -> QueryState:
    X, y = blobs(12, 3)
    labeled = np.setdiff1d(np.arange(12), [3, 7])
    return make_state(X, labeled, y[labeled], batch_size=1, **keywords)


@case
def duplicate_rows(**keywords: Any) -> QueryState:
    X, y = blobs(4, 2)
    return make_state(np.repeat(X, 8, axis=0), [0, 8, 16], np.repeat(y, 8)[[0, 8, 16]], batch_size=12, **keywords)


@case
def constant_features(**keywords: Any) -> QueryState:
    return make_state(np.full((20, 2), 0.3), [3, 5, 6], [0, 1, 0], batch_size=6, **keywords)


@case
def unseen_class(**keywords: Any) -> QueryState:
    X, y = blobs(30, 3)
    labeled = np.flatnonzero(y < 2)[:6]
    return make_state(X, labeled, y[labeled], n_classes=3, batch_size=4, **keywords)


@case
def one_class_seen(**keywords: Any) -> QueryState:
    X, y = blobs(30, 3)
    labeled = np.flatnonzero(y == 1)[:4]
    return make_state(X, labeled, y[labeled], n_classes=3, batch_size=4, **keywords)


@case
def one_label(**keywords: Any) -> QueryState:
    X, y = blobs(30, 2)
    return make_state(X, [4], y[[4]], n_classes=2, batch_size=3, **keywords)


@case
def one_feature(**keywords: Any) -> QueryState:
    X, y = blobs(30, 2, n_features=2)
    return make_state(X[:, :1], np.arange(6), y[:6], batch_size=4, **keywords)


#: Parameters that make strategies that fit many models quick enough for this suite.
QUICK: dict[str, dict[str, Any]] = {
    "beam_search_oracle": {"width": 2, "batches": 2},
    "expected_average_precision@skactiveml": {"candidates": 12},
    "expected_error_reduction": {"candidates": 3},
    "expected_error_reduction@alipy_compatible": {"candidates": 3},
    "expected_error_reduction@modal": {"candidates": 3},
    "expected_error_reduction@skactiveml": {"candidates": 3},
    "greedy_oracle": {"batches": 3},
    "value_of_information@skactiveml": {"candidates": 3},
}


def instances() -> list[Strategy]:
    """Every strategy at its defaults (but for `QUICK`), and with every value of its choices."""
    made = []
    for cls in STRATEGIES.classes():
        quick = QUICK.get(cls.name, {})
        made.append(STRATEGIES.build(cls.name, quick))
        for name, hint in STRATEGIES.hints(cls.name).items():
            if get_origin(hint) is Literal:
                made += [STRATEGIES.build(cls.name, {**quick, name: value}) for value in get_args(hint)[1:]]
    return made


every_strategy = pytest.mark.parametrize("strategy", instances(), ids=lambda strategy: strategy.label)
every_case = pytest.mark.parametrize("build", CASES.values(), ids=CASES)


def check(strategy: Strategy, state: QueryState) -> None:
    batch = strategy.query(state)
    assert isinstance(batch, np.ndarray)
    assert batch.dtype == np.intp
    assert batch.shape == (state.batch_size,)
    assert len(np.unique(batch)) == state.batch_size
    assert np.isin(batch, state.unlabeled).all()


def skip_if_unsupported(strategy: Strategy, state: QueryState) -> None:
    reason = strategy.unsupported(state.learner, state.n_classes, sp.issparse(state.X))
    if reason:
        pytest.skip(reason)


@every_case
@every_strategy
def test_batch_is_right(strategy: Strategy, build: Callable[..., QueryState]) -> None:
    state = build(strategy=strategy)
    skip_if_unsupported(strategy, state)
    check(strategy, state)


@every_strategy
def test_sparse_features(strategy: Strategy) -> None:
    X, y = blobs(40, 2)
    X[X < 0.5] = 0.0
    state = make_state(sp.csr_matrix(X), np.arange(8), y[:8], batch_size=5, strategy=strategy)
    skip_if_unsupported(strategy, state)
    check(strategy, state)


@every_strategy
def test_some_rows_are_neither_labelled_nor_candidates(strategy: Strategy) -> None:
    """Candidates may be a subset of what is not labelled (a subsampling combinator)."""
    X, y = blobs(40, 2)
    state = make_state(
        X,
        np.arange(8),
        y[:8],
        batch_size=4,
        unlabeled=[9, 13, 20, 22, 31, 39],
        strategy=strategy,
    )
    check(strategy, state)


def usual(strategy: Strategy) -> QueryState:
    """Three classes, or two where there must be no more."""
    return (two_classes if "binary" in strategy.needs else three_classes)(strategy=strategy)


def test_same_answer_in_any_order() -> None:
    """A fresh state, the same state again, and after every other strategy ran on it."""
    states = {s.label: usual(s) for s in instances()}
    first = {s.label: s.query(states[s.label]) for s in instances()}
    # one cell's shared values, whoever asked for them first
    shared: dict[Any, Any] = {}
    for strategy in reversed(instances()):
        np.testing.assert_array_equal(strategy.query(states[strategy.label]), first[strategy.label])
        fresh = usual(strategy)
        object.__setattr__(fresh, "_shared", shared)
        np.testing.assert_array_equal(strategy.query(fresh), first[strategy.label])


def all_batches() -> dict[str, list[int]]:
    """Of every strategy, on a pool that is large enough for libraries to use several threads."""
    builds = []
    for n_classes in (2, 3):
        X, y = blobs(520, n_classes)
        builds.append(partial(make_state, X, np.arange(30), y[:30], batch_size=10))
    return {s.label: s.query(builds["binary" not in s.needs](strategy=s)).tolist() for s in instances()}


def test_same_answer_in_another_process_on_more_threads() -> None:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "3")
    threads["OMP_WAIT_POLICY"] = "passive"  # a thread that spins would keep others off a busy core
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    code = "import json, test_every_strategy as t; print(json.dumps(t.all_batches()))"
    other = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **threads, "PYTHONHASHSEED": "7", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(other.stdout) == all_batches()


@every_strategy
def test_global_generators_are_untouched(strategy: Strategy) -> None:
    answers = []
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        before, python_before = np.random.get_state(), random.getstate()  # noqa: NPY002
        answers.append(strategy.query(usual(strategy)))
        after = np.random.get_state()  # noqa: NPY002
        np.testing.assert_array_equal(before[1], after[1])
        assert before[2:] == after[2:]
        assert random.getstate() == python_before
    np.testing.assert_array_equal(answers[0], answers[1])


@every_strategy
def test_state_is_unchanged(strategy: Strategy) -> None:
    state = usual(strategy)
    untouched = usual(strategy)
    strategy.query(state)
    for name in ("X", "labeled", "y_labeled", "unlabeled", "ties", "random_order"):
        np.testing.assert_array_equal(getattr(state, name), getattr(untouched, name))
    np.testing.assert_array_equal(state.model.predict_proba(), untouched.model.predict_proba())


@every_strategy
def test_answer_is_a_copy(strategy: Strategy) -> None:
    """Whoever keeps the batch must not keep, or change, the state."""
    state = batch_is_the_pool(strategy=strategy)
    assert not np.shares_memory(strategy.query(state), state.unlabeled)


@every_strategy
def test_unsupported_is_declared(strategy: Strategy) -> None:
    """With a learner that lacks what it needs there is a reason; without a reason it runs."""
    X, y = blobs(30, 3)
    for learner in (linear_svc(), decision_tree()):
        reason = strategy.unsupported(learner, 3, sparse=False)
        if reason is None:
            check(strategy, make_state(X, np.arange(9), y[:9], batch_size=4, learner=learner, strategy=strategy))
        else:
            assert strategy.name in reason


@pytest.mark.parametrize("cls", STRATEGIES.classes(), ids=lambda cls: cls.name)
def test_docstring_says_it_all(cls: type[Strategy]) -> None:
    text = inspect.getdoc(cls) or ""
    for part in ("Formula:", "Complexity:", "Source:", "Needs:"):
        assert part in text
    assert "time" in text
    assert "memory" in text
    assert cls.source
    if cls.implementation() != "own":
        # of a family that is none of ours the paper is what it deviates from
        original = f"`{cls.family()}`" if cls.family() in STRATEGIES.names() else "the paper"
        assert f"Deviation from {original}:" in text
