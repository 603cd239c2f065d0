"""The grid: what is to be run, read from a YAML file and validated as a whole before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from math import prod
from pathlib import Path
from typing import Any

from algrid.datasets import DATASETS, DatasetPlugin
from algrid.errors import GridError
from algrid.grid_exclusions import EXCLUDABLE, Exclusion
from algrid.grid_files import FileFinder, grid_file, shipped
from algrid.grid_levels import level_label, spelled
from algrid.grid_reader import GridReader
from algrid.grid_values import Budget, Limits
from algrid.learners import LEARNERS, Learner
from algrid.oracles import ORACLES, Oracle
from algrid.preprocessing import PREPROCESSINGS, Preprocessing
from algrid.registry import Plugin
from algrid.splits import Split
from algrid.start_sets import StartSet
from algrid.strategies import STRATEGIES, Strategy
from algrid.yaml_lines import Problems, dump_yaml, load_yaml

__all__ = ["Budget", "GridSpec", "Limits", "shipped"]


@dataclass(frozen=True)
class GridSpec:
    """A validated grid: every axis with its levels, every default filled in.

    A run is a combination of one level of each axis, but of the budgets: a shorter budget is read off
    the longest run. The keys of a grid file are those below; `datasets` and `strategies` are needed,
    all others have the default that is given here.

    Parameters
    ----------
    name : str
        Results are written to a folder of this name. Default: the name of the grid file.
    seed : int
        Root of all randomness. Default 0.
    datasets : tuple of DatasetPlugin
    split : Split
        How datasets are split (key `splits: {kind: ..., count: ...}` and the kind's parameters).
        Default: stratified, with the kind's own default for the test part.
    n_splits : int
        Splits of each dataset. Default 1.
    start_set : StartSet
        How start sets are drawn (key `start_sets`, likewise). Default: one row of each class.
    n_start_sets : int
        Start sets of each split. Default 1.
    strategies : tuple of Strategy
    learners : tuple of Learner
        The classifiers that are scored. Default: logistic_regression.
    query_learners : tuple of Learner or None
        What strategies look at; None (`same`, the default) is the learner that is scored.
    batch_sizes : tuple of int
        Labels asked for in a cycle. Default 5.
    budgets : tuple of Budget
        Labels bought after the start set, cycles, or `all`. Default 50 labels.
    preprocessing : tuple of Preprocessing
        From raw columns to features. Default: standard.
    oracles : tuple of Oracle
        Who answers queries. Default: perfect.
    seeds : tuple of int
        Seeds of learners and of all else that is stochastic beside splits and start sets. Default 0.
    exclude : tuple of Exclusion
        Combinations that are left out: for each axis the labels that match. Default none.
    limits : Limits
        Default: 300 seconds a cycle, no limit of a whole run or of memory.
    record : tuple of str
        Probability metrics that are computed during the runs (key `record: {probability_metrics: [...]}`).
        Default none.
    """

    name: str
    seed: int
    datasets: tuple[DatasetPlugin, ...]
    split: Split
    n_splits: int
    start_set: StartSet
    n_start_sets: int
    strategies: tuple[Strategy, ...]
    learners: tuple[Learner, ...]
    query_learners: tuple[Learner | None, ...]
    batch_sizes: tuple[int, ...]
    budgets: tuple[Budget, ...]
    preprocessing: tuple[Preprocessing, ...]
    oracles: tuple[Oracle, ...]
    seeds: tuple[int, ...]
    exclude: tuple[Exclusion, ...]
    limits: Limits
    record: tuple[str, ...]

    @classmethod
    def from_yaml(cls, text: str, source: str = "grid", folder: Path | None = None) -> GridSpec:
        """A grid of a YAML text.

        Parameters
        ----------
        text : str
        source : str
            What messages call it; its stem is the name of a grid that has no `name`.
        folder : Path, optional
            Where the files that the grid names are looked for before the working directory.

        Raises
        ------
        GridError
            For mistakes in the text: one error that lists all of them with their lines.
        """
        document = load_yaml(text, source)
        return cls._read(document.data, Problems(source, document.lines), folder)

    @classmethod
    def from_file(cls, path: str | Path) -> GridSpec:
        """A grid of a file, or the shipped grid of that name (an existing file wins).

        Raises
        ------
        GridError
            If there is no such file or grid, or for mistakes in it.
        """
        found = grid_file(path)
        try:
            text = found.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise GridError(f"grid file {str(found)!r} can't be read as UTF-8 text: {error}.") from error
        return cls.from_yaml(text, found.name, found.parent)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], source: str = "grid", folder: Path | None = None) -> GridSpec:
        """A grid of plain data with the keys of a grid file; tuples, ranges and arrays may stand for lists.

        Parameters
        ----------
        data : mapping
        source, folder
            As for `from_yaml`.

        Raises
        ------
        GridError
            For mistakes in the data: one error that lists all of them with their keys.
        """
        return cls._read(data, Problems(source), folder)

    @classmethod
    def _read(cls, data: Any, problems: Problems, folder: Path | None) -> GridSpec:
        stem = Path(problems.source).name.removesuffix(".yaml").removesuffix(".yml")
        default_name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:100] or "grid"
        fields = GridReader(problems, FileFinder(folder)).fields(data, default_name)
        problems.raise_if_any()
        return cls(**fields)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` reads back to an equal grid: resolved, every default written out."""
        return {
            "name": self.name,
            "seed": self.seed,
            "datasets": [spelled(level, DATASETS) for level in self.datasets],
            "splits": {"kind": self.split.name, **self.split.parameters(), "count": self.n_splits},
            "start_sets": {"kind": self.start_set.name, **self.start_set.parameters(), "count": self.n_start_sets},
            "strategies": [spelled(level, STRATEGIES) for level in self.strategies],
            "learners": [spelled(level, LEARNERS) for level in self.learners],
            "query_learners": ["same" if level is None else spelled(level, LEARNERS) for level in self.query_learners],
            "batch_sizes": list(self.batch_sizes),
            "budgets": [budget.plain() for budget in self.budgets],
            "preprocessing": [spelled(level, PREPROCESSINGS) for level in self.preprocessing],
            "oracles": [spelled(level, ORACLES) for level in self.oracles],
            "seeds": list(self.seeds),
            "exclude": [
                {
                    axis: [int(label) if axis in _NUMBERED else label for label in labels]
                    for axis, labels in item.items()
                }
                for item in self.exclude
            ],
            "limits": self.limits.plain(),
            "record": {"probability_metrics": list(self.record)},
        }

    def to_yaml(self) -> str:
        """The text of a grid file that reads back to an equal grid: resolved, every default written out."""
        return dump_yaml(self.to_dict())

    def levels(self, axis: str) -> tuple[str, ...]:
        """Labels of the levels of an axis, as results show them.

        Parameters
        ----------
        axis : str
            One of ``algrid.grid_exclusions.EXCLUDABLE``: dataset, split, start_set, preprocessing, learner,
            oracle, seed, strategy, query_learner, batch_size.
        """
        counts = {"split": self.n_splits, "start_set": self.n_start_sets}
        found = range(counts[axis]) if axis in counts else getattr(self, EXCLUDABLE[axis])
        return tuple(level_label(level) for level in found)

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """All levels that are plugins: what results depend on beside algrid's own code."""
        looked_at = (learner for learner in self.query_learners if learner is not None)
        kinds = (self.datasets, self.strategies, self.learners, looked_at, self.preprocessing, self.oracles)
        return (self.split, self.start_set, *(plugin for kind in kinds for plugin in kind))

    @property
    def n_combinations(self) -> int:
        """Combinations of levels; runs are at most so many, as exclusions and skips of the plan take some away."""
        return prod(len(self.levels(axis)) for axis in EXCLUDABLE)

    def __str__(self) -> str:
        rows = self._summary()
        width = max(len(axis) for axis, _, _ in rows)
        lines = [f"{axis:<{width}}  {count:>3}  {shown}" for axis, count, shown in rows]
        return "\n".join([self._title(), *lines])

    def _repr_html_(self) -> str:
        """The axes and their levels, for Jupyter."""
        rows = "".join(
            f"<tr><td>{escape(axis)}</td><td>{count}</td><td style='text-align:left'>{escape(shown)}</td></tr>"
            for axis, count, shown in self._summary()
        )
        return (
            f"<p>{escape(self._title())}</p><table><thead><tr><th>axis</th><th>levels</th><th></th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )

    def _title(self) -> str:
        return f"grid {self.name!r}, seed {self.seed}: at most {self.n_combinations:,} runs"

    def _summary(self) -> list[tuple[str, int, str]]:
        """Name, number of levels and levels of each axis, budgets last."""
        kinds = {"split": self.split.label, "start_set": self.start_set.label}
        rows = [
            (axis, len(levels), kinds[axis] if axis in kinds else ", ".join(levels))
            for axis, levels in ((axis, self.levels(axis)) for axis in EXCLUDABLE)
        ]
        return [*rows, ("budget", len(self.budgets), ", ".join(budget.label for budget in self.budgets))]


#: Axes whose levels are numbers in a grid file.
_NUMBERED = frozenset({"split", "start_set", "seed", "batch_size"})
