"""Start sets: the pool rows of a run that are labelled before its first query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid._allocation import apportion
from algrid._index_files import file_state, index_array, read_json
from algrid.errors import GridError
from algrid.identity import digest64
from algrid.registry import Plugin, Registry

__all__ = ["START_SETS", "ExplicitStartSet", "OnePerClass", "RandomStartSet", "StartSet", "StratifiedStartSet"]

Codes = NDArray[np.intp]
Counts = NDArray[np.intp]


@dataclass(frozen=True)
class StartSet(Plugin):
    """Base of start-set kinds.

    Classes are the clean ones, whatever the oracle says later: a start set is a property of the pool.
    """

    def draw(self, pool_y: Codes, n_classes: int, index: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """One start set.

        Parameters
        ----------
        pool_y : (n_pool,) int array
            Clean class codes of the pool, some classes may be absent; `unsupported` has nothing against it.
        n_classes : int
            Classes of the dataset.
        index : int
            Which of the grid's start sets it is.
        rng : Generator
            The stream of this start set: a seeded kind draws from it alone, whatever the index.

        Returns
        -------
        (n_start,) int array of pool indices, ascending, at least one.
        """
        raise NotImplementedError

    def size_of(self, pool_counts: Counts, index: int) -> int | None:  # noqa: ARG002
        """Rows of a start set, where the rows of each class in the pool, (n_classes,), say it; else None: draw it."""
        return None

    def unsupported(self, pool_counts: Counts) -> str | None:  # noqa: ARG002 - for kinds that need something
        """Why a pool with so many rows of each class can't serve such a start set, or None: a skip of the plan."""
        return None

    def check(self, pool_counts: Counts, count: int) -> None:
        """Check the start sets 0 to ``count - 1`` of a pool before anything runs.

        Raises
        ------
        GridError
            If one of them can't be, by a mistake in the grid file or in what it names.
        """

    def identity_at(self, index: int) -> dict[str, Any]:  # noqa: ARG002 - the same for all indices of a seeded kind
        """What distinguishes the start set of this index, beside the index and the root seed."""
        return self.identity()


@dataclass(frozen=True)
class OnePerClass(StartSet):
    """One random row of each class that the pool has."""

    name: ClassVar[str] = "one_per_class"
    source: ClassVar[str] = "Survey of Active Learning Hyperparameters (arXiv 2506.03817)"

    def draw(self, pool_y: Codes, n_classes: int, index: int, rng: np.random.Generator) -> NDArray[np.intp]:  # noqa: ARG002
        """The first row of each class in a random order of the pool."""
        order = rng.permutation(len(pool_y))
        _, first = np.unique(pool_y[order], return_index=True)
        return np.sort(order[first])

    def size_of(self, pool_counts: Counts, index: int) -> int:  # noqa: ARG002
        """The number of classes in the pool."""
        return int(np.count_nonzero(pool_counts))


@dataclass(frozen=True)
class _Sized(StartSet):
    """Base of start sets of a given size."""

    size: Annotated[int, Field(ge=1)]

    def size_of(self, pool_counts: Counts, index: int) -> int:  # noqa: ARG002
        """The given one."""
        return self.size

    def unsupported(self, pool_counts: Counts) -> str | None:
        """A reason where the start set is larger than the pool."""
        n_pool = int(pool_counts.sum())
        return (
            None
            if self.size <= n_pool
            else f"a start set of {self.size} rows is larger than the pool, which has {n_pool}"
        )


@dataclass(frozen=True)
class RandomStartSet(_Sized):
    """Random rows of the pool, whatever their class: it may hold a single class.

    Start sets of different sizes are nested: a smaller one is a part of the larger.

    Parameters
    ----------
    size : int
        Number of rows.
    """

    name: ClassVar[str] = "random"

    def draw(self, pool_y: Codes, n_classes: int, index: int, rng: np.random.Generator) -> NDArray[np.intp]:  # noqa: ARG002
        """The first rows of a random order of the pool."""
        return np.sort(rng.permutation(len(pool_y))[: self.size])


