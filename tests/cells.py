"""Cells, pools and variants for tests: small, real, and quick."""

from __future__ import annotations

from functools import cache
from typing import Any

from algrid.cell import Cell, Variant
from algrid.datasets import DATASETS
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.history import History
from algrid.learners import LEARNERS
from algrid.loop import run_cell
from algrid.oracles import ORACLES
from algrid.pool import Pool, make_pool
from algrid.preprocessing import PREPROCESSINGS
from algrid.rows import pool_facts, run_rows, to_table
from algrid.schema import RUNS, TIMING_COLUMNS
from algrid.splits import SPLITS
from algrid.start_sets import START_SETS
from algrid.strategies import STRATEGIES

NAIVE_BAYES = "sklearn.naive_bayes:GaussianNB"
FOREST = "sklearn.ensemble:RandomForestClassifier"
TREE = "sklearn.tree:DecisionTreeClassifier"


@cache
def load(plugin: DatasetPlugin) -> Dataset:
    return plugin.load()


def make_cell(
    dataset: Any = "iris", learner: Any = NAIVE_BAYES, learner_parameters: Any = None, **changes: Any
) -> Cell:
    plugin = DATASETS.build(dataset) if isinstance(dataset, str) else dataset
    fields: dict[str, Any] = {
        "root_seed": 7,
        "dataset": plugin,
        "dataset_hash": load(plugin).content_hash,
        "split": SPLITS.build("stratified"),
        "split_index": 0,
        "start_set": START_SETS.build("one_per_class"),
        "start_index": 0,
        "preprocessing": PREPROCESSINGS.build("standard"),
        "learner": LEARNERS.build(learner, learner_parameters),
        "oracle": ORACLES.build("perfect"),
        "seed": 0,
    }
    return Cell(**{**fields, **changes})


def pool_of(cell: Cell) -> Pool:
    return make_pool(cell, load(cell.dataset))


def variant(strategy: str, batch_size: int = 5, query_learner: str | None = None, **parameters: Any) -> Variant:
    return Variant(
        STRATEGIES.build(strategy, parameters), LEARNERS.build(query_learner) if query_learner else None, batch_size
    )


def run_alone(cell: Cell, one: Variant, target: int, **options: Any) -> History:
    (history,) = run_cell(cell, pool_of(cell), [one], [target], **options)
    return history


def stored_rows(cell: Cell, variants: list[Variant], histories: list[History]) -> list[dict[str, Any]]:
    """What would be stored of runs, without the timings."""
    stamp = {"limit_seconds": None, "limit_memory": None, "provenance": "here"}
    table = to_table(run_rows(cell, variants, histories, pool_facts(pool_of(cell)), stamp), RUNS)
    rows: list[dict[str, Any]] = table.drop([c for c in TIMING_COLUMNS if c in table.column_names]).to_pylist()
    return rows
