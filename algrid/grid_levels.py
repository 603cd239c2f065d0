"""Axes whose levels are plugins: entries of a grid file to plugins, and plugins back to entries.

An entry is a name, or a name with parameters; a list of values of a parameter is a small grid that
exists for that entry only (conditional parameters).
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from algrid.datasets import DatasetPlugin
from algrid.errors import AlgridError, GridError, PluginError
from algrid.grid_files import FileFinder
from algrid.grid_values import Budget
from algrid.identity import canonical_json
from algrid.registry import Plugin, Registry
from algrid.yaml_lines import KeyPath, Problems, shown_path

__all__ = [
    "build_level",
    "described",
    "entries",
    "entry",
    "level_label",
    "read_levels",
    "spelled",
    "spelled_parameters",
    "unique",
]

P = TypeVar("P", bound=Plugin)
T = TypeVar("T")


def described(value: Any) -> str:
    """What a message says was found: the value and, where a reader could mistake it, its kind."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    kinds = {int: "the whole number", float: "the number", list: "the list", dict: "the mapping"}
    text = repr(value)
    return f"{kinds.get(type(value), 'the value')} {text if len(text) <= 60 else text[:57] + '...'}"


def level_label(level: Any) -> str:
    """How tables show a level of an axis: a dataset's name, a plugin's label, ``same``, a number."""
    if level is None:
        return "same"
    if isinstance(level, DatasetPlugin):
        return level.dataset_name
    return level.label if isinstance(level, Plugin | Budget) else str(level)


def entries(problems: Problems, path: KeyPath, value: Any, what: str) -> list[tuple[KeyPath, Any]]:
    """The entries of a list with their places; a value that is no list stands for a list of one."""
    if value is None:
        problems.add(path, f"has no value. Give at least one {what}.")
        return []
    if not isinstance(value, list):
        return [(path, value)]
    if not value:
        problems.add(path, f"an empty list. Give at least one {what}.")
    return [((*path, i), item) for i, item in enumerate(value)]


def unique(problems: Problems, found: Sequence[tuple[KeyPath, T]], label: Callable[[T], str]) -> tuple[T, ...]:
    """The levels of an axis; a level that is there twice, or shown like another, is a mistake."""
    seen: dict[str, tuple[KeyPath, T]] = {}
    for path, level in found:
        shown = label(level)
        first, other = seen.setdefault(shown, (path, level))
        if first == path and other is level:
            continue
        if other == level:
            problems.add(path, f"{shown} is a level already, at {shown_path(first)}. Keep one of them.")
        else:
            problems.add(
                path,
                f"two different levels are called {shown!r}, here and at {shown_path(first)}: results could not be "
                "told apart. Rename one (for a file: its parameter title), or leave it out.",
            )
    return tuple(level for _, level in found)


def entry(problems: Problems, path: KeyPath, value: Any, kind: str) -> tuple[str, KeyPath, Any] | None:
    """Name of an entry, and place and value of its parameters; None after a mistake."""
    if isinstance(value, str):
        return value, path, {}
    if isinstance(value, dict) and len(value) == 1:
        ((name, parameters),) = value.items()
        return name, (*path, name), {} if parameters is None else parameters
    if isinstance(value, dict) and value:
        first, second, *_ = value
        problems.add(
            (*path, second),
            f"an entry has one name, found {first!r} and {second!r}. Indent the parameters of {first!r} below it, or "
            "begin a new entry with '- '.",
        )
    else:
        problems.add(
            path,
            f"found {described(value)} where a {kind} is needed: its name, or its name and a mapping of parameters.",
        )
    return None


