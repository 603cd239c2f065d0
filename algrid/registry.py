"""Plugins (strategies, learners, datasets, metrics ...): what one is, and how they are found.

A plugin is a frozen dataclass: its class variables say what it is, its fields are its parameters, and
an instance is one level of a grid axis. A registry finds plugins by importing the modules of one
package, by entry points of installed packages (group ``algrid.<package>``), and by a
``module:Class`` path, so that nobody has to fork algrid to add one.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cached_property
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, ClassVar, Generic, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from algrid.errors import PluginError, nearest, unknown_name

__all__ = ["Plugin", "Registry", "source_hash"]


@dataclass(frozen=True)
class Plugin:
    """Base of everything that can be a level of a grid axis.

    Class variables
    ---------------
    name : str
        What the user writes in a grid file.
    version : int
        Raised when results change for the same parameters; part of a run's identity.
    source : str
        The paper or library that the method comes from.
    legacy : mapping
        Parameters that were added after the first release, with the value that earlier runs had;
        they are left out of the identity at that value, so that stored runs stay valid.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    source: ClassVar[str] = ""
    legacy: ClassVar[Mapping[str, object]] = {}

    def parameters(self) -> dict[str, Any]:
        """All parameters with their values, defaults included (tuples as lists, as JSON has them)."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.init}

    def identity(self) -> dict[str, Any]:
        """What distinguishes this level from every other: name, version and parameters."""
        given = self.parameters()
        kept = {k: v for k, v in given.items() if k not in self.legacy or _plain(self.legacy[k]) != v}
        return {"name": self.name, "version": self.version, "parameters": kept}

    @property
    def label(self) -> str:
        """How tables and figures show the level: the name, and the parameters that are not defaults."""
        shown = [
            f"{f.name}={_text(getattr(self, f.name))}"
            for f in fields(self)
            if f.init and f.repr and (_default(f) is MISSING or getattr(self, f.name) != _default(f))
        ]
        return f"{self.name}({', '.join(shown)})" if shown else self.name

    @classmethod
    def summary(cls) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(cls) or "").partition("\n")[0]

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Parameters and their defaults; a parameter without one is shown as ``...``."""
        return {f.name: "..." if _default(f) is MISSING else _plain(_default(f)) for f in fields(cls) if f.init}


P = TypeVar("P", bound=Plugin)


