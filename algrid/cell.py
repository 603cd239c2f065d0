"""What a run is made of: a cell (all that runs may share fits by) and a variant (all else)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import DatasetPlugin
from algrid.identity import canonical_json, digest64, text_digest64
from algrid.learners.base import Learner
from algrid.oracles import Oracle
from algrid.preprocessing.base import Preprocessing
from algrid.seeds import Streams
from algrid.splits import Split
from algrid.start_sets import StartSet
from algrid.strategies.base import Strategy

__all__ = ["UNBOUND", "Cell", "Variant", "digests"]

#: Stands for the content hash of data that are not there: such a cell can be counted, and has no identity.
UNBOUND = ""


@dataclass(frozen=True)
class Cell:
    """All hyperparameters but strategy, query learner and batch size.

    Parameters
    ----------
    root_seed : int
        The grid's seed.
    dataset : DatasetPlugin
    dataset_hash : str
        Content hash of its data: the data that a worker loads must have it too. `UNBOUND` where there are none yet.
    split, split_index
        The kind of split and which one of them.
    start_set, start_index
        The kind of start set and which one of them.
    preprocessing : Preprocessing
    learner : Learner
    oracle : Oracle
    seed : int
        Seed index.
    """

    root_seed: int
    dataset: DatasetPlugin
    dataset_hash: str
    split: Split
    split_index: int
    start_set: StartSet
    start_index: int
    preprocessing: Preprocessing
    learner: Learner
    oracle: Oracle
    seed: int

    def identity(self) -> dict[str, Any]:
        """The cell's resolved configuration (DESIGN.md, decision 3)."""
        return {name: value() for name, (_, value) in self._identity().items()}

    def _identity(self) -> dict[str, tuple[Any, Callable[[], Any]]]:
        """Each part of the identity: what it depends on (told by a quick key) and how it is made."""
        return {
            "root_seed": (self.root_seed, lambda: self.root_seed),
            "dataset": (
                (id(self.dataset), self.dataset_hash),
                lambda: {"name": self.dataset.dataset_name, "content": self.dataset_hash},
            ),
            "split": (
                (id(self.split), self.split_index),
                lambda: [self.split.identity_at(self.split_index), self.split_index],
            ),
            "start_set": (
                (id(self.start_set), self.start_index),
                lambda: [self.start_set.identity_at(self.start_index), self.start_index],
            ),
            "preprocessing": (id(self.preprocessing), self.preprocessing.identity_in_cell),
            "learner": (id(self.learner), self.learner.identity),
            "oracle": (id(self.oracle), self.oracle.identity),
            "seed": (self.seed, lambda: self.seed),
        }

    @cached_property
    def digest(self) -> int:
        """64 bits of the identity."""
        return digest64(self.identity())

    @property
    def streams(self) -> Streams:
        """The cell's streams of randomness."""
        return Streams(
            root=self.root_seed,
            dataset=self.dataset_hash,
            split_kind=self.split.name,
            split=self.split_index,
            start_kind=self.start_set.name,
            start=self.start_index,
            seed=self.seed,
        )

    def levels(self) -> dict[str, Any]:
        """The cell's part of a stored row (see `algrid.schema`)."""
        return {
            "cell_id": f"{self.digest:016x}",
            "dataset": self.dataset.dataset_name,
            "dataset_hash": self.dataset_hash,
            "split_kind": self.split.label,
            "split": self.split_index,
            "start_kind": self.start_set.label,
            "start_set": self.start_index,
            "preprocessing": self.preprocessing.label,
            "learner": self.learner.label,
            "learner_name": self.learner.name,
            "learner_parameters": canonical_json(self.learner.parameters()),
            "oracle": self.oracle.label,
            "seed": self.seed,
            "root_seed": self.root_seed,
        }


def digests(cells: Iterable[Cell]) -> NDArray[np.uint64]:
    """(n_cells,) the digests of many cells: a part of the identity that many have in common is spelled once.

    The cells keep them as their `digest`.
    """
    spelled: dict[tuple[str, Any], str] = {}
    found: list[int] = []
    for cell in cells:
        parts = []
        for name, (key, value) in sorted(cell._identity().items()):
            text = spelled.get((name, key))
            if text is None:
                text = spelled[name, key] = f"{canonical_json(name)}:{canonical_json(value())}"
            parts.append(text)
        found.append(text_digest64("{" + ",".join(parts) + "}"))
        vars(cell)["digest"] = found[-1]  # where the cached property would put the same number
    return np.array(found, dtype=np.uint64)


@dataclass(frozen=True)
class Variant:
    """What runs of one cell differ in.

    Parameters
    ----------
    strategy : Strategy
    query_learner : Learner or None
        The learner that the strategy looks at; None for the one that is scored.
    batch_size : int
        Labels asked for in a cycle.
    """

    strategy: Strategy
    query_learner: Learner | None
    batch_size: int

    def identity(self) -> dict[str, Any]:
        """The variant's resolved configuration."""
        return {
            "strategy": self.strategy.identity(),
            "query_learner": None if self.query_learner is None else self.query_learner.identity(),
            "batch_size": self.batch_size,
        }

    @cached_property
    def digest(self) -> int:
        """64 bits of the identity."""
        return digest64(self.identity())

    def levels(self) -> dict[str, Any]:
        """The variant's part of a stored row (see `algrid.schema`)."""
        return {
            "strategy": self.strategy.label,
            "strategy_family": self.strategy.family(),
            "strategy_implementation": self.strategy.implementation(),
            "strategy_parameters": canonical_json(self.strategy.parameters()),
            "query_learner": "same" if self.query_learner is None else self.query_learner.label,
            "batch_size": self.batch_size,
        }
