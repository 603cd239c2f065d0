"""What is too large for a strategy, and who may see true labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import algrid as ag
from algrid.cell import Cell, Variant
from algrid.datasets import DATASETS
from algrid.grid import GridSpec
from algrid.learners import LEARNERS
from algrid.loop import run_cell
from algrid.oracles import ORACLES
from algrid.planner import make_plan
from algrid.pool import make_pool
from algrid.preprocessing import PREPROCESSINGS
from algrid.splits import SPLITS
from algrid.start_sets import START_SETS
from algrid.strategies import STRATEGIES, QueryState, Strategy
from algrid.strategies.margin import Margin

#: The strategies that are told the true labels: no others may be.
ORACLE_STRATEGIES = {"greedy_oracle", "beam_search_oracle"}


@dataclass(frozen=True)
class Honest(Strategy):
    """Keeps the states that it sees."""

    name: ClassVar[str] = "honest"
    seen: ClassVar[list[QueryState]] = []

    def query(self, state: QueryState) -> Any:
        self.seen.append(state)
        return state.unlabeled[: state.batch_size]


@dataclass(frozen=True)
class Knowing(Honest):
    """The same, as a declared oracle."""

    name: ClassVar[str] = "knowing"
    needs: ClassVar[frozenset[str]] = frozenset({"true_labels"})


def test_true_labels_are_given_to_declared_oracles_alone() -> None:
    plugin = DATASETS.build("iris")
    data = plugin.load()
    cell = Cell(
        root_seed=7,
        dataset=plugin,
        dataset_hash=data.content_hash,
        split=SPLITS.build("stratified"),
        split_index=0,
        start_set=START_SETS.build("one_per_class"),
        start_index=0,
        preprocessing=PREPROCESSINGS.build("standard"),
        learner=LEARNERS.build("gaussian_nb"),
        oracle=ORACLES.build("noisy", {"flip": 0.3}),
        seed=0,
    )
    pool = make_pool(cell, data)
    Honest.seen.clear()
    histories = run_cell(cell, pool, [Variant(Honest(), None, 5), Variant(Knowing(), None, 5)], [10, 10])
    assert [h.error for h in histories] == [None, None]
    told = [state.true_labels for state in Honest.seen]
    assert sum(labels is None for labels in told) == sum(labels is not None for labels in told) == 2
    for labels in told:
        if labels is not None:
            np.testing.assert_array_equal(labels, pool.y)  # clean, whatever the oracle answers
            assert not labels.flags.writeable
    assert (pool.y != pool.labels).any()


def test_only_the_oracles_declare_that_they_need_them() -> None:
    for cls in STRATEGIES.classes():
        assert ("true_labels" in cls.needs) == (cls.name in ORACLE_STRATEGIES), cls.name


def test_a_pool_too_large_is_a_skip_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Margin, "max_pool", 90)
    grid = {"name": "limits", "datasets": ["iris", "wine"], "strategies": ["random", "margin"], "budgets": [10]}
    plan = make_plan(GridSpec.from_dict(grid))  # pools of 90 and of 107 rows
    assert plan.skips() == {"margin is made for pools of at most 90 rows": 1}
    X, y = np.random.default_rng(0).normal(size=(160, 2)), np.arange(160) % 2
    with pytest.raises(ag.AlgridError, match="at most 90 rows"):
        ag.simulate(X, y, "margin")
    assert len(ag.simulate(X[:150], y[:150], "margin", budget=5)) == 2


def test_without_a_known_size_there_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Margin, "max_pool", 90)
    learner = LEARNERS.build("gaussian_nb")
    assert STRATEGIES.build("margin").unsupported(learner, 2, False) is None
    assert STRATEGIES.build("margin").unsupported(learner, 2, False, 90) is None
    assert "at most 90 rows" in (STRATEGIES.build("margin").unsupported(learner, 2, False, 91) or "")
