"""A grid's plan: which runs there are, and which of them are still to be made."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.cell import UNBOUND, Cell, Variant, digests
from algrid.errors import DatasetError, GridError
from algrid.grid import GridSpec
from algrid.identity import from_hex, mix, to_hex
from algrid.schema import CELL_AXES, VARIANT_AXES
from algrid.sizes import run_bytes
from algrid.stored import Stored

__all__ = ["Z90", "Plan"]

#: Quantile of the normal distribution that a two-sided interval of 90 % needs.
Z90 = 1.645


@dataclass(frozen=True, eq=False)
class Plan:
    """All runs of a grid, as arrays over cells and variants.

    Parameters
    ----------
    spec : GridSpec
    cells : tuple of Cell
    variants : tuple of Variant
    reasons : tuple of str
        Why runs are skipped; the first is empty.
    skip : (n_cells, n_variants) int16 array
        Position in `reasons`; 0 for a run that is to be made.
    targets : (n_cells, n_variants) int32 array
        Labels that a run is to buy.
    available : (n_cells,) int32 array
        Labels that can be bought: the pool without the start set.
    n_start : (n_cells,) int32 array
        Sizes of the start sets.
    n_classes : (n_cells,) int32 array
        Classes of the datasets.
    seconds : (n_cells, n_variants) float32 array
        Predicted CPU seconds of each run: its share, where fits are shared.
    memory : (n_cells,) float array
        Predicted bytes, at most, of a process that computes runs of the cell.
    spread, own_spread : float
        Standard deviation of the logarithm of their sum; and without what is uncertain about all of them alike.
    n_learned : int
        Stored runs that the prediction was learned from.
    notes : tuple of str
        What the user should know: budgets larger than a pool, and the like.
    """

    spec: GridSpec
    cells: tuple[Cell, ...]
    variants: tuple[Variant, ...]
    reasons: tuple[str, ...]
    skip: NDArray[np.int16]
    targets: NDArray[np.int32]
    available: NDArray[np.int32]
    n_start: NDArray[np.int32]
    n_classes: NDArray[np.int32]
    seconds: NDArray[np.float32]
    memory: NDArray[np.float64]
    spread: float
    own_spread: float
    n_learned: int
    notes: tuple[str, ...]

    @cached_property
    def unbound(self) -> tuple[str, ...]:
        """Datasets whose data are not there: their runs are counted by what is expected, and have no ids yet."""
        return tuple(dict.fromkeys(c.dataset.dataset_name for c in self.cells if c.dataset_hash == UNBOUND))

    def require_data(self) -> None:
        """Check that the data of all datasets are there.

        Raises
        ------
        DatasetError
            If not; it names them.
        """
        if self.unbound:
            some = ", ".join(self.unbound[:10]) + (" ..." if len(self.unbound) > 10 else "")
            raise DatasetError(
                f"{len(self.unbound)} of {len(self.spec.datasets)} datasets of the grid {self.spec.name!r} are not "
                f"here: {some}. `algrid datasets fetch GRID` brings them; until then the grid can only be counted."
            )

    @property
    def ids(self) -> NDArray[np.uint64]:
        """(n_cells, n_variants) run ids.

        Raises
        ------
        DatasetError
            If data are not there: an id is that of the data too.
        """
        self.require_data()
        return self._ids

    @cached_property
    def _ids(self) -> NDArray[np.uint64]:
        return mix(self.cell_ids[:, None], self._variant_ids[None, :])

    @cached_property
    def cell_ids(self) -> NDArray[np.uint64]:
        """(n_cells,) cell ids; those of cells without data stand for nothing, and are nobody else's."""
        return digests(self.cells)

    @cached_property
    def _variant_ids(self) -> NDArray[np.uint64]:
        return np.array([v.digest for v in self.variants], dtype=np.uint64)

    @cached_property
    def planned(self) -> NDArray[np.bool_]:
        """(n_cells, n_variants): whether a run is to be made."""
        planned: NDArray[np.bool_] = self.skip == 0
        return planned

    @property
    def n_runs(self) -> int:
        """Runs to be made, whether or not they are stored already."""
        return int(np.count_nonzero(self.planned))

    @property
    def n_cells(self) -> int:
        """Cells with at least one run."""
        return int(np.count_nonzero(self.planned.any(axis=1)))

    def skips(self) -> dict[str, int]:
        """Number of skipped runs by reason, most first."""
        counts = np.bincount(self.skip.ravel(), minlength=len(self.reasons))
        order = np.argsort(-counts[1:], kind="stable") + 1
        return {self.reasons[i]: int(counts[i]) for i in order if counts[i]}

    @property
    def n_bytes(self) -> int:
        """Bytes that the store will take, about."""
        n_pool = self.available + self.n_start
        each = run_bytes(self._points, self.targets, n_pool[:, None], self.n_classes[:, None])
        return int(each[self.planned].sum())

    @property
    def _sizes(self) -> NDArray[np.int64]:
        return np.array([v.batch_size for v in self.variants], np.int64)

    @property
    def _points(self) -> NDArray[np.int64]:
        """(n_cells, n_variants) points of each planned run."""
        return np.where(self.planned, -(-self.targets // self._sizes) + 1, 0)

    @cached_property
    def fits(self) -> tuple[int, int]:
        """Fits of the scored learner were every run alone, and how many of them are certain to be shared.

        Certain are: the start set's fit of all runs of a cell, that of the whole pool of all that
        exhaust it, and those of `random`, whose batches are nested. Wherever strategies agree there are more.
        """
        sizes, points = self._sizes, self._points
        exhausts = self.planned & (self.targets == self.available[:, None]) & (self.available[:, None] > 0)
        shared = np.maximum(self.planned.sum(axis=1) - 1, 0) + np.maximum(exhausts.sum(axis=1) - 1, 0)
        nested = [i for i, v in enumerate(self.variants) if v.strategy.name == "random"]
        return int(points.sum()), int(shared.sum()) + self._nested_fits(nested, sizes)

    def _nested_fits(self, variants: list[int], sizes: NDArray[np.int64]) -> int:
        known: dict[tuple[Any, ...], int] = {}
        total = 0
        for planned, targets, available in zip(self.planned, self.targets, self.available, strict=True):
            key = (tuple(targets[variants]), tuple(planned[variants]), int(available))
            if key not in known:
                inner = [
                    np.arange(sizes[i], min(-(-targets[i] // sizes[i]) * sizes[i] + 1, available), sizes[i])
                    for i in variants
                    if planned[i]
                ]
                joined = np.concatenate([np.empty(0, np.int64), *inner])
                known[key] = len(joined) - len(np.unique(joined))
            total += known[key]
        return total

    def rows(self, stored: Stored) -> NDArray[np.int32]:
        """(n_cells, n_variants): where `stored` has each run; -1 for those that it has not."""
        return stored.rows(self.cell_ids, self._variant_ids)

    def pending(self, stored: Stored, retry: Sequence[str] = ()) -> NDArray[np.bool_]:
        """(n_cells, n_variants): runs that are planned and not yet done.

        Parameters
        ----------
        stored : Stored
            What there is.
        retry : sequence of str
            Stop reasons (``error``, ``timeout``, ``crashed``) whose runs are to be made again. A
            ``timeout``, or a crash for memory, is also made again where the limit was raised.
        """
        return self._pending(stored, self.rows(stored), retry)

    def _pending(self, stored: Stored, rows: NDArray[np.int32], retry: Sequence[str] = ()) -> NDArray[np.bool_]:
        # what each stored run counts as: enough, unless it stopped at a budget or is to be made again; the last
        # element is for runs that are not stored, whose row is -1
        reach = np.append(np.where(stored.ended(["budget"]), stored.reach, np.iinfo(np.int32).max), -1)
        again = np.flatnonzero(stored.failed)
        limits = self.spec.limits
        now = [limits.seconds_per_cycle or np.inf, limits.seconds_per_run or np.inf, limits.memory or np.inf]
        raised = np.array(now) > stored.limits[stored.limit[again]]
        more_time = stored.ended(["timeout"])[again] & raised[:, :2].any(axis=1)
        more_memory = stored.ended(["crashed"])[again] & raised[:, 2]
        reach[again[stored.ended(retry)[again] | more_time | more_memory]] = -1
        todo: NDArray[np.bool_] = self.planned & (reach[rows] < self.targets)
        return todo

    def counts(self, stored: Stored) -> Iterator[tuple[str, str | None, dict[str, int]]]:
        """Axis, level (None for all runs), and how many runs are ``done``, ``failed``, ``to do``, ``all``."""
        rows = self.rows(stored)
        pending = self._pending(stored, rows)
        failed = self.planned & ~pending & np.append(stored.failed, False)[rows]
        kinds = {"done": self.planned & ~pending & ~failed, "failed": failed, "to do": pending, "all": self.planned}
        yield "runs", None, {kind: int(np.count_nonzero(mask)) for kind, mask in kinds.items()}
        of_variants = {kind: mask.sum(axis=0, dtype=np.int32) for kind, mask in kinds.items()}
        of_cells = {kind: mask.sum(axis=1, dtype=np.int32) for kind, mask in kinds.items()}
        yield from _by_level("strategy", [v.strategy.label for v in self.variants], of_variants)
        # of cells that share a learner or a dataset the label is made once
        learners = {id(level): level.label for level in {id(c.learner): c.learner for c in self.cells}.values()}
        yield from _by_level("learner", [learners[id(c.learner)] for c in self.cells], of_cells)
        datasets = {id(level): level.dataset_name for level in {id(c.dataset): c.dataset for c in self.cells}.values()}
        yield from _by_level("dataset", [datasets[id(c.dataset)] for c in self.cells], of_cells)

    def skylines_pending(self, stored: Stored) -> NDArray[np.bool_]:
        """(n_cells,): cells with runs whose skyline is not stored yet."""
        return self.planned.any(axis=1) & ~np.isin(self.cell_ids, stored.skylines)

    def find(self, run_id: str) -> tuple[Cell, Variant, int]:
        """The cell, the variant and the target of a planned run.

        Raises
        ------
        GridError
            If the grid has no such run.
        """
        i, j = self.place(run_id)
        return self.cells[i], self.variants[j], int(self.targets[i, j])

    def place(self, run_id: str) -> tuple[int, int]:
        """Where a planned run is: the positions of its cell and its variant.

        Raises
        ------
        GridError
            If the grid has no such run.
        """
        try:
            found = np.argwhere(self.planned & (self.ids == from_hex(np.array(run_id))))
        except ValueError:
            found = np.empty((0, 2), np.intp)
        if len(found) == 0:
            examples = ", ".join(to_hex(self.ids[self.planned][:3]).tolist())
            raise GridError(
                f"the grid {self.spec.name!r} has no run {run_id!r}. A run id is 16 hexadecimal digits, such as "
                f"{examples}; `algrid plan GRID --runs` lists them all."
            )
        i, j = found[0]
        return int(i), int(j)

    def runs(self) -> dict[str, list[Any]]:
        """The planned runs as columns: ``run_id``, all axes, and the labels to buy."""
        columns: dict[str, list[Any]] = {"run_id": to_hex(self.ids[self.planned]).tolist()}
        cells = [c.levels() for c in self.cells]
        variants = [v.levels() for v in self.variants]
        where = np.argwhere(self.planned)
        columns |= {axis: [cells[i][axis] for i in where[:, 0]] for axis in CELL_AXES}
        columns |= {axis: [variants[j][axis] for j in where[:, 1]] for axis in VARIANT_AXES}
        columns["target"] = self.targets[self.planned].tolist()
        return columns

    @cached_property
    def core_hours(self) -> tuple[float, float, float]:
        """What all runs of the grid cost together: the low end of a 90 % interval, the prediction, the high end."""
        hours = float(self.seconds[self.planned].sum(dtype=np.float64)) / 3600
        factor = float(np.exp(Z90 * self.spread))
        return hours / factor, hours, hours * factor

    def facts(self) -> dict[str, str]:
        """The plan in a few lines: what it counts, each as text."""
        fits, shared = self.fits
        low, hours, high = map(_two_digits, self.core_hours)
        source = f"learned from {self.n_learned:,} runs" if self.n_learned else "from priors"
        return {
            "runs": f"{self.n_runs:,}",
            "cells": f"{self.n_cells:,}",
            "skipped runs": f"{sum(self.skips().values()):,}",
            "fits, were every run alone": f"{fits:,}",
            "fits certain to be shared": f"{shared:,} ({shared / max(1, fits):.0%})",
            "core hours": f"{hours} (90 %: {low} to {high}; {source})",
            "memory of a computing process, roughly": f"up to {_size(int(self.memory.max(initial=0)))}",
            "size of the store, roughly": _size(self.n_bytes),
            **({"datasets without data": f"{len(self.unbound)} (counted by what is expected)"} if self.unbound else {}),
        }

    def __str__(self) -> str:
        width = max(map(len, self.facts()))
        lines = [f"{self.spec.name}", *(f"  {key:<{width}}  {value}" for key, value in self.facts().items())]
        lines += [f"  skipped: {count:,} runs, {reason}" for reason, count in self.skips().items()]
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])

    def _repr_html_(self) -> str:
        facts = {**self.facts(), **{f"skipped: {html.escape(r)}": f"{n:,}" for r, n in self.skips().items()}}
        rows = "".join(f"<tr><th style='text-align:left'>{k}</th><td>{v}</td></tr>" for k, v in facts.items())
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<b>{html.escape(self.spec.name)}</b><table>{rows}</table>{notes}"


def _two_digits(number: float) -> str:
    """A number that is known roughly: ``0.23``, ``120,000``."""
    rounded = float(f"{number:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def _size(n_bytes: int) -> str:
    """Bytes as a person reads them: ``1.2 GB``."""
    power = min(4, max(1, int(np.log10(max(1, n_bytes)) // 3)))
    number = n_bytes / 1000**power
    return f"{number:.{0 if number >= 10 else 1}f} {'kMGT'[power - 1]}B"


def _by_level(
    axis: str, labels: Sequence[str], kinds: Mapping[str, NDArray[np.int64]]
) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Counts of cells or variants added up by their level of an axis, in the order in which levels come first."""
    levels = {label: code for code, label in enumerate(dict.fromkeys(labels))}
    codes = np.array([levels[label] for label in labels])
    sums = {kind: np.bincount(codes, weights=counts, minlength=len(levels)) for kind, counts in kinds.items()}
    for label, code in levels.items():
        yield axis, label, {kind: int(values[code]) for kind, values in sums.items()}
