"""How plugins are found, validated and made."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field

from algrid import registry
from algrid.aggregates import AGGREGATES
from algrid.datasets import DATASETS
from algrid.errors import PluginError
from algrid.identity import canonical_json
from algrid.learners import LEARNERS
from algrid.metrics import METRICS
from algrid.oracles import ORACLES
from algrid.preprocessing import PREPROCESSINGS
from algrid.registry import Plugin, Registry, source_hash
from algrid.splits import SPLITS
from algrid.start_sets import START_SETS
from algrid.strategies import STRATEGIES

ALL: list[Registry[Any]] = [
    AGGREGATES,
    DATASETS,
    LEARNERS,
    METRICS,
    ORACLES,
    PREPROCESSINGS,
    SPLITS,
    START_SETS,
    STRATEGIES,
]


@dataclass(frozen=True)
class Tool(Plugin):
    """A kind of plugin for these tests."""


@dataclass(frozen=True)
class Saw(Tool):
    """Cuts.

    At length.
    """

    name: ClassVar[str] = "saw"
    version: ClassVar[int] = 3
    legacy: ClassVar[Mapping[str, object]] = {"guide": (1, 2), "oiled": False}

    teeth: Annotated[int, Field(ge=1, le=99)]
    speed: Annotated[float, Field(gt=0)] = 1.5
    blade: Literal["wood", "metal"] | None = None
    angles: tuple[int, ...] = ()
    guide: tuple[int, ...] = (1, 2)
    oiled: bool = False


def this(name: str) -> str:
    return f"{__name__}:{name}"


TOOLS: Registry[Tool] = Registry("tool", Tool, __name__)


@pytest.fixture(name="package")
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes a registry of a package with these modules."""
    numbers = count()
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def make(**modules: str) -> Registry[Tool]:
        name = f"algrid_test_tools_{next(numbers)}"
        (tmp_path / name).mkdir()
        head = f"from dataclasses import dataclass\nfrom typing import ClassVar\nfrom {__name__} import Tool\n"
        for module, text in {"__init__": "", **modules}.items():
            (tmp_path / name / f"{module}.py").write_text(head + dedent(text))
        return Registry("tool", Tool, name)

    yield make
    for module in set(sys.modules) - before:
        del sys.modules[module]


HAMMER = """
    @dataclass(frozen=True)
    class Hammer(Tool):
        name: ClassVar[str] = "hammer"
"""


# --- found ---


def test_a_package_is_scanned(package: Any) -> None:
    tools = package(
        hammer=HAMMER,
        drill="""
            from algrid.registry import Plugin
            from .hammer import Hammer  # imported, not defined here

            @dataclass(frozen=True)
            class Rotating(Tool):  # without a name: a base
                speed: float = 1.0

            @dataclass(frozen=True)
            class Drill(Rotating):
                name: ClassVar[str] = "drill"

            @dataclass(frozen=True)
            class Other(Plugin):
                name: ClassVar[str] = "no tool"
        """,
        base="raise RuntimeError('a base is no plugin module')",
        _helper="raise RuntimeError('a helper is no plugin module')",
    )
    assert tools.names() == ["drill", "hammer"]
    assert [cls.__name__ for cls in tools.classes()] == ["Drill", "Hammer"]
    assert tools.build("drill", {"speed": 2}).parameters() == {"speed": 2.0}


def test_a_module_is_scanned() -> None:
    assert TOOLS.names() == ["saw"]
    assert TOOLS.get("saw") is Saw


def test_two_plugins_of_one_name(package: Any) -> None:
    tools = package(hammer=HAMMER, mallet=HAMMER.replace("Hammer", "Mallet"))
    with pytest.raises(
        PluginError, match=r"two tool plugins are called 'hammer': .*hammer\.Hammer and .*mallet\.Mallet"
    ):
        tools.names()


def test_a_broken_module(package: Any) -> None:
    with pytest.raises(PluginError, match=r"tool module .*\.broken can't be imported: ZeroDivisionError"):
        package(hammer=HAMMER, broken="1 / 0").names()


def test_a_missing_decorator(package: Any) -> None:
    with pytest.raises(PluginError, match=r"tool Hammer lacks its @dataclass\(frozen=True\) decorator"):
        package(hammer=HAMMER.replace("@dataclass(frozen=True)", "")).names()


def test_an_unknown_name() -> None:
    with pytest.raises(PluginError, match=r"unknown tool 'sew'. Did you mean 'saw'\? Known: saw\."):
        TOOLS.build("sew")


