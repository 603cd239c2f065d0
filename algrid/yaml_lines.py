"""YAML with line numbers: text to plain data and a map from key paths to lines, and back to text.

Differs from PyYAML's `safe_load` where that surprises: a key that is written twice is a mistake
instead of a silent override, and plain scalars follow YAML 1.2's core schema (``no`` and ``1:30`` are
text, ``1e-3`` is a number, dates stay text).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from algrid.errors import GridError

__all__ = ["KeyPath", "Problems", "YamlDocument", "dump_yaml", "load_yaml", "shown_path"]

#: Where a value stands: keys of mappings and positions in lists.
KeyPath = tuple[str | int, ...]

#: YAML 1.2's core schema: tag, pattern, and the characters that such a scalar can begin with.
_CORE = (
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.(?:inf|Inf|INF))$|^\.(?:nan|NaN|NAN)$",
        list("-+0123456789."),
    ),
)
#: A list of mistakes ends after so many: 92 datasets of a package that is not there are 92.
_LISTED = 25
_STRING = "tag:yaml.org,2002:str"


def _by_first_character() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    found: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for tag, pattern, characters in _CORE:
        for character in characters:
            found.setdefault(character, []).append((tag, re.compile(pattern)))
    return found


_RESOLVERS = _by_first_character()
#: Text that YAML 1.1 or 1.2 takes for something else is written in quotes, so that any reader reads it back.
_WRITTEN = {
    first: [*yaml.SafeDumper.yaml_implicit_resolvers.get(first, []), *_RESOLVERS.get(first, [])]
    for first in {*yaml.SafeDumper.yaml_implicit_resolvers, *_RESOLVERS}
}


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: Any = _RESOLVERS


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: Any = _WRITTEN

    def text(self, data: str) -> Any:
        """Text in the style that PyYAML chooses, but with Unicode's line breaks escaped, which it would fold."""
        return self.represent_scalar(_STRING, data, style='"' if set(data) & set("\x85\u2028\u2029") else None)


_Dumper.add_representer(str, _Dumper.text)


def shown_path(path: KeyPath) -> str:
    """A key path as users read it: ``strategies[2].qbc.committee_size``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@dataclass
class Problems:
    """The mistakes found so far in one document, each with its place.

    Parameters
    ----------
    source : str
        What messages call the document: a file name.
    lines : mapping from key path to int
        Lines of the document, from 1; empty where it is no text.
    """

    source: str
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    _found: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._found)

    def add(self, path: KeyPath, message: str, line: int | None = None) -> None:
        """Note a mistake at `path` (or, where the path can't tell, at `line`)."""
        line = line if line is not None else self._line(path)
        place = [self.source, *([f"line {line}"] if line else []), *([shown_path(path)] if path else [])]
        self._found.setdefault(f"{', '.join(place)}: {message}", line or 0)

    def raise_if_any(self) -> None:
        """Raise one `GridError` that lists all mistakes (of very many the first), in the order of their lines.

        Raises
        ------
        GridError
            If a mistake was added.
        """
        found = sorted(self._found, key=lambda message: self._found[message])
        if len(found) == 1:
            raise GridError(found[0])
        if found:
            more = [f"and {len(found) - _LISTED} more."] if len(found) > _LISTED else []
            raise GridError("\n  ".join([f"{len(found)} mistakes in {self.source}:", *found[:_LISTED], *more]))

    def _line(self, path: KeyPath) -> int | None:
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path)


@dataclass(frozen=True)
class YamlDocument:
    """What a YAML text says: plain data, and the line (from 1) of each key and list entry."""

    data: Any
    lines: Mapping[KeyPath, int]