@dataclass(frozen=True)
class StratifiedStartSet(_Sized):
    """Random rows in the classes' shares of the pool, by largest remainders.

    Every class that the pool has gets a row at least, if `size` suffices for that; a smaller start set
    is given to the classes with the largest shares.

    Parameters
    ----------
    size : int
        Number of rows.
    """

    name: ClassVar[str] = "stratified"

    def draw(self, pool_y: Codes, n_classes: int, index: int, rng: np.random.Generator) -> NDArray[np.intp]:  # noqa: ARG002
        """The first rows of each class in a random order of the pool."""
        counts = np.bincount(pool_y, minlength=n_classes)
        enough = self.size >= np.count_nonzero(counts)
        taken = apportion(counts, self.size, np.minimum(counts, 1) if enough else np.zeros_like(counts), counts)
        order = rng.permutation(len(pool_y))
        by_class = order[np.argsort(pool_y[order], kind="stable")]
        rank = np.arange(len(pool_y)) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.sort(by_class[rank < np.repeat(taken, counts)])


@dataclass(frozen=True)
class ExplicitStartSet(StartSet):
    """Start sets that are listed in a file.

    The file is a JSON list of lists of pool indices, one a start set::

        [[0, 17, 4], [3, 8, 11]]

    A pool index is a position in the split's pool, from 0: with an explicit split the position in its
    list. The same lists serve every split of the grid.

    Parameters
    ----------
    path : str
        The JSON file. Its content is part of a run's identity, its path is not.
    """

    name: ClassVar[str] = "explicit"

    path: Annotated[str, Field(min_length=1)]

    def draw(self, pool_y: Codes, n_classes: int, index: int, rng: np.random.Generator) -> NDArray[np.intp]:  # noqa: ARG002
        """The listed pool indices, ascending.

        Raises
        ------
        GridError
            If the file has no such start set, or a pool index that can't be.
        """
        return self._indices(index, len(pool_y))

    def size_of(self, pool_counts: Counts, index: int) -> int:
        """The length of the list."""
        return len(self._indices(index, int(pool_counts.sum())))

    def check(self, pool_counts: Counts, count: int) -> None:
        """Check the listed start sets."""
        for index in range(count):
            self._indices(index, int(pool_counts.sum()))

    def identity(self) -> dict[str, Any]:
        """Name, version, and a digest of all start sets of the file."""
        return {"name": self.name, "version": self.version, "content": f"{digest64(self._sets()):016x}"}

    def identity_at(self, index: int) -> dict[str, Any]:
        """Name, version, and a digest of this start set alone: others of the file may change."""
        return {"name": self.name, "version": self.version, "content": f"{digest64(self._set(index)):016x}"}

    @property
    def label(self) -> str:
        """The name, and the file's name without folder and ending."""
        return f"{self.name}({Path(self.path).stem})"

    def _indices(self, index: int, n_pool: int) -> NDArray[np.intp]:
        where = f"start set {index} in {self.path!r}"
        return np.sort(index_array(self._set(index), n_pool, space="pool index", where=where))

    def _set(self, index: int) -> Any:
        sets = self._sets()
        if not 0 <= index < len(sets):
            raise GridError(
                f"there is no start set {index} in {self.path!r}: it has {len(sets)}, 0 to {len(sets) - 1}. "
                f"Lower the grid's number of start sets to at most {len(sets)}."
            )
        return sets[index]

    def _sets(self) -> list[Any]:
        return _read_sets(*file_state(self.path))


@lru_cache(maxsize=8)
def _read_sets(path: str, changed: int, size: int) -> list[Any]:  # noqa: ARG001 - the cache's key
    """All start sets of a file, not yet checked against a pool."""
    shape = "[[0, 17, 4], [3, 8, 11]]: a list of pool indices for each start set."
    sets = read_json(path, shape)
    if not isinstance(sets, list) or not sets:
        raise GridError(f"file of start sets {path!r} must look like {shape}")
    return sets


#: All start-set kinds.
START_SETS: Registry[StartSet] = Registry("start-set kind", StartSet, __name__)