class Registry(Generic[P]):
    """All plugins of one kind.

    Parameters
    ----------
    kind : str
        The word for one of them in messages, such as ``"learner"``.
    base : type
        The class that each of them derives from.
    package : str
        Import name of the package (or module) that is scanned.
    adapt : callable, optional
        Makes a plugin of a ``module:Class`` that does not derive from `base`, given the path, the
        class and the parameters (a scikit-learn classifier becomes a learner).
    """

    def __init__(
        self, kind: str, base: type[P], package: str, adapt: Callable[[str, Any, dict[str, Any]], P] | None = None
    ) -> None:
        self.kind, self.base, self.package, self._adapt = kind, base, package, adapt

    @cached_property
    def _classes(self) -> dict[str, type[P]]:
        found: dict[str, type[P]] = {}
        for module in self._modules():
            for cls in vars(module).values():
                if inspect.isclass(cls) and issubclass(cls, self.base) and cls.__module__ == module.__name__:
                    self._add(found, cls)
        for point in entry_points(group=self.package):
            try:
                cls = point.load()
            except Exception as error:
                raise PluginError(f"entry point {point.value!r} can't be imported: {error!r}") from error
            if not (inspect.isclass(cls) and issubclass(cls, self.base)):
                raise PluginError(
                    f"entry point {point.value!r} is no {self.kind}: derive it from {self.base.__name__}."
                )
            self._admit(found, cls, point.value)
        return found

    def _modules(self) -> list[ModuleType]:
        root = importlib.import_module(self.package)
        if not hasattr(root, "__path__"):
            return [root]
        names = [m.name for m in pkgutil.iter_modules(root.__path__) if m.name != "base" and m.name[0] != "_"]
        modules = []
        for name in names:
            try:
                modules.append(importlib.import_module(f"{self.package}.{name}"))
            except Exception as error:
                raise PluginError(f"{self.kind} module {self.package}.{name} can't be imported: {error!r}") from error
        return modules

    def _admit(self, found: dict[str, type[P]], cls: type[P], path: str) -> None:
        """Add a class that somebody pointed at: it has to be a plugin in its own right, not a variant of another."""
        if not isinstance(vars(cls).get("name"), str):
            raise PluginError(f"{self.kind} {path!r} has no name of its own: give it a class variable `name`.")
        self._add(found, cls)

    def _add(self, found: dict[str, type[P]], cls: type[P]) -> None:
        if not isinstance(vars(cls).get("name"), str):
            return  # a shared base class of several plugins
        if not (is_dataclass(cls) and "__dataclass_fields__" in vars(cls)):
            raise PluginError(f"{self.kind} {cls.__qualname__} lacks its @dataclass(frozen=True) decorator.")
        if cls.name in found and found[cls.name] is not cls:
            other = found[cls.name]
            raise PluginError(
                f"two {self.kind} plugins are called {cls.name!r}: {other.__module__}.{other.__qualname__} and "
                f"{cls.__module__}.{cls.__qualname__}. Rename one."
            )
        found[cls.name] = cls

    def names(self) -> list[str]:
        """The names of all plugins, sorted."""
        return sorted(self._classes)

    def classes(self) -> list[type[P]]:
        """All plugin classes, sorted by name."""
        return [self._classes[name] for name in self.names()]

    def get(self, name: str) -> type[P]:
        """The class registered as `name`, or the only implementation (``clue@skactiveml``) of a family (``clue``).

        Raises
        ------
        PluginError
            If there is none; the message has the nearest match and the known names.
        """
        if name in self._classes:
            return self._classes[name]
        implementations = [known for known in self._classes if known.startswith(f"{name}@")]
        if len(implementations) != 1:
            raise PluginError(unknown_name(self.kind, name, self._classes))
        return self._classes[implementations[0]]

    def build(self, name: str, parameters: Mapping[str, Any] | None = None) -> P:
        """The plugin `name` (or ``module:Class``) with these parameters, validated.

        Raises
        ------
        PluginError
            For an unknown name, an unknown or missing parameter, or a value of a wrong type or range; its
            `parameter` names the one at fault.
        """
        given = dict(parameters or {})
        if ":" not in name:
            return self._instance(self.get(name), given)
        cls = self._load(name)
        if inspect.isclass(cls) and issubclass(cls, self.base):
            self._admit(dict(self._classes), cls, name)
            return self._instance(cls, given)
        if self._adapt is None:
            raise PluginError(
                f"{name!r} is no {self.kind}: derive it from {self.base.__module__}.{self.base.__name__}."
            )
        return self._adapt(name, cls, given)

    def hints(self, name: str) -> dict[str, Any]:
        """Type hints of the parameters of `name`, constraints included; none for a class that is adapted.

        Raises
        ------
        PluginError
            For an unknown name, or a path that can't be imported.
        """
        cls = self._load(name) if ":" in name else self.get(name)
        if not (inspect.isclass(cls) and issubclass(cls, self.base)):
            return {}
        hints = get_type_hints(cls, include_extras=True)
        return {f.name: hints[f.name] for f in fields(cls) if f.init}

    def _load(self, path: str) -> Any:
        module, _, attribute = path.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except Exception as error:  # whatever a user's module raises
            raise PluginError(
                f"{self.kind} {path!r} can't be imported ({type(error).__name__}: {error}). Write "
                "'package.module:Class' and make sure that the package is importable from the folder in which algrid "
                "runs."
            ) from error

    def _instance(self, cls: type[P], given: dict[str, Any]) -> P:
        known = {f.name: f for f in fields(cls) if f.init}
        for key in given:
            if key not in known:
                allowed = f"Its parameters: {', '.join(known)}." if known else "It has no parameters."
                raise PluginError(
                    f"{self.kind} {cls.name!r} has no parameter {key!r}.{nearest(key, known)} {allowed}", key
                )
        missing = [key for key, f in known.items() if key not in given and _default(f) is MISSING]
        if missing:
            raise PluginError(f"{self.kind} {cls.name!r} needs the parameter {missing[0]!r}.")
        hints = get_type_hints(cls, include_extras=True)
        checked = {key: self._check(cls, key, hints[key], value) for key, value in given.items()}
        return cls(**checked)

    def _check(self, cls: type[P], key: str, hint: Any, value: Any) -> Any:
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise PluginError(
                f"parameter {key!r} of {self.kind} {cls.name!r} is not a plain, finite value: {value!r}.", key
            ) from error
        try:
            # JSON in strict mode: a list becomes a tuple, an int a float, but "5" is no int
            return TypeAdapter(hint).validate_json(text, strict=True)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise PluginError(f"parameter {key!r} of {self.kind} {cls.name!r} is {value!r}: {reason}.", key) from error


def source_hash(plugin: Plugin) -> str:
    """Hash of the source file that defines a plugin: says that its code changed (not that results did)."""
    try:
        path = inspect.getfile(type(plugin))
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()[:16]
    except (OSError, TypeError):
        return ""  # defined in a notebook or an interactive session


def _default(f: Any) -> Any:
    return f.default_factory() if f.default_factory is not MISSING else f.default


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)