def entry_points(monkeypatch: pytest.MonkeyPatch, *values: str) -> Registry[Tool]:
    points = [EntryPoint(value.partition(":")[2], value, __name__) for value in values]
    monkeypatch.setattr(registry, "entry_points", lambda *, group: [p for p in points if p.group == group])
    return Registry("tool", Tool, __name__)


def test_entry_points(package: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{package(hammer=HAMMER).package}.hammer:Hammer"
    tools = entry_points(monkeypatch, path, this("Saw"))  # one that is there already is no duplicate
    assert tools.names() == ["hammer", "saw"]
    assert tools.build("hammer").label == "hammer"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (this("Nothing"), "can't be imported: AttributeError"),
        ("no_such_package_of_tools:Saw", "can't be imported: ModuleNotFoundError"),
        (this("Path"), "is no tool: derive it from Tool"),
        (this("this"), "is no tool: derive it from Tool"),
        (this("Tool"), "has no name of its own"),
    ],
)
def test_bad_entry_points(value: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PluginError, match=message) as caught:
        entry_points(monkeypatch, value).names()
    assert value in str(caught.value)


def test_an_entry_point_can_not_replace_a_plugin(package: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = package(hammer=HAMMER.replace("hammer", "saw")).package + ".hammer:Hammer"
    with pytest.raises(PluginError, match="two tool plugins are called 'saw'"):
        entry_points(monkeypatch, path).names()


# --- by path ---


def test_a_path(package: Any) -> None:
    other = package(hammer=HAMMER, broken="1 / 0")
    assert TOOLS.build(f"{other.package}.hammer:Hammer").identity() == {
        "name": "hammer",
        "version": 1,
        "parameters": {},
    }
    assert TOOLS.names() == ["saw"], "a path registers nothing"
    assert TOOLS.build(this("Saw"), {"teeth": 9}) == Saw(9)
    assert set(TOOLS.hints(this("Saw"))) == set(TOOLS.hints("saw")) == set(Saw(9).parameters())


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("{here}:Nothing", r"can't be imported \(AttributeError: .*Write 'package.module:Class'"),
        ("{here}:", "can't be imported"),
        (":Hammer", "can't be imported"),
        ("no_such_package_of_tools:Saw", r"can't be imported \(ModuleNotFoundError: .*No module named"),
        ("{package}.broken:Hammer", "can't be imported .ZeroDivisionError: division by zero"),
        ("{package}.garbled:Hammer", "can't be imported .SyntaxError: "),
        ("{here}:Path", rf"is no tool: derive it from {__name__}\.Tool"),
        ("{package}.variant:Fine", "has no name of its own"),
        ("{package}.plain:Hammer", "lacks its @dataclass"),
        ("{package}.impostor:Other", "two tool plugins are called 'saw'"),
    ],
)
def test_bad_paths(path: str, message: str, package: Any) -> None:
    other = package(
        hammer=HAMMER,
        broken="1 / 0",
        garbled="def",
        variant=f"from {__name__} import Saw\n\n@dataclass(frozen=True)\nclass Fine(Saw):\n    teeth: int = 90",
        plain=HAMMER.replace("@dataclass(frozen=True)", ""),
        impostor="@dataclass(frozen=True)\nclass Other(Tool):\n    name: ClassVar[str] = 'saw'",
    )
    with pytest.raises(PluginError, match=message):
        TOOLS.build(path.format(here=__name__, package=other.package), {})


def test_adapt() -> None:
    tools = Registry("tool", Tool, __name__, lambda path, cls, given: Saw(len(path), angles=tuple(given.values())))
    assert tools.build(this("Path"), {"a": 4}) == Saw(len(this("Path")), angles=(4,))
    assert tools.build(this("Saw"), {"teeth": 1}) == Saw(1), "a plugin needs no adapting"
    assert tools.hints(this("Path")) == {}


# --- parameters ---


