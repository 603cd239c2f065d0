"""Splits: which rows of a dataset are the pool, and which are the test part."""

from __future__ import annotations

import csv
import math
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid._allocation import apportion
from algrid._index_files import file_state, index_array, read_json, read_text
from algrid.datasets.base import Dataset
from algrid.datasets.facts import DatasetFacts
from algrid.errors import AlgridWarning, GridError
from algrid.identity import digest64
from algrid.registry import Plugin, Registry

__all__ = ["SPLITS", "Counts", "ExplicitSplit", "PublishedSplit", "Rows", "Split", "StratifiedSplit"]

#: Rows of a dataset: (n,) int array.
Rows = NDArray[np.intp]

#: Rows of each class: (n_classes,) int array.
Counts = NDArray[np.intp]

_PARTS = ("pool", "test")


@dataclass(frozen=True)
class Split(Plugin):
    """Base of split kinds."""

    def make(self, dataset: Dataset, index: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
        """The rows of one split.

        Parameters
        ----------
        dataset : Dataset
            One that `unsupported` has nothing against.
        index : int
            Which of the grid's splits it is.
        rng : Generator
            The stream of this split: a seeded kind draws from it alone, whatever the index.

        Returns
        -------
        pool_rows, test_rows : int arrays
            Disjoint, at least one row each. A pool index is a position in `pool_rows`.
        """
        raise NotImplementedError

    def parts(self, dataset: Dataset | DatasetFacts) -> tuple[Counts, Counts] | None:  # noqa: ARG002
        """(n_classes,) rows of each class in the pool and in the test part of every split.

        None where only `make` can tell, which needs the data.
        """
        return None

    def unsupported(self, dataset: Dataset | DatasetFacts) -> str | None:  # noqa: ARG002 - for kinds that need something
        """Why this dataset can't be split so, or None where it can: a skip of the plan."""
        return None

    def check(self, dataset: Dataset, count: int) -> None:
        """Check the splits 0 to ``count - 1`` of a dataset before anything runs.

        Raises
        ------
        GridError
            If one of them can't be, by a mistake in the grid file or in what it names.
        """

    def identity_at(self, index: int) -> dict[str, Any]:  # noqa: ARG002 - the same for all indices of a seeded kind
        """What distinguishes the split of this index, beside the index and the root seed."""
        return self.identity()


@dataclass(frozen=True)
class StratifiedSplit(Split):
    """A seeded split that keeps the shares of the classes, with every class in both parts.

    The test part has `test_size` of the rows, to the nearest (a half is rounded up); the classes share
    it by largest remainders, within one row of a class's share unless it would be left out of a part.

    Parameters
    ----------
    test_size : float
        Share of the test part; the reference study's by default.
    """

    name: ClassVar[str] = "stratified"
    source: ClassVar[str] = "Survey of Active Learning Hyperparameters (arXiv 2506.03817): test share 0.4"

    test_size: Annotated[float, Field(gt=0, lt=1)] = 0.4

    def make(self, dataset: Dataset, index: int, rng: np.random.Generator) -> tuple[Rows, Rows]:  # noqa: ARG002
        """Both parts in ascending order of rows."""
        counts = dataset.class_counts
        n_test = self.parts(dataset)[1]
        order = rng.permutation(dataset.n_rows)
        by_class = order[np.argsort(dataset.y[order], kind="stable")]
        rank = np.arange(dataset.n_rows) - np.repeat(np.cumsum(counts) - counts, counts)
        is_test = rank < np.repeat(n_test, counts)
        return np.sort(by_class[~is_test]), np.sort(by_class[is_test])

    def parts(self, dataset: Dataset | DatasetFacts) -> tuple[Counts, Counts]:
        """Rows of each class in either part, which the class counts alone say."""
        counts = np.asarray(dataset.class_counts, dtype=np.intp)
        total = math.floor(dataset.n_rows * self.test_size + 0.5)
        n_test = apportion(counts, total, np.ones_like(counts), counts - 1)
        return counts - n_test, n_test

    def unsupported(self, dataset: Dataset | DatasetFacts) -> str | None:
        """A reason where a class has fewer than two rows."""
        rare = np.flatnonzero(np.asarray(dataset.class_counts) < 2)
        if not len(rare):
            return None
        code = int(rare[0])
        more = f" (and {len(rare) - 1} more such classes)" if len(rare) > 1 else ""
        return (
            f"a stratified split needs two rows of every class: class {dataset.class_names[code]!r} has "
            f"{dataset.class_counts[code]}{more}"
        )


@dataclass(frozen=True)
class ExplicitSplit(Split):
    """Splits that are listed in a file: published ones, OpenML tasks, anybody's protocol.

    The order given is kept: a pool index is the position in the pool's list. Rows that are in neither
    part are left out. Rows count from 0.

    A JSON file is a list with an entry a split::

        [{"pool": [0, 2, 5], "test": [1, 3, 4]}, {"pool": [1, 3, 4], "test": [0, 2, 5]}]

    A CSV file has the columns split, part and row, in any order::

        split,part,row
        0,pool,0
        0,test,1

    Parameters
    ----------
    path : str
        A ``.json`` or ``.csv`` file. Its content is part of a run's identity, its path is not.
    """

    name: ClassVar[str] = "explicit"

    path: Annotated[str, Field(min_length=1)]

    def make(self, dataset: Dataset, index: int, rng: np.random.Generator) -> tuple[Rows, Rows]:  # noqa: ARG002
        """Both parts in the order of the file.

        Raises
        ------
        GridError
            If the file has no such split, or a row that can't be.
        """
        parts = self._split(index)
        pool, test = (
            index_array(parts[part], dataset.n_rows, space="row", where=f"{part} of split {index} in {self.path!r}")
            for part in _PARTS
        )
        both = np.intersect1d(pool, test)
        if len(both):
            raise GridError(f"split {index} in {self.path!r} has row {both[0]} in the pool and in the test part.")
        return pool, test

    def check(self, dataset: Dataset, count: int) -> None:
        """Check the listed splits; a class that a part lacks is an `AlgridWarning`."""
        for index in range(count):
            parts = self.make(dataset, index, np.random.default_rng(0))
            _warn_of_lacking(dataset, parts, f"split {index} in {self.path!r}")

    def identity(self) -> dict[str, Any]:
        """Name, version, and a digest of all splits of the file."""
        return {"name": self.name, "version": self.version, "content": f"{digest64(self._splits()):016x}"}

    def identity_at(self, index: int) -> dict[str, Any]:
        """Name, version, and a digest of this split alone: other splits of the file may change."""
        return {"name": self.name, "version": self.version, "content": f"{digest64(self._split(index)):016x}"}

    @property
    def label(self) -> str:
        """The name, and the file's name without folder and ending."""
        return f"{self.name}({Path(self.path).stem})"

    def _split(self, index: int) -> dict[str, Any]:
        splits = self._splits()
        if not 0 <= index < len(splits):
            raise GridError(
                f"there is no split {index} in {self.path!r}: it has {len(splits)}, 0 to {len(splits) - 1}. "
                f"Lower the grid's number of splits to at most {len(splits)}."
            )
        return splits[index]

    def _splits(self) -> list[dict[str, Any]]:
        return _read_splits(*file_state(self.path))


@dataclass(frozen=True)
class PublishedSplit(Split):
    """The one split that a dataset was published with: its test part, and all other rows as the pool.

    A dataset has it from its files (``text_file: {path: train.txt, test_path: test.txt}``) or its hub. Which rows
    they are is part of the dataset's content hash.
    """

    name: ClassVar[str] = "published"

    def make(self, dataset: Dataset, index: int, rng: np.random.Generator) -> tuple[Rows, Rows]:  # noqa: ARG002
        """Both parts in ascending order of rows."""
        assert dataset.test_rows is not None, "unsupported() says so"
        return np.setdiff1d(np.arange(dataset.n_rows), dataset.test_rows), dataset.test_rows

    def unsupported(self, dataset: Dataset | DatasetFacts) -> str | None:
        """A reason where there is none, or where its pool has one class."""
        if dataset.test_counts is None:
            return "it was published with no split"
        n_classes = np.count_nonzero(np.subtract(dataset.class_counts, dataset.test_counts))
        n_test = sum(dataset.test_counts)
        if not n_test or n_classes < 2:
            return f"its published split has {n_classes} classes in the pool and {n_test} test rows"
        return None

    def check(self, dataset: Dataset, count: int) -> None:
        """There is one such split.

        Raises
        ------
        GridError
            For more.
        """
        if count > 1:
            raise GridError(f"{dataset.name!r} has one published split, not {count}: set the count of `splits` to 1.")
        _warn_of_lacking(dataset, self.make(dataset, 0, np.random.default_rng(0)), "the published split")


def _warn_of_lacking(dataset: Dataset, parts: tuple[Rows, Rows], where: str) -> None:
    """Warn of classes that a part has no row of."""
    for part, rows in zip(_PARTS, parts, strict=True):
        lacking = np.setdiff1d(np.flatnonzero(dataset.class_counts), dataset.y[rows])
        if len(lacking):
            names = ", ".join(repr(dataset.class_names[code]) for code in lacking[:5])
            more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
            warnings.warn(
                f"{part} of {where} lacks classes of {dataset.name!r}: {names}{more}.", AlgridWarning, stacklevel=3
            )


@lru_cache(maxsize=8)
def _read_splits(path: str, changed: int, size: int) -> list[dict[str, Any]]:  # noqa: ARG001 - the cache's key
    """All splits of a file: for each a dict of pool and test, not yet checked against a dataset."""
    ending = Path(path).suffix.lower()
    if ending not in {".json", ".csv"}:
        raise GridError(f"file of splits {path!r} must end in .json or .csv, not in {ending!r}.")
    splits = _splits_of_json(path) if ending == ".json" else _splits_of_csv(path)
    if not splits:
        raise GridError(f"file of splits {path!r} has no split.")
    return splits


def _splits_of_json(path: str) -> list[dict[str, Any]]:
    shape = '[{"pool": [0, 2], "test": [1, 3]}, ...].'
    splits = read_json(path, shape)
    if not isinstance(splits, list):
        raise GridError(f"file of splits {path!r} must be a list with an entry a split: {shape}")
    for index, split in enumerate(splits):
        if not (isinstance(split, dict) and set(split) == set(_PARTS)):
            raise GridError(f"split {index} in {path!r} must have exactly the keys 'pool' and 'test': {shape}")
    return splits


def _splits_of_csv(path: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(read_text(path).splitlines())
    if set(reader.fieldnames or ()) != {"split", "part", "row"}:
        raise GridError(f"file of splits {path!r} must have the columns split,part,row, not {reader.fieldnames}.")
    splits: dict[int, dict[str, Any]] = {}
    for line in reader:
        try:
            index, part, row = int(line["split"]), line["part"].strip(), int(line["row"])
        except (TypeError, ValueError, AttributeError) as error:
            raise GridError(
                f"line {reader.line_num} of {path!r} is {line}: split and row must be integers, "
                "part one of pool and test."
            ) from error
        if part not in _PARTS:
            raise GridError(f"line {reader.line_num} of {path!r} has the part {part!r}: allowed are pool and test.")
        splits.setdefault(index, {name: [] for name in _PARTS})[part].append(row)
    if sorted(splits) != list(range(len(splits))):
        raise GridError(f"the splits of {path!r} must be numbered from 0 without a gap; they are {sorted(splits)}.")
    return [splits[index] for index in sorted(splits)]


#: All split kinds.
SPLITS: Registry[Split] = Registry("split kind", Split, __name__)
