"""Exclusions of a grid: which combinations of levels are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from algrid.errors import nearest, unknown_name
from algrid.grid_levels import described, entries, level_label
from algrid.yaml_lines import KeyPath, Problems

__all__ = ["EXCLUDABLE", "Exclusion", "axis_levels", "read_exclusions"]

#: For each axis of an exclusion the labels of its levels; a combination is left out where all axes match.
Exclusion = Mapping[str, tuple[str, ...]]

#: Axes whose levels can be excluded (names of stored columns), and the key that lists their levels.
EXCLUDABLE: Mapping[str, str] = {
    "dataset": "datasets",
    "split": "splits",
    "start_set": "start_sets",
    "preprocessing": "preprocessing",
    "learner": "learners",
    "oracle": "oracles",
    "seed": "seeds",
    "strategy": "strategies",
    "query_learner": "query_learners",
    "batch_size": "batch_sizes",
}


def axis_levels(axis: str, read: Mapping[str, Any]) -> Sequence[Any] | None:
    """The levels of an axis, or None where the grid has a mistake there.

    Parameters
    ----------
    axis : str
        One of `EXCLUDABLE`.
    read : mapping
        What was read at each key without a mistake; at `splits` and `start_sets` their kind and count.
    """
    levels = read.get(EXCLUDABLE[axis])
    return range(levels[1]) if levels is not None and axis in {"split", "start_set"} else levels


def read_exclusions(problems: Problems, path: KeyPath, value: Any, read: Mapping[str, Any]) -> tuple[Exclusion, ...]:
    """All exclusions, with the labels of the levels that they match; `read` as in `axis_levels`."""
    found: list[Exclusion] = []
    for place, item in [] if value == [] else entries(problems, path, value, "combination to leave out"):
        if not isinstance(item, dict) or not item:
            example = "{strategy: qbc, dataset: iris}"
            problems.add(place, f"found {described(item)} where axes and their levels are needed, as in {example}.")
            continue
        before = len(problems)
        exclusion = {axis: _labels(problems, (*place, axis), axis, wanted, read) for axis, wanted in item.items()}
        if len(problems) > before:
            continue
        if exclusion in found:
            problems.add(place, "this combination is left out already. Keep one of them.")
        if all(labels and len(labels) == len(axis_levels(axis, read) or ()) for axis, labels in exclusion.items()):
            problems.add(place, "this leaves out every run of the grid.")
        found.append(exclusion)
    return tuple(found)


def _labels(problems: Problems, path: KeyPath, axis: str, wanted: Any, read: Mapping[str, Any]) -> tuple[str, ...]:
    """Labels of the levels that one side of an exclusion names, by label or by plugin name."""
    if axis not in EXCLUDABLE:
        problems.add(path, unknown_name("axis", axis, EXCLUDABLE))
        return ()
    levels = axis_levels(axis, read)
    matched: set[str] = set()
    for place, item in entries(problems, path, wanted, "level"):
        if not levels:
            continue  # the axis itself has a mistake, which is noted
        names = {
            level_label(level): {level_label(level), getattr(level, "name", level_label(level))} for level in levels
        }
        kind = int if isinstance(levels[0], int) else str
        matches = {label for label, known in names.items() if type(item) is kind and str(item) in known}
        if not matches:
            near = nearest(str(item), {name for known in names.values() for name in known})
            problems.add(place, f"{described(item)} is no {axis} of this grid.{near} There are: {', '.join(names)}.")
        matched |= matches
    return tuple(level_label(level) for level in levels or () if level_label(level) in matched)