def load_yaml(text: str, source: str) -> YamlDocument:
    """Plain data (dict with text keys, list, str, int, float, bool, None) and lines of a YAML text.

    Parameters
    ----------
    text : str
        One YAML document.
    source : str
        What messages call it.

    Raises
    ------
    GridError
        For text that is no YAML, a key that is written twice or is no text, a tag, an alias within
        its own anchor, or more than one document.
    """
    problems = Problems(source)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.add((), _syntax(error, text), None if mark is None else mark.line + 1)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problems.add((), f"a character that no YAML text may have ({_shown_character(error.character)}).", line)
    problems.raise_if_any()
    reader = _Construct(problems)
    data = None if node is None else reader.value(node, (), ())
    problems.raise_if_any()
    return YamlDocument(data, reader.lines)


def dump_yaml(data: Any) -> str:
    """A YAML text that `load_yaml` reads back to `data`, its mappings in their order."""
    return str(yaml.dump(data, Dumper=_Dumper, default_flow_style=None, sort_keys=False, width=110, allow_unicode=True))


def _syntax(error: yaml.MarkedYAMLError, text: str) -> str:
    mark, problem = error.problem_mark, error.problem or "unreadable"
    if "'\\t'" in problem:
        return "a tab. YAML indents with spaces: replace the tab by spaces."
    if "another document" in problem:
        return "a second YAML document begins (---). A grid file has one."
    if "document start" in problem:
        return "this line does not belong to what is above it: check its indentation."
    at = "" if mark is None else f" at column {mark.column + 1}"
    lines = text.splitlines()
    near = f": {lines[mark.line].strip()!r}" if mark is not None and mark.line < len(lines) else ""
    began = f" that began in line {error.context_mark.line + 1}" if error.context_mark else ""
    context = f" {error.context}{began}" if error.context else ""
    return f"no valid YAML{at}{near} ({problem}{context})."


def _shown_character(found: int | str | bytes) -> str:
    return repr(chr(found)) if isinstance(found, int) else repr(found)


class _Construct:
    """Turns composed nodes into data, and notes the lines."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.lines: dict[KeyPath, int] = {}

    def value(self, node: Any, path: KeyPath, above: tuple[int, ...]) -> Any:
        """The data of a node; `above` are the nodes that it is in."""
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in above:
            self.problems.add(path, "an alias (*) to the anchor (&) that it is in.", self.lines[path])
        elif isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, (*above, id(node)))
        elif isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.value(item, (*path, i), (*above, id(node))) for i, item in enumerate(node.value)]
        else:
            return self._scalar(node, path)
        return None

    def _mapping(self, node: Any, path: KeyPath, above: tuple[int, ...]) -> Any:
        if node.tag != "tag:yaml.org,2002:map":
            return self._scalar(node, path)
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _STRING:
                shown = key_node.value if isinstance(key_node, yaml.ScalarNode) else "a list or mapping"
                self.problems.add(path, f"a key must be text, found {shown}. Put it in quotes if it is a name.", line)
                continue
            key = key_node.value
            if key in found:
                first = self.lines[*path, key]
                self.problems.add((*path, key), f"written twice, first in line {first}. Keep one of them.", line)
                continue
            self.lines[*path, key] = line
            found[key] = self.value(value_node, (*path, key), above)
        return found

    def _scalar(self, node: Any, path: KeyPath) -> Any:
        kind = node.tag.rpartition(":")[2]
        text = node.value
        if not isinstance(node, yaml.ScalarNode) or kind not in {"null", *_SCALARS}:
            self.problems.add(path, f"the YAML tag {node.tag!r} has no meaning here. Leave it out.", self.lines[path])
            return None
        try:
            return None if kind == "null" else _SCALARS[kind](text)
        except ValueError:
            self.problems.add(path, f"{text!r} is no {kind}.", self.lines[path])
            return None


def _float(text: str) -> float:
    return float(text.replace(".inf", "inf").replace(".nan", "nan") if text[-1:].isalpha() else text)


_SCALARS: Mapping[str, Any] = {
    "str": str,
    "bool": lambda text: text.lower() == "true",
    "int": int,
    "float": lambda text: _float(text.lower()),
}
