"""Implementations of one strategy held against each other: how often they agree, why they don't, what it costs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from algrid.audit_states import CAUSES, Asked, cause, jaccard
from algrid.cell import Cell, Variant
from algrid.curves import scores
from algrid.datasets import DATASETS
from algrid.errors import AlgridError, unknown_name
from algrid.history import History
from algrid.leaderboard import MIN_DATASETS, leaderboard
from algrid.learners import LEARNERS
from algrid.loop import run_cell
from algrid.models import Model
from algrid.oracles import ORACLES
from algrid.pool import Pool, make_pool
from algrid.preprocessing import PREPROCESSINGS
from algrid.rows import pool_facts, run_rows, to_table
from algrid.schema import RUNS
from algrid.seeds import generator
from algrid.splits import SPLITS
from algrid.start_sets import START_SETS
from algrid.strategies import STRATEGIES, Strategy
from algrid.threads import one_thread

__all__ = ["audit", "families"]

#: Named as in a grid: a name, or a mapping of a name to its parameters.
Level = str | Mapping[str, Mapping[str, Any]]
_LEARNERS: tuple[Level, ...] = ("logistic_regression", {"random_forest": {"n_estimators": 10}})


def families(least: int = 2) -> list[str]:
    """The families of strategies that have at least so many implementations, sorted."""
    names = [cls.family() for cls in STRATEGIES.classes()]
    return sorted({name for name in names if names.count(name) >= least})


def audit(
    family: str,
    *,
    datasets: Sequence[Level] = ("iris", "wine", "gaussian_unbalanced", "xor_2x2"),
    learners: Sequence[Level] = _LEARNERS,
    batch_size: int = 5,
    cycles: int = 6,
    seeds: int = 2,
    max_pool: int = 150,
    candidates: int = 10,
    metric: str = "accuracy",
    resamples: int = 1000,
) -> pd.DataFrame:
    """Compare all implementations of a family, pair by pair.

    They are asked from the same states, which are those that a run of the family's own implementation (or of the
    first by name) comes through; and each has a run of its own. A state in which two batches differ has one cause,
    the first of these that holds:

    ``ties``
        The rows that only one of them chose are worth the same (to nine digits) as those that only the other chose, by
        the utilities of either, or of the implementation whose states these are; or they are duplicates of them.
    ``batch_policy``
        Asked for one row at a time, from the same model and labels, with the rows chosen so far taken out of the
        candidates, they choose the same rows (or such that are tied): they differ in how they make a batch.
    ``probability_source``
        They look at different things of the query learner, which is watched: its probabilities, its decision values,
        the model itself, or nothing (they have a model of their own).
    ``refits``
        They fit different numbers of models of their own in a query (`Strategy.fits_per_query`).
    ``seed``
        At least one depends on its stream of random numbers (it is asked again with three other streams), and the
        two have no fewer rows in common than it may have with itself.
    ``formula``
        None of these: they rank rows by different numbers.

    Parameters
    ----------
    family : str
        Name of the strategy without its implementation.
    datasets, learners : sequence of str or mapping
        Names, or ``{name: parameters}``, as in a grid.
    batch_size : int
        Labels asked for in a cycle.
    cycles : int
        Cycles of each run.
    seeds : int
        Start sets per dataset.
    max_pool : int
        Rows of the pools, at most: what is more is in the test parts.
    candidates : int
        Given to implementations that have a parameter `candidates` (those that fit models for each of them).
    metric : str
        What the runs are scored by.
    resamples : int
        Bootstrap resamples for the interval of the difference.

    Returns
    -------
    DataFrame
        A row a pair. ``a``, ``b``: the implementations (``own``, ``modal``, ...). From the same states: ``n_states``;
        ``same``, the share with the same batch; ``jaccard``, the mean share of common rows; and the shares of each
        cause, which add up to 1 with ``same``. Of their own runs: ``n_runs``; ``same_in_runs``, the share of cycles
        with the same batch; ``first_divergence``, the median of the first cycle that differs, of runs in which one
        does; ``difference``, the mean final score of b less that of a in the same setting, with the ends ``_low`` and
        ``_high`` of a 95 % bootstrap interval; ``rank_a``, ``rank_b``, their mean ranks among the implementations.
        The interval is over datasets and replicates within them, or, below six datasets, over replicates alone.
        ``attrs``: ``family``, ``reference``, ``skipped`` (implementation and reason) and the settings.

    Raises
    ------
    AlgridError
        If the family, a dataset or a learner is not known, or no implementation can run.
    """
    names = [cls.name for cls in STRATEGIES.classes() if cls.family() == family]
    if not names:
        raise AlgridError(unknown_name("strategy family", family, families(1)))
    strategies = _own_first([_build(name, candidates) for name in names])
    compared = _Compared()
    with one_thread("sklearn.metrics"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with one row, and of no convergence, as in the loop
        for cell, pool in _settings(datasets, learners, seeds, max_pool):
            compared.add(_able(strategies, cell, pool, compared.skipped), cell, pool, batch_size, cycles)
    result = compared.frame(metric, resamples)
    result.insert(0, "family", family)
    result.attrs = {
        "family": family,
        "reference": strategies[0].implementation(),
        "skipped": compared.skipped,
        "metric": metric,
        "batch_size": batch_size,
        "cycles": cycles,
    }
    return result


def _build(name: str, candidates: int) -> Strategy:
    has = any(f.name == "candidates" for f in fields(STRATEGIES.get(name)))
    return STRATEGIES.build(name, {"candidates": candidates} if has else {})


def _own_first(strategies: list[Strategy]) -> list[Strategy]:
    return sorted(strategies, key=lambda s: (s.implementation() != "own", s.name))


def _plugin(registry: Any, level: Level) -> Any:
    if isinstance(level, str):
        return registry.build(level)
    ((name, parameters),) = level.items()
    return registry.build(name, parameters)


def _settings(
    datasets: Sequence[Level], learners: Sequence[Level], seeds: int, max_pool: int
) -> Iterator[tuple[Cell, Pool]]:
    for level in datasets:
        plugin = _plugin(DATASETS, level)
        data = plugin.load()
        for learner in learners:
            for start in range(seeds):
                cell = Cell(
                    root_seed=0,
                    dataset=plugin,
                    dataset_hash=data.content_hash,
                    split=SPLITS.build("stratified", {"test_size": max(0.4, 1.0 - max_pool / len(data.y))}),
                    split_index=0,
                    start_set=START_SETS.build("one_per_class"),
                    start_index=start,
                    preprocessing=PREPROCESSINGS.build("standard"),
                    learner=_plugin(LEARNERS, learner),
                    oracle=ORACLES.build("perfect"),
                    seed=0,
                )
                yield cell, make_pool(cell, data)


def _able(strategies: list[Strategy], cell: Cell, pool: Pool, skipped: dict[str, str]) -> list[Strategy]:
    """Those that can run here; the reasons of the others are noted."""
    able = []
    for strategy in strategies:
        sparse = not isinstance(pool.X, np.ndarray)
        reason = strategy.unsupported(cell.learner, pool.n_classes, sparse, pool.n_pool)
        if reason is None:
            able.append(strategy)
        else:
            skipped[strategy.implementation()] = reason
    return able


@dataclass(frozen=True)
class _Pair:
    """Two implementations in one setting."""

    a: str
    b: str
    causes: list[str | None]
    jaccards: list[float]
    #: For each cycle of their own runs, whether both asked for the same rows.
    same: list[bool]


class _Compared:
    """What was seen so far."""

    def __init__(self) -> None:
        self.pairs: list[_Pair] = []
        self.rows: list[dict[str, Any]] = []
        self.skipped: dict[str, str] = {}

    def add(self, strategies: list[Strategy], cell: Cell, pool: Pool, batch_size: int, cycles: int) -> None:
        """Run the implementations in one setting, and ask all of them from the first one's states."""
        variants = [Variant(s, None, batch_size) for s in strategies]
        histories = run_cell(cell, pool, variants, [batch_size * cycles] * len(variants))
        kept = [i for i, history in enumerate(histories) if self._ended(strategies[i], history)]
        if not kept:
            return
        strategies, variants = [strategies[i] for i in kept], [variants[i] for i in kept]
        histories = [histories[i] for i in kept]
        stamp = {"limit_seconds": None, "limit_memory": None, "provenance": None}
        self.rows += run_rows(cell, variants, histories, pool_facts(pool), stamp)
        asked = list(_ask_all(strategies, cell, pool, histories[0], batch_size))
        runs = [[frozenset(p.batch.tolist()) for p in history.points[1:]] for history in histories]
        for i, j in combinations(range(len(strategies)), 2):
            self.pairs.append(
                _Pair(
                    a=strategies[i].implementation(),
                    b=strategies[j].implementation(),
                    causes=[cause(state[i], state[j], state[0]) for state in asked],
                    jaccards=[jaccard(state[i].batch, state[j].batch) for state in asked],
                    same=[x == y for x, y in zip(runs[i], runs[j], strict=True)],
                )
            )

    def _ended(self, strategy: Strategy, history: History) -> bool:
        if history.error is not None:
            self.skipped[strategy.implementation()] = history.error
        return history.error is None

    def frame(self, metric: str, resamples: int) -> pd.DataFrame:
        """A row a pair."""
        if not self.rows:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.skipped.items())
            raise AlgridError(f"no implementation can run. {reasons}")
        final = scores(to_table(self.rows, RUNS), metric=metric, aggregate="final")
        final["implementation"] = final["strategy_implementation"].astype(str)
        board = leaderboard(final, "strategy_implementation", resamples=0)
        ranks = dict(zip(board["strategy_implementation"].astype(str), board["rank"], strict=True))
        rows = []
        for a, b in dict.fromkeys((pair.a, pair.b) for pair in self.pairs):
            pairs = [pair for pair in self.pairs if (pair.a, pair.b) == (a, b)]
            causes = [one for pair in pairs for one in pair.causes]
            first = [pair.same.index(False) + 1 for pair in pairs if not all(pair.same)]
            mean, low, high = _difference(final, a, b, resamples)
            rows.append(
                {
                    "a": a,
                    "b": b,
                    "n_states": len(causes),
                    "same": causes.count(None) / len(causes),
                    "jaccard": float(np.mean([value for pair in pairs for value in pair.jaccards])),
                    **{name: causes.count(name) / len(causes) for name in CAUSES},
                    "n_runs": len(pairs),
                    "same_in_runs": float(np.mean([same for pair in pairs for same in pair.same])),
                    "first_divergence": float(np.median(first)) if first else np.nan,
                    "difference": mean,
                    "difference_low": low,
                    "difference_high": high,
                    "rank_a": ranks[a],
                    "rank_b": ranks[b],
                }
            )
        return pd.DataFrame(rows)


