"""Enumerates a grid: every cell and variant, what can't be done and why, and what each run will cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.cell import UNBOUND, Cell, Variant
from algrid.checks import notes as check_notes
from algrid.cost import CostModel, Prices, Shape, VariantTable
from algrid.cost_ladder import Keys
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.datasets.facts import DatasetFacts
from algrid.grid import GridSpec
from algrid.learners.base import Learner
from algrid.plan import Plan
from algrid.preprocessing import Preprocessing
from algrid.schema import VARIANT_AXES
from algrid.seeds import Streams
from algrid.splits import Counts

__all__ = ["make_plan"]

#: Rows of the pool, of the test part, and of the start set.
Sizes = tuple[int, int, int]
_Row = tuple[NDArray[np.int16], NDArray[np.int32], NDArray[np.float32], float, int, int, int]


def make_plan(spec: GridSpec, costs: CostModel | None = None) -> Plan:
    """Enumerate a grid: find what can't be done and why. Data are loaded only where facts about them don't suffice.

    Parameters
    ----------
    spec : GridSpec
    costs : CostModel, optional
        What runs are predicted to cost; by default bare priors.

    Raises
    ------
    AlgridError
        For mistakes of the grid file that need the data to be seen: a file that can't be read, an
        explicit split or start set with an index out of range.
    """
    return _Planner(spec, costs or CostModel()).plan()


class _Planner:
    def __init__(self, spec: GridSpec, costs: CostModel) -> None:
        self.spec, self.costs = spec, costs
        self.variants = tuple(
            Variant(s, q, b) for s, q, b in product(spec.strategies, spec.query_learners, spec.batch_sizes)
        )
        self.reasons: dict[str, int] = {"": 0}
        self.notes: list[str] = []
        self.cells: list[Cell] = []
        self.rows: list[_Row] = []
        self.priced: dict[int, tuple[VariantTable, Prices, Shape]] = {}  # by the row's identity
        self.table = cache(lambda learner: VariantTable(self.variants, learner))
        self.labels = {level: level.label for level in (*spec.preprocessing, *spec.learners, *spec.oracles)}
        self.excluded = [_Exclusion(entry, self.variants) for entry in spec.exclude]
        self.notes += [
            f"preprocessing {level.label} is fitted on test rows too: it is there to measure what that does, and its "
            "scores say nothing about new data"
            for level in spec.preprocessing
            if level.leaks
        ]

    def plan(self) -> Plan:
        for plugin in self.spec.datasets:
            self._add_dataset(plugin, replace(plugin.facts(), name=plugin.dataset_name))
        there = [plugin for plugin in self.spec.datasets if plugin.facts().content_hash is not None]
        self.notes += check_notes(there, self.spec.split, self.spec.seed)
        # most cells of a dataset have the very same row: stacking is all that is done for each
        distinct = {id(row): row for row in self.rows}
        places = dict(zip(distinct, range(len(distinct)), strict=True))
        at = np.array([places[id(row)] for row in self.rows])
        skip, targets, seconds, memory, available, n_start, n_classes = zip(*distinct.values(), strict=True)
        totals = self._totals()
        return Plan(
            spec=self.spec,
            cells=tuple(self.cells),
            variants=self.variants,
            reasons=tuple(self.reasons),
            skip=np.array(skip)[at],
            targets=np.array(targets)[at],
            available=np.array(available, dtype=np.int32)[at],
            n_start=np.array(n_start, dtype=np.int32)[at],
            n_classes=np.array(n_classes, dtype=np.int32)[at],
            seconds=np.array(seconds)[at],
            memory=np.array(memory)[at],
            spread=self.costs.spread(totals),
            own_spread=self.costs.spread(totals, common=False),
            n_learned=self.costs.n_runs,
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _code(self, reason: str | None) -> int:
        return self.reasons.setdefault(reason or "", len(self.reasons))

    def _add_dataset(self, plugin: DatasetPlugin, facts: DatasetFacts) -> None:
        spec = self.spec
        row = cache(lambda *of_cell: self._row(facts, *of_cell))
        split_reason = spec.split.unsupported(facts)
        sizes = [] if split_reason else self._sizes(plugin, facts)
        for split, start in product(range(spec.n_splits), range(spec.n_start_sets)):
            size = split_reason or sizes[split][start]
            for preprocessing, learner, oracle, seed in product(
                spec.preprocessing, spec.learners, spec.oracles, spec.seeds
            ):
                cell = Cell(
                    root_seed=spec.seed,
                    dataset=plugin,
                    dataset_hash=facts.content_hash or UNBOUND,
                    split=spec.split,
                    split_index=split,
                    start_set=spec.start_set,
                    start_index=start,
                    preprocessing=preprocessing,
                    learner=learner,
                    oracle=oracle,
                    seed=seed,
                )
                self.cells.append(cell)
                why = preprocessing.unsupported(facts) or learner.unsupported(preprocessing, facts)
                levels = {
                    "dataset": facts.name,
                    "split": split,
                    "start_set": start,
                    "preprocessing": self.labels[preprocessing],
                    "learner": self.labels[learner],
                    "oracle": self.labels[oracle],
                    "seed": seed,
                }
                matching = tuple(i for i, exclusion in enumerate(self.excluded) if exclusion.matches(levels))
                self.rows.append(row(preprocessing, learner, size if isinstance(size, str) else why or size, matching))

    def _sizes(self, plugin: DatasetPlugin, facts: DatasetFacts) -> list[list[Sizes | str]]:
        """By split and start set: rows of pool, test part and start set; or the reason why there is no start set.

        Data are loaded only where the class counts don't say it.
        """
        spec = self.spec
        load = cache(plugin.load)
        if (parts := spec.split.parts(facts)) is None:
            spec.split.check(load(), spec.n_splits)
        elif spec.start_set.size_of(parts[0], 0) is not None:
            return [self._starts(load, *parts, split=0)] * spec.n_splits
        found = []
        for split in range(spec.n_splits):
            if parts is None:
                y, (pool, test) = load().y, self._make_split(load(), split)
                counts = np.bincount(y[pool], minlength=facts.n_classes), np.bincount(y[test])
            else:
                counts = parts
            found.append(self._starts(load, *counts, split=split))
        return found

    def _starts(
        self, load: Callable[[], Dataset], pool_counts: Counts, test_counts: Counts, *, split: int
    ) -> list[Sizes | str]:
        """The same of one split, for each start set."""
        kind, count = self.spec.start_set, self.spec.n_start_sets
        kind.check(pool_counts, count)
        if (reason := kind.unsupported(pool_counts)) is not None:
            return [reason] * count
        n_pool, n_test = int(pool_counts.sum()), int(test_counts.sum())
        sizes = [kind.size_of(pool_counts, start) for start in range(count)]
        return [
            (n_pool, n_test, self._draw(load(), split, start) if size is None else size)
            for start, size in enumerate(sizes)
        ]

    def _make_split(self, data: Dataset, split: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        return self.spec.split.make(data, split, self._streams(data, split, 0).split_rng())

    def _draw(self, data: Dataset, split: int, start: int) -> int:
        pool_y = data.y[self._make_split(data, split)[0]]
        rng = self._streams(data, split, start).start_rng()
        return len(self.spec.start_set.draw(pool_y, data.n_classes, start, rng))

    def _streams(self, data: Dataset, split: int, start: int) -> Streams:
        spec = self.spec
        return Streams(spec.seed, data.content_hash, spec.split.name, split, spec.start_set.name, start, spec.seeds[0])

    def _row(
        self,
        facts: DatasetFacts,
        preprocessing: Preprocessing,
        learner: Learner,
        sizes: Sizes | str,
        matching: tuple[int, ...],
    ) -> _Row:
        """Skips, targets and seconds of all variants of a cell; memory, available labels and size of its start set."""
        n = len(self.variants)
        if isinstance(sizes, str):
            none = np.zeros(n, np.int32)
            code = self._code(f"{facts.name}: {sizes}")
            return np.full(n, code, np.int16), none, none.astype(np.float32), 0.0, 0, 0, facts.n_classes
        n_pool, n_test, n_start = sizes
        targets = np.array([self._target(v, n_pool - n_start, facts) for v in self.variants])
        shape = Shape(facts.name, n_start, n_pool, n_test, preprocessing.width(facts), facts.n_classes)
        table = self.table(learner)
        prices, memory = self.costs.prices(table, targets, shape), self.costs.memory(table, targets, shape)
        skip = self._incompatible(preprocessing, learner, n_pool, facts)
        for i in matching:
            skip[self.excluded[i].variants & (skip == 0)] = self._code("excluded by the grid file")
        most = float(memory[skip == 0].max(initial=0.0))
        if (limit := self.spec.limits.memory) is not None and most > limit:
            self.notes.append(
                f"{facts.name}: runs of {learner.label} are predicted to take up to {most / 2**20:.0f} MiB of memory; "
                f"the limit is {limit / 2**20:.0f} MiB, at which they stop as crashed. "
                "Raise `limits: {memory: ...}`, or take smaller data"
            )
        sizes_of = most, n_pool - n_start, n_start, facts.n_classes
        row: _Row = skip, targets.astype(np.int32), prices.total.astype(np.float32), *sizes_of
        self.priced[id(row)] = table, prices, shape
        return row

    def _totals(self) -> dict[tuple[str, Keys], float]:
        """What the grid spends on which fits and queries, in seconds."""
        many = Counter(map(id, self.rows))
        skips = {id(row): row[0] for row in self.rows}
        totals: defaultdict[tuple[str, Keys], float] = defaultdict(float)
        for i, (table, prices, shape) in self.priced.items():
            for key, seconds in prices.totals(table, shape, skips[i] == 0):
                totals[key] += many[i] * seconds
        return totals

    def _target(self, variant: Variant, available: int, facts: DatasetFacts) -> int:
        for budget in self.spec.budgets:
            if budget.labels is not None and budget.labels > available:
                self.notes.append(
                    f"{facts.name}: the pool has {available} labels to buy, fewer than the budget of "
                    f"{budget.labels}; its runs will stop with pool_empty"
                )
        return max(budget.bought(variant.batch_size, available) for budget in self.spec.budgets)

    def _incompatible(
        self, preprocessing: Preprocessing, learner: Learner, n_pool: int, facts: DatasetFacts
    ) -> NDArray[np.int16]:
        spec, sparse = self.spec, preprocessing.is_sparse(facts)
        reasons = [
            (looked_at.unsupported(preprocessing, facts) if looked_at else None)
            or strategy.unsupported(looked_at or learner, facts.n_classes, sparse, n_pool)
            for strategy, looked_at in product(spec.strategies, spec.query_learners)
        ]
        return np.repeat(np.array([self._code(reason) for reason in reasons], np.int16), len(spec.batch_sizes))


class _Exclusion:
    """One entry of `exclude`: the variants that it matches, and a test for cells."""

    def __init__(self, entry: Mapping[str, Sequence[str]], variants: Sequence[Variant]) -> None:
        of_variant = {axis: labels for axis, labels in entry.items() if axis in VARIANT_AXES}
        self._of_cell = {axis: labels for axis, labels in entry.items() if axis not in VARIANT_AXES}
        self.variants = np.array([_matches(of_variant, v.levels()) for v in variants])

    def matches(self, cell_levels: Mapping[str, Any]) -> bool:
        return _matches(self._of_cell, cell_levels)


def _matches(entry: Mapping[str, Sequence[str]], levels: Mapping[str, Any]) -> bool:
    return all(str(levels[axis]) in labels for axis, labels in entry.items())