def read_levels(
    problems: Problems, path: KeyPath, value: Any, registry: Registry[P], files: FileFinder | None = None
) -> list[tuple[KeyPath, P]]:
    """All levels that one entry stands for, with its place: one for each combination of its parameters.

    Combinations come in the order written: the first parameter varies slowest. Where `files` is given,
    parameters that name a file are looked up.
    """
    found = entry(problems, path, value, registry.kind)
    if found is None:
        return []
    name, below, parameters = found
    try:
        hints = registry.hints(name)
    except PluginError as error:
        problems.add(path, str(error))
        return []
    if not isinstance(parameters, dict):
        problems.add(below, f"found {described(parameters)} where the parameters of {name!r} are needed: a mapping.")
        return []
    options = [list(_options(problems, (*below, k), v, _type_depth(hints.get(k)))) for k, v in parameters.items()]
    levels: list[tuple[KeyPath, P]] = []
    for combination in product(*options):
        given = dict(zip(parameters, combination, strict=True))
        level = build_level(problems, path, name, given, registry=registry, files=files)
        if level is not None:
            levels.append((path, level))
    return levels


def build_level(
    problems: Problems,
    path: KeyPath,
    name: str,
    given: Mapping[str, tuple[KeyPath, Any]],
    *,
    registry: Registry[P],
    files: FileFinder | None = None,
) -> P | None:
    """One level, or None after a mistake, which is noted at the place of the parameter at fault, else at `path`.

    Parameters
    ----------
    problems : Problems
    path : key path
        Place of the entry.
    name : str
    given : mapping
        Parameters: for each its place and its value.
    registry : Registry
    files : FileFinder, optional
        Looks up the parameters that name a file.
    """
    parameters: dict[str, Any] = {}
    for key, (place, value) in given.items():
        try:
            parameters[key] = value if files is None else files.parameter(key, value)
        except GridError as error:
            problems.add(place, str(error))
            return None
    try:
        return registry.build(name, parameters)
    except (AlgridError, ValueError) as error:
        place, _ = given.get(getattr(error, "parameter", None) or "", (path, None))
        problems.add(place, str(error))
        return None


def spelled(plugin: Plugin, registry: Registry[Any]) -> str | dict[str, Any]:
    """The entry of a grid file that reads back to exactly this level, defaults written out."""
    parameters = spelled_parameters(plugin, registry)
    return {_name(plugin, registry): parameters} if parameters else _name(plugin, registry)


def spelled_parameters(plugin: Plugin, registry: Registry[Any]) -> dict[str, Any]:
    """Parameters of a level, where needed in a list of one, so that a list that is one value is not expanded."""
    hints = registry.hints(_name(plugin, registry))
    return {
        key: [value] if _depth(value) > _type_depth(hints.get(key)) else value
        for key, value in plugin.parameters().items()
    }


def _name(plugin: Plugin, registry: Registry[Any]) -> str:
    if ":" in plugin.name or (plugin.name in registry.names() and registry.get(plugin.name) is type(plugin)):
        return plugin.name
    return f"{type(plugin).__module__}:{type(plugin).__qualname__}"


def _options(problems: Problems, path: KeyPath, value: Any, depth: int) -> Iterator[tuple[KeyPath, Any]]:
    """The values of one parameter: those of a list that is nested deeper than the parameter's own type."""
    if _depth(value) <= depth:
        yield path, value
        return
    if not value:
        problems.add(path, "an empty list. Give at least one value, or leave the parameter out for its default.")
    seen: set[str] = set()
    for i, item in enumerate(value):
        text = canonical_json(item)
        if text in seen:
            problems.add((*path, i), f"{described(item)} is in this list already. Keep one of them.")
        else:
            yield (*path, i), item
        seen.add(text)


def _depth(value: Any) -> int:
    """How deep lists are nested in a value: 0 for a scalar."""
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _type_depth(hint: Any) -> int:
    """How deep lists are nested in the values of a type: 0 for a scalar type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _type_depth(arguments[0])
    if origin in {Union, types.UnionType}:
        return max(map(_type_depth, arguments))
    if isinstance(origin or hint, type) and issubclass(origin or hint, tuple | list | Sequence) and hint is not str:
        return 1 + max((_type_depth(argument) for argument in arguments if argument is not Ellipsis), default=0)
    return 0