def _ask_all(
    strategies: list[Strategy], cell: Cell, pool: Pool, walked: History, batch_size: int
) -> Iterator[list[Asked]]:
    """For every state of a run that a query follows: all implementations, asked from it."""
    is_labeled = np.zeros(pool.n_pool, dtype=np.bool_)
    is_labeled[pool.start] = True
    for point in walked.points[1:]:
        labeled = pool.fit_order[is_labeled[pool.fit_order]]
        model = Model(cell.learner, pool, labeled, cell.streams.learner_seed())
        size = min(batch_size, pool.n_pool - len(labeled))
        yield [Asked(strategy, cell, pool, model, labeled, size) for strategy in strategies]
        is_labeled[point.batch] = True


def _difference(final: pd.DataFrame, a: str, b: str, resamples: int) -> tuple[float, float, float]:
    """Mean difference of the scores of `b` and `a` in the same setting, and a 95 % bootstrap interval."""
    setting = ["dataset", "learner", "start_set"]
    values = final.pivot_table(index=setting, columns="implementation", values="value", observed=True)
    differences = (values[b] - values[a]).dropna()
    groups = [group.to_numpy() for _, group in differences.groupby(level="dataset", observed=True)]
    rng = generator(0, "audit", a=a, b=b)
    means = np.empty(resamples)
    for i in range(resamples):
        n = len(groups)
        drawn = rng.integers(n, size=n) if n >= MIN_DATASETS else np.arange(n)
        means[i] = np.mean([rng.choice(groups[g], len(groups[g])).mean() for g in drawn])
    low, high = np.quantile(means, [0.025, 0.975]) if resamples else (np.nan, np.nan)
    return float(np.mean([group.mean() for group in groups])), float(low), float(high)
