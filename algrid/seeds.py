"""Streams of randomness: each from the root seed and exactly the named axes that it may depend on.

Nothing in algrid draws from a global generator. Two runs that share the axes of a stream share its
numbers (common random numbers: they differ in what is compared, not in luck), and adding a level to
any other axis changes nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.identity import canonical_json

__all__ = ["Streams", "generator"]


def generator(root: int, stream: str, /, **axes: Any) -> np.random.Generator:
    """A generator that depends on the root seed, the stream's name and these axes, and nothing else.

    Parameters
    ----------
    root : int
        The grid's seed.
    stream : str
        What the numbers are for; streams with different names are independent.
    **axes
        Names and values (JSON-able) of the axes that the stream may depend on.
    """
    key = hashlib.sha256(canonical_json([root, stream, axes]).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence(np.frombuffer(key, dtype=np.uint32).tolist()))


@dataclass(frozen=True)
class Streams:
    """The streams of one cell (DESIGN.md, decision 2). Each method names the axes it adds.

    Parameters
    ----------
    root : int
        The grid's seed.
    dataset : str
        Content hash of the dataset (not its name or path).
    split_kind, start_kind : str
        Names of the split and start-set kinds.
    split, start, seed : int
        Their indices in the grid, and the learner seed's.
    """

    root: int
    dataset: str
    split_kind: str
    split: int
    start_kind: str
    start: int
    seed: int
    _split_axes: dict[str, Any] = field(init=False, repr=False, compare=False)
    _start_axes: dict[str, Any] = field(init=False, repr=False, compare=False)
    _seed_axes: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        split = {"dataset": self.dataset, "split_kind": self.split_kind, "split": self.split}
        start = {**split, "start_kind": self.start_kind, "start": self.start}
        object.__setattr__(self, "_split_axes", split)
        object.__setattr__(self, "_start_axes", start)
        object.__setattr__(self, "_seed_axes", {**start, "seed": self.seed})

    def split_rng(self) -> np.random.Generator:
        """For the split: dataset content, split kind, split index."""
        return generator(self.root, "split", **self._split_axes)

    def start_rng(self) -> np.random.Generator:
        """For the start set: the split's axes, start kind, start index."""
        return generator(self.root, "start_set", **self._start_axes)

    def learner_seed(self) -> int:
        """The learner's `random_state` (31 bits): the start set's axes and the seed index.

        It does not depend on the cycle, the strategy, the batch size or the learner's parameters.
        """
        return int(generator(self.root, "learner", **self._seed_axes).integers(2**31 - 1))

    def ties(self, n_pool: int) -> NDArray[np.intp]:
        """Rank of each pool index in the permutation that breaks ties, the same for the whole cell."""
        return _ranks(generator(self.root, "ties", **self._seed_axes), n_pool)

    def random_order(self, n_pool: int) -> NDArray[np.intp]:
        """Rank of each pool index in the permutation that `random` follows: its batches are nested."""
        return _ranks(generator(self.root, "random", **self._seed_axes), n_pool)

    def strategy_rng(self, strategy: str, parameters: dict[str, Any], n_labeled: int) -> np.random.Generator:
        """For a stochastic strategy: its name and parameters, and the number of labels so far."""
        return generator(
            self.root, "strategy", **self._seed_axes, strategy=strategy, parameters=parameters, n_labeled=n_labeled
        )

    def oracle_rng(self) -> np.random.Generator:
        """For label noise: the dataset and the seed index; the n-th draw belongs to the n-th row."""
        return generator(self.root, "oracle", dataset=self.dataset, seed=self.seed)


def _ranks(rng: np.random.Generator, n: int) -> NDArray[np.intp]:
    ranks = np.empty(n, dtype=np.intp)
    ranks[rng.permutation(n)] = np.arange(n, dtype=np.intp)
    return ranks
