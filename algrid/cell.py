"""What a run is made of: a cell (all that runs may share fits by) and a variant (all else)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from algrid.datasets.base import DatasetPlugin
from algrid.identity import canonical_json, digest64
from algrid.learners.base import Learner
from algrid.oracles import Oracle
from algrid.preprocessing.base import Preprocessing
from algrid.seeds import Streams
from algrid.splits import Split
from algrid.start_sets import StartSet
from algrid.strategies.base import Strategy

__all__ = ["UNBOUND", "Cell", "Variant"]

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
        return {
            "root_seed": self.root_seed,
            "dataset": {"name": self.dataset.dataset_name, "content": self.dataset_hash},
            "split": [self.split.identity_at(self.split_index), self.split_index],
            "start_set": [self.start_set.identity_at(self.start_index), self.start_index],
            "preprocessing": self.preprocessing.identity_in_cell(),
            "learner": self.learner.identity(),
            "oracle": self.oracle.identity(),
            "seed": self.seed,
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
