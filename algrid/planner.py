"""Enumerates a grid: every cell and variant, what can't be done and why, and what each run will cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.cell import Cell, Variant
from algrid.cost import run_seconds
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.grid import GridSpec
from algrid.learners.base import Learner
from algrid.plan import Plan
from algrid.schema import VARIANT_AXES
from algrid.seeds import Streams

__all__ = ["make_plan"]


def make_plan(spec: GridSpec) -> Plan:
    """Enumerate a grid: load its datasets, find what can't be done and why.

    Raises
    ------
    AlgridError
        For mistakes of the grid file that need the data to be seen: a file that can't be read, an
        explicit split or start set with an index out of range.
    """
    return _Planner(spec).plan()


class _Planner:
    def __init__(self, spec: GridSpec) -> None:
        self.spec = spec
        self.variants = tuple(
            Variant(s, q, b) for s, q, b in product(spec.strategies, spec.query_learners, spec.batch_sizes)
        )
        self.reasons: dict[str, int] = {"": 0}
        self.notes: list[str] = []
        self.cells: list[Cell] = []
        self.rows: list[tuple[NDArray[np.int16], NDArray[np.int32], NDArray[np.float32], int, int]] = []
        self.excluded = [_Exclusion(entry, self.variants) for entry in spec.exclude]

    def plan(self) -> Plan:
        for plugin in self.spec.datasets:
            self._add_dataset(plugin, plugin.load())
        skip, targets, seconds, available, n_start = zip(*self.rows, strict=True)
        return Plan(
            spec=self.spec,
            cells=tuple(self.cells),
            variants=self.variants,
            reasons=tuple(self.reasons),
            skip=np.array(skip),
            targets=np.array(targets),
            available=np.array(available, dtype=np.int32),
            n_start=np.array(n_start, dtype=np.int32),
            seconds=np.array(seconds),
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _code(self, reason: str | None) -> int:
        return self.reasons.setdefault(reason or "", len(self.reasons))

    def _add_dataset(self, plugin: DatasetPlugin, data: Dataset) -> None:
        spec = self.spec
        incompatible = cache(partial(self._incompatible, data=data))
        split_reason = spec.split.unsupported(data)
        if split_reason is None:
            spec.split.check(data, spec.n_splits)
        for split, start in product(range(spec.n_splits), range(spec.n_start_sets)):
            sizes, reason = (None, split_reason) if split_reason else self._sizes(data, split, start)
            for preprocessing, learner, oracle, seed in product(
                spec.preprocessing, spec.learners, spec.oracles, spec.seeds
            ):
                cell = Cell(
                    root_seed=spec.seed,
                    dataset=plugin,
                    dataset_hash=data.content_hash,
                    split=spec.split,
                    split_index=split,
                    start_set=spec.start_set,
                    start_index=start,
                    preprocessing=preprocessing,
                    learner=learner,
                    oracle=oracle,
                    seed=seed,
                )
                why = reason or preprocessing.unsupported(data) or _needs_dense(learner, data)
                skip = None if sizes is None else incompatible(learner, sizes[0])
                self._add_cell(cell, data, sizes, why and f"{plugin.dataset_name}: {why}", skip)

    def _sizes(self, data: Dataset, split: int, start: int) -> tuple[tuple[int, int, int] | None, str | None]:
        """Rows of pool, test part and start set; or the reason why there is no start set."""
        spec = self.spec
        streams = Streams(
            spec.seed, data.content_hash, spec.split.name, split, spec.start_set.name, start, spec.seeds[0]
        )
        pool_rows, test_rows = spec.split.make(data, split, streams.split_rng())
        pool_y = data.y[pool_rows]
        if start == 0:
            spec.start_set.check(pool_y, data.n_classes, spec.n_start_sets)
        if (reason := spec.start_set.unsupported(pool_y, data.n_classes)) is not None:
            return None, reason
        chosen = spec.start_set.draw(pool_y, data.n_classes, start, streams.start_rng())
        return (len(pool_rows), len(test_rows), len(chosen)), None

    def _add_cell(
        self,
        cell: Cell,
        data: Dataset,
        sizes: tuple[int, int, int] | None,
        reason: str | None,
        incompatible: NDArray[np.int16] | None,
    ) -> None:
        n = len(self.variants)
        self.cells.append(cell)
        if sizes is None or incompatible is None or reason is not None:
            none = np.zeros(n, np.int32)
            self.rows.append((np.full(n, self._code(reason), np.int16), none, none.astype(np.float32), 0, 0))
            return
        n_pool, n_test, n_start = sizes
        targets = np.array([self._target(v, n_pool - n_start, cell) for v in self.variants])
        seconds = run_seconds(
            cell.learner,
            self.variants,
            targets,
            n_start=n_start,
            n_pool=n_pool,
            n_test=n_test,
            n_features=data.n_features,
        )
        skip = incompatible.copy()
        levels = cell.levels()
        for exclusion in self.excluded:
            if exclusion.matches(levels):
                skip[exclusion.variants & (skip == 0)] = self._code("excluded by the grid file")
        row = (skip, targets.astype(np.int32), seconds.astype(np.float32), n_pool - n_start, n_start)
        self.rows.append(row)

    def _target(self, variant: Variant, available: int, cell: Cell) -> int:
        for budget in self.spec.budgets:
            if budget.labels is not None and budget.labels > available:
                self.notes.append(
                    f"{cell.dataset.dataset_name}: the pool has {available} labels to buy, fewer than the budget of "
                    f"{budget.labels}; its runs will stop with pool_empty"
                )
        return max(budget.bought(variant.batch_size, available) for budget in self.spec.budgets)

    def _incompatible(self, learner: Learner, n_pool: int, data: Dataset) -> NDArray[np.int16]:
        sparse = not isinstance(data.X, np.ndarray)
        reasons = [
            v.strategy.unsupported(v.query_learner or learner, data.n_classes, sparse, n_pool) for v in self.variants
        ]
        return np.array([self._code(reason) for reason in reasons], dtype=np.int16)


def _needs_dense(learner: Learner, data: Dataset) -> str | None:
    if learner.sparse or isinstance(data.X, np.ndarray):
        return None
    return f"{learner.name} can't use sparse features"


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
