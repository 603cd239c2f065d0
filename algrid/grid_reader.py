"""From the plain data of a grid file to the fields of a `GridSpec`: every mistake is noted with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from algrid.datasets import DATASETS, Dataset, DatasetPlugin
from algrid.datasets.kept import keep
from algrid.errors import AlgridError, unknown_name
from algrid.grid_catalogues import level_named, levels_of_catalogue
from algrid.grid_exclusions import read_exclusions
from algrid.grid_files import FileFinder
from algrid.grid_levels import build_level, described, entries, level_label, read_levels, spelled, unique
from algrid.grid_values import Budget, Limits, parse_memory
from algrid.learners import LEARNERS, Learner
from algrid.metrics import METRICS, ProbabilityMetric
from algrid.oracles import ORACLES
from algrid.preprocessing import PREPROCESSINGS
from algrid.registry import Plugin, Registry
from algrid.splits import SPLITS
from algrid.start_sets import START_SETS
from algrid.strategies import STRATEGIES
from algrid.yaml_lines import KeyPath, Problems

__all__ = ["DEFAULTS", "GridReader"]

P = TypeVar("P", bound=Plugin)

#: What a key that is left out means; `datasets` and `strategies` have no default, `name` is the file's.
DEFAULTS: Mapping[str, Any] = {
    "seed": 0,
    "splits": {"kind": "stratified", "count": 1},
    "start_sets": {"kind": "one_per_class", "count": 1},
    "learners": ["logistic_regression"],
    "query_learners": ["same"],
    "batch_sizes": [5],
    "budgets": [50],
    "preprocessing": ["standard"],
    "oracles": ["perfect"],
    "seeds": [0],
    "exclude": [],
    "limits": {},
    "record": {},
}
_REQUIRED = ("datasets", "strategies")
_KEYS = ("name", "seed", *_REQUIRED, *(key for key in DEFAULTS if key != "seed"))

#: Counts and indices are stored as 32-bit integers, the root seed as one of 64 bits.
_INT32, _INT64 = 2**31 - 1, 2**63 - 1


def _plain_data(problems: Problems, path: KeyPath, value: Any) -> Any:
    """Data as a YAML text has them: lists for tuples and arrays, Python's own numbers, all finite."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Dataset):
        return spelled(keep(value), DATASETS)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                problems.add(path, f"a key must be text, found {described(key)}.")
        return {key: _plain_data(problems, (*path, key), item) for key, item in value.items() if isinstance(key, str)}
    if isinstance(value, list | tuple | range):
        return [_plain_data(problems, (*path, i), item) for i, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        problems.add(path, f"{value} is no finite number. Where no limit is meant, write null.")
    elif hasattr(value, "iloc"):
        problems.add(path, "a pandas object. Give a dataset of it: ag.Dataset.from_frame(frame, target=..., name=...).")
    elif value is not None and not isinstance(value, str | bool | int | float):
        problems.add(path, f"found {described(value)} where text, a number, a list or a mapping is needed.")
    return value


class GridReader:
    """Reads one grid.

    Parameters
    ----------
    problems : Problems
        Where mistakes are noted.
    files : FileFinder
        Finds the files that the grid names.
    """

    def __init__(self, problems: Problems, files: FileFinder) -> None:
        self.problems, self.files = problems, files

    def fields(self, data: Any, default_name: str) -> dict[str, Any]:
        """The fields of a `GridSpec`; where a mistake was noted they are not whole.

        Parameters
        ----------
        data : plain data
        default_name : str
            Name of a grid that has none of its own.
        """
        data = _plain_data(self.problems, (), data)
        if len(self.problems):
            return {}
        if not isinstance(data, dict) or not data:
            found = "nothing" if data is None or data == {} else described(data)
            self.problems.add((), f"found {found} where a grid is needed: keys such as `datasets:` and `strategies:`.")
            return {}
        for key in data:
            if key not in _KEYS:
                self.problems.add((key,), unknown_name("key", key, _KEYS))
        for key in _REQUIRED:
            if key not in data:
                self.problems.add((), f"the key {key!r} is missing. A grid needs {' and '.join(_REQUIRED)}.")
        given = {"name": default_name, **DEFAULTS, **data}
        read: dict[str, Any] = {}
        for key, reader in self._readers().items():
            before = len(self.problems)
            value = reader((key,), given[key]) if key in given else None
            if key in given and len(self.problems) == before:
                read[key] = value
        exclude = read_exclusions(self.problems, ("exclude",), given["exclude"], read)
        split, n_splits = read.pop("splits", (None, 0))
        start_set, n_start_sets = read.pop("start_sets", (None, 0))
        return {
            **read,
            "split": split,
            "n_splits": n_splits,
            "start_set": start_set,
            "n_start_sets": n_start_sets,
            "exclude": exclude,
        }

    def _readers(self) -> dict[str, Callable[[KeyPath, Any], Any]]:
        return {
            "name": self._name,
            "seed": lambda path, value: self._integer(path, value, low=0, high=_INT64),
            "datasets": self._datasets,
            "splits": lambda path, value: self._design(path, value, SPLITS),
            "start_sets": lambda path, value: self._design(path, value, START_SETS),
            "strategies": lambda path, value: self._levels(path, value, STRATEGIES),
            "learners": lambda path, value: self._levels(path, value, LEARNERS),
            "query_learners": self._query_learners,
            "batch_sizes": lambda path, value: self._integers(path, value, low=1, what="batch size"),
            "budgets": self._budgets,
            "preprocessing": lambda path, value: self._levels(path, value, PREPROCESSINGS),
            "oracles": lambda path, value: self._levels(path, value, ORACLES),
            "seeds": lambda path, value: self._integers(path, value, low=0, what="seed"),
            "limits": self._limits,
            "record": self._record,
        }

    # -- axes of plugins ---------------------------------------------------------------------------

    def _levels(self, path: KeyPath, value: Any, registry: Registry[P]) -> tuple[P, ...]:
        found = [
            level
            for place, item in entries(self.problems, path, value, registry.kind)
            for level in read_levels(self.problems, place, item, registry)
        ]
        return unique(self.problems, found, level_label)

    def _query_learners(self, path: KeyPath, value: Any) -> tuple[Learner | None, ...]:
        found: list[tuple[KeyPath, Learner | None]] = []
        for place, item in entries(self.problems, path, value, "query learner"):
            found += [(place, None)] if item == "same" else read_levels(self.problems, place, item, LEARNERS)
        return unique(self.problems, found, level_label)

    def _datasets(self, path: KeyPath, value: Any) -> tuple[DatasetPlugin, ...]:
        found = [
            level
            for place, item in entries(self.problems, path, value, "dataset")
            for one in self._expanded(place, item)
            for level in read_levels(self.problems, place, one, DATASETS, self.files)
        ]
        return unique(self.problems, found, level_label)

    def _expanded(self, path: KeyPath, item: Any) -> list[Any]:
        """The entries that a catalogue, or the files of a pattern, stand for; any other stands for itself."""
        try:
            if isinstance(item, str):
                return [level_named(item)]
            if isinstance(item, dict) and "catalogue" in item:
                return levels_of_catalogue(item, self.files)
            return self._of_files(path, item)
        except AlgridError as error:
            self.problems.add(path, str(error))
            return []

    def _of_files(self, path: KeyPath, item: Any) -> list[Any]:
        """The entries that ``file: PATH``, ``files: PATTERN`` or ``files: {path: PATTERN, ...}`` stand for."""
        if not (isinstance(item, dict) and len(item) == 1 and {"file", "files"} & set(item)):
            return [item]
        ((name, value),) = item.items()
        parameters = {"path": value} if isinstance(value, str) else value
        if name == "file":
            return [{"file": parameters}]
        pattern = parameters.get("path") if isinstance(parameters, dict) else None
        if not isinstance(pattern, str):
            self.problems.add((*path, name), f"found {described(value)} where a pattern is needed, as in data/*.csv.")
            return []
        try:
            return [{"file": {**parameters, "path": match}} for match in self.files.match(pattern)]
        except AlgridError as error:
            self.problems.add((*path, name), str(error))
            return []

    def _design(self, path: KeyPath, value: Any, registry: Registry[P]) -> tuple[P | None, int | None]:
        """Kind and count of splits or start sets."""
        value = {"kind": value} if isinstance(value, str) else value
        if not isinstance(value, dict):
            example = f"{{kind: {registry.names()[0]}, count: 2}}"
            self.problems.add(path, f"found {described(value)} where a mapping is needed, as in {example}.")
            return None, None
        (key,) = path
        value = {**DEFAULTS[str(key)], **value}
        count = self._integer((*path, "count"), value.pop("count"), low=1)
        kind = value.pop("kind")
        if not isinstance(kind, str):
            self.problems.add((*path, "kind"), f"found {described(kind)} where a {registry.kind} is needed: its name.")
            return None, count
        given = {name: ((*path, name), item) for name, item in value.items()}
        place = (*path, "kind")
        return build_level(self.problems, place, kind, given, registry=registry, files=self.files), count

    # -- axes of numbers and names -----------------------------------------------------------------

    def _integers(self, path: KeyPath, value: Any, *, low: int, what: str) -> tuple[int, ...]:
        read = [
            (place, self._integer(place, item, low=low)) for place, item in entries(self.problems, path, value, what)
        ]
        return unique(self.problems, [(place, number) for place, number in read if number is not None], str)

    def _integer(self, path: KeyPath, value: Any, *, low: int, high: int = _INT32) -> int | None:
        if type(value) is int and low <= value <= high:
            return value
        if type(value) is int:
            bound = f"at least {low}" if value < low else f"at most {high}"
            self.problems.add(path, f"{value} is not possible here: it must be {bound}.")
            return None
        cure = " Write it without quotes." if isinstance(value, str) and re.fullmatch(r"[0-9]+", value) else ""
        self.problems.add(path, f"found {described(value)} where a whole number of at least {low} is needed.{cure}")
        return None

    def _budgets(self, path: KeyPath, value: Any) -> tuple[Budget, ...]:
        found = []
        for place, item in entries(self.problems, path, value, "budget"):
            if item == "all":
                found.append((place, Budget()))
            elif isinstance(item, dict) and set(item) == {"cycles"}:
                cycles = self._integer((*place, "cycles"), item["cycles"], low=1)
                found += [(place, Budget(cycles=cycles))] if cycles is not None else []
            elif type(item) is int:
                labels = self._integer(place, item, low=1)
                found += [(place, Budget(labels=labels))] if labels is not None else []
            else:
                self.problems.add(
                    place,
                    f"found {described(item)} where a budget is needed: a number of labels, such as 50, "
                    "{cycles: 99} or all (the whole pool).",
                )
        return unique(self.problems, found, level_label)

    def _names(self, path: KeyPath, value: Any, known: Sequence[str], what: str) -> tuple[str, ...]:
        found = []
        for place, item in entries(self.problems, path, value, what):
            if item in known:
                found.append((place, item))
            else:
                self.problems.add(place, unknown_name(what, item, known))
        return unique(self.problems, found, str)

    # -- the rest ----------------------------------------------------------------------------------

    def _name(self, path: KeyPath, value: Any) -> str:
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", value):
            return value
        self.problems.add(
            path,
            f"found {described(value)} where a name is needed: text of at most 100 letters, digits, '.', '_' and '-' "
            "(results are written to a folder of that name).",
        )
        return ""

    def _mapping(self, path: KeyPath, value: Any, known: Sequence[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.problems.add(
                path, f"found {described(value)} where a mapping is needed. Its keys: {', '.join(known)}."
            )
            return {}
        for key in value:
            if key not in known:
                self.problems.add((*path, key), unknown_name("key", key, known))
        return value

    def _limits(self, path: KeyPath, value: Any) -> Limits:
        given = {**Limits().plain(), **self._mapping(path, value, list(Limits().plain()))}
        cycle, run = (self._seconds((*path, key), given[key]) for key in ("seconds_per_cycle", "seconds_per_run"))
        memory = given["memory"]
        if memory is not None and (isinstance(memory, bool) or not isinstance(memory, int | str)):
            self.problems.add(
                (*path, "memory"), f"found {described(memory)} where a size is needed, such as 2GiB, or null."
            )
            memory = None
        try:
            n_bytes = None if memory is None else parse_memory(memory)
        except ValueError as error:
            self.problems.add((*path, "memory"), f"{error}.")
            n_bytes = None
        return Limits(cycle, run, n_bytes)

    def _seconds(self, path: KeyPath, value: Any) -> float | None:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value <= 0):
            self.problems.add(path, f"found {described(value)} where a number above 0 is needed, or null for no limit.")
            return None
        return None if value is None else float(value)

    def _record(self, path: KeyPath, value: Any) -> tuple[str, ...]:
        key = "probability_metrics"
        wanted = self._mapping(path, value, [key]).get(key, [])
        known = {cls.name: issubclass(cls, ProbabilityMetric) for cls in METRICS.classes()}
        recorded = [name for name, of_probabilities in known.items() if of_probabilities]
        for place, item in [] if wanted == [] else entries(self.problems, (*path, key), wanted, "probability metric"):
            if isinstance(item, str) and known.get(item) is False:
                self.problems.add(
                    place,
                    f"{item} needs no recording: it comes from the confusion matrices, which are always stored. Leave "
                    f"it out. To be recorded: {', '.join(recorded)}.",
                )
                return ()
        return () if wanted == [] else self._names((*path, key), wanted, recorded, "probability metric")
