"""One learning curve in one line: a run on data at hand, in this process, with nothing stored."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from algrid.cell import Cell, Variant
from algrid.curves import curves
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.errors import AlgridError, GridError
from algrid.grid_values import Budget
from algrid.learners import LEARNERS, Learner
from algrid.loop import run_cell
from algrid.metrics import METRICS, ProbabilityMetric
from algrid.oracles import ORACLES
from algrid.pool import make_pool
from algrid.preprocessing import PREPROCESSINGS, Preprocessing
from algrid.rows import pool_facts, run_rows, to_table
from algrid.schema import RUNS
from algrid.splits import SPLITS
from algrid.start_sets import START_SETS
from algrid.strategies import STRATEGIES, Strategy
from algrid.threads import one_thread

__all__ = ["simulate"]


@dataclass(frozen=True)
class _Given(DatasetPlugin):
    """Data that the caller holds."""

    title: str
    data: Dataset = field(compare=False, repr=False)

    def load(self) -> Dataset:
        return self.data

    @property
    def dataset_name(self) -> str:
        return self.title


def simulate(
    X: Any,
    y: Any,
    strategy: str | Strategy | Mapping[str, Mapping[str, Any]] = "margin",
    learner: Any = "logistic_regression",
    *,
    batch_size: int = 5,
    budget: int | None = 50,
    metrics: str | Sequence[str] = ("accuracy", "f1_macro"),
    test_size: float = 0.4,
    preprocessing: str | Preprocessing | Mapping[str, Mapping[str, Any]] = "standard",
    seed: int = 0,
) -> pd.DataFrame:
    """Simulate one active-learning run: split, start with one row of each class, query, refit, score.

    Parameters
    ----------
    X : (n_rows, n_columns) array, DataFrame or sparse matrix
        Features; prepared as in a grid (fitted on the pool only). A sequence of texts needs a representation for
        `preprocessing`, such as ``"tfidf"``.
    y : (n_rows,) array
        Labels of any kind.
    strategy : str, mapping or Strategy
        A name (`algrid strategies` lists them), ``{name: parameters}``, or an instance.
    learner : str, mapping, Learner or scikit-learn classifier
        A name, ``{name: parameters}``, an instance, or a classifier (refitted with its parameters, seeded).
    batch_size : int
        Labels asked for in a cycle.
    budget : int or None
        Labels to buy after the start set; None for the whole pool.
    metrics : str or sequence of str
        Names of metrics.
    test_size : float
        Share of the rows that is scored on.
    preprocessing : str, mapping or Preprocessing
        A name, ``{name: parameters}``, or an instance.
    seed : int
        Root of all randomness.

    Returns
    -------
    DataFrame
        One row a point: ``cycle``, ``n_labeled`` (start set included), ``n_bought`` (not included), a column for
        each metric on the test part, and ``queried``: the rows of `X` that were asked for to get there.

    Raises
    ------
    AlgridError
        For unknown names, wrong parameters, data that can't be used, or a run that fails.
    """
    dataset = _dataset(X, y)
    if batch_size < 1 or (budget is not None and budget < 1):
        raise GridError(f"batch_size is {batch_size} and budget is {budget}; both must be at least 1.")
    cell = Cell(
        root_seed=seed,
        dataset=_Given(dataset.name, dataset),
        dataset_hash=dataset.content_hash,
        split=SPLITS.build("stratified", {"test_size": test_size}),
        split_index=0,
        start_set=START_SETS.build("one_per_class"),
        start_index=0,
        preprocessing=_plugin(PREPROCESSINGS, preprocessing),
        learner=_learner(learner),
        oracle=ORACLES.build("perfect"),
        seed=0,
    )
    variant = Variant(_plugin(STRATEGIES, strategy), None, batch_size)
    reasons = (
        cell.split.unsupported(dataset),
        cell.preprocessing.unsupported(dataset),
        cell.learner.unsupported(cell.preprocessing, dataset),
    )
    if (reason := next(filter(None, reasons), None)) is not None:
        raise AlgridError(f"{reason}.")
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    recorded = [m for name in names if isinstance(m := METRICS.build(name), ProbabilityMetric)]
    with one_thread("sklearn"):
        pool = make_pool(cell, dataset)
        sparse = not isinstance(pool.X, np.ndarray)
        if (reason := variant.strategy.unsupported(cell.learner, pool.n_classes, sparse, pool.n_pool)) is not None:
            raise AlgridError(f"{reason}.")
        target = Budget(labels=budget).bought(batch_size, pool.n_pool - len(pool.start))
        (history,) = run_cell(cell, pool, [variant], [target], metrics=recorded)
    if history.error is not None:
        raise AlgridError(history.error)
    stamp = {"limit_seconds": None, "limit_memory": None, "provenance": None}
    table = to_table(run_rows(cell, [variant], [history], pool_facts(pool), stamp), RUNS)
    frame = curves(table, names[0])[["cycle", "n_labeled", "n_bought"]].copy()
    for name in names:
        frame[name] = curves(table, name)["value"]
    frame["queried"] = pd.Series([pool.rows[point.batch] for point in history.points], dtype=object)
    return frame


def _dataset(X: Any, y: Any) -> Dataset:
    if isinstance(y, str):
        return Dataset.from_frame(X, target=y)
    rows = X.tolist() if isinstance(X, np.ndarray | pd.Series) else X
    if isinstance(rows, list | tuple) and len(rows) and any(isinstance(row, str) for row in rows):
        return Dataset.from_texts(rows, y)
    return Dataset.from_arrays(X, y)


def _plugin(registry: Any, given: Any) -> Any:
    if isinstance(given, registry.base):
        return given
    if isinstance(given, Mapping) and len(given) == 1:
        ((name, parameters),) = given.items()
        return registry.build(name, parameters)
    if isinstance(given, str):
        return registry.build(given)
    raise GridError(
        f"{given!r} is no {registry.kind}: give a name, {{name: parameters}} or an instance. "
        f"Known: {', '.join(registry.names())}."
    )


def _learner(given: Any) -> Learner:
    if not (hasattr(given, "fit") and hasattr(given, "get_params")) or inspect.isclass(given):
        learner: Learner = _plugin(LEARNERS, given)
        return learner
    defaults = type(given)().get_params(deep=False)
    changed = {k: v for k, v in given.get_params(deep=False).items() if repr(v) != repr(defaults[k])}
    return LEARNERS.build(f"{type(given).__module__}:{type(given).__qualname__}", changed)