def test_parameters() -> None:
    saw = TOOLS.build("saw", {"teeth": 9, "speed": 2, "blade": "metal", "angles": [30, 45], "oiled": True})
    assert saw == Saw(9, 2.0, "metal", (30, 45), (1, 2), True)
    assert isinstance(saw, Saw)
    assert isinstance(saw.speed, float)
    assert saw.parameters() == {
        "teeth": 9,
        "speed": 2.0,
        "blade": "metal",
        "angles": [30, 45],
        "guide": [1, 2],
        "oiled": True,
    }
    assert Saw.defaults() == {
        "teeth": "...",
        "speed": 1.5,
        "blade": None,
        "angles": [],
        "guide": [1, 2],
        "oiled": False,
    }
    assert Saw.summary() == "Cuts."


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("tooth", 9, r"tool 'saw' has no parameter 'tooth'. Did you mean 'teeth'\? Its parameters: teeth, speed, "),
        ("name", "axe", "tool 'saw' has no parameter 'name'"),
        ("teeth", "9", "parameter 'teeth' of tool 'saw' is '9': Input should be a valid integer"),
        ("teeth", 9.5, "is 9.5: Input should be a valid integer"),
        ("teeth", True, "is True: Input should be a valid integer"),
        ("teeth", None, "is None: Input should be a valid integer"),
        ("teeth", [9], r"is \[9\]: Input should be a valid integer"),
        ("teeth", 0, "is 0: Input should be greater than or equal to 1"),
        ("teeth", 100, "is 100: Input should be less than or equal to 99"),
        ("speed", 0.0, "is 0.0: Input should be greater than 0"),
        ("speed", "1.5", "is '1.5': Input should be a valid number"),
        ("speed", float("nan"), "is not a plain, finite value: nan"),
        ("speed", float("inf"), "is not a plain, finite value: inf"),
        ("speed", Path("x"), "is not a plain, finite value: "),
        ("blade", "stone", "is 'stone': Input should be 'wood' or 'metal'"),
        ("angles", 30, "is 30: Input should be a valid (array|tuple)"),
        ("angles", [30, "45"], "Input should be a valid integer"),
        ("oiled", 1, "is 1: Input should be a valid boolean"),
    ],
)
def test_bad_parameters(parameter: str, value: Any, message: str) -> None:
    with pytest.raises(PluginError, match=message) as caught:
        TOOLS.build("saw", {"teeth": 9, parameter: value})
    assert caught.value.parameter == parameter


def test_a_missing_parameter() -> None:
    with pytest.raises(PluginError, match="tool 'saw' needs the parameter 'teeth'"):
        TOOLS.build("saw", {"speed": 2.0})


def test_a_plugin_without_parameters_says_so(package: Any) -> None:
    with pytest.raises(PluginError, match=r"tool 'hammer' has no parameter 'teeth'. It has no parameters."):
        package(hammer=HAMMER).build("hammer", {"teeth": 9})


# --- what a level is ---


def test_identity_leaves_legacy_parameters_out_at_their_legacy_value() -> None:
    first = {"teeth": 9, "speed": 1.5, "blade": None, "angles": []}
    assert Saw(9).identity() == {"name": "saw", "version": 3, "parameters": first}
    assert Saw(9, guide=(2, 1), oiled=True).identity()["parameters"] == {**first, "guide": [2, 1], "oiled": True}


def test_label_shows_what_is_no_default() -> None:
    assert Saw(9).label == "saw(teeth=9)"
    assert (
        Saw(9, speed=2.0, blade="wood", angles=(30, 45)).label == "saw(teeth=9, speed=2, blade=wood, angles=[30, 45])"
    )
    assert Saw(9, guide=()).label == "saw(teeth=9, guide=[])"


def test_source_hash() -> None:
    assert source_hash(Saw(9)) == source_hash(Saw(10))
    assert len(source_hash(Saw(9))) == 16
    namespace: dict[str, Any] = {"__name__": "interactive", "Tool": Tool}
    exec("class Typed(Tool): name = 'typed'", namespace)
    assert source_hash(namespace["Typed"]()) == ""


# --- the plugins that there are ---


@pytest.mark.parametrize("plugins", ALL, ids=lambda r: r.kind)
def test_a_plugin_made_again_from_its_parameters_is_the_same_level(plugins: Registry[Any]) -> None:
    """Also in the bits of its identity: a default that is an int where a float is meant would split a level in two."""
    assert plugins.names()
    for cls in plugins.classes():
        if "..." in cls.defaults().values():
            continue  # has no default level
        level = plugins.build(cls.name)
        again = plugins.build(cls.name, {k: v for k, v in level.parameters().items() if v is not None})
        assert again == level
        assert canonical_json(again.identity()) == canonical_json(level.identity())
        assert level.label == cls.name + "(leaks)" * getattr(cls, "leaks", False)
        assert hash(again) == hash(level)


@pytest.mark.parametrize("plugins", ALL, ids=lambda r: r.kind)
def test_every_plugin_says_what_it_is(plugins: Registry[Any]) -> None:
    for cls in plugins.classes():
        assert cls.summary().endswith("."), cls
        assert cls.legacy.keys() <= cls.defaults().keys(), cls
