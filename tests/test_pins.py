"""The pins: pyproject.toml's ranges, the three locks and environment.yml say the same."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"algrid_tools_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


lock = _load(ROOT / "tools" / "lock.py")
ENVIRONMENTS = list(lock.environments())
CASES = [(name, environment) for name in lock.LOCKS for environment in ENVIRONMENTS]


def _id(value: object) -> str:
    if isinstance(value, dict):
        return f"{value['python_version']}-{value['sys_platform']}-{value['platform_machine']}"
    return str(value)


@pytest.mark.parametrize(("name", "environment"), CASES, ids=_id)
def test_a_lock_pins_every_requirement_in_its_range(name: str, environment: dict[str, str]) -> None:
    pins = lock.pins(lock.read_lock(name), environment)
    groups = lock.declared()
    for extra in ("", "build", *lock.LOCKS[name]):
        for requirement in groups[extra]:
            version = pins.get(canonicalize_name(requirement.name))
            assert version is not None, f"{name}.lock lacks {requirement}: make lock"
            assert requirement.specifier.contains(version), f"{name}.lock has {version} for {requirement}: make lock"


def test_every_extra_is_in_a_lock() -> None:
    assert set(lock.declared()) - {"", "build"} == set(lock.LOCKS["all"])


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=_id)
def test_each_lock_holds_the_smaller_one(environment: dict[str, str]) -> None:
    largest_first = [lock.pins(lock.read_lock(name), environment) for name in lock.LOCKS]
    for larger, smaller in pairwise(largest_first):
        assert smaller.items() <= larger.items()


@pytest.mark.parametrize("name", lock.LOCKS)
def test_a_lock_is_exact_and_portable(name: str) -> None:
    lines = lock.read_lock(name)
    names = [line.name for line in lines]
    assert names == sorted(set(names)), "one version a package, in order"
    for line in lines:
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(line.specifier)), f"no exact public version: {line}"
        assert not line.url
        assert not line.name.startswith(lock.ACCELERATOR), f"{line.name} belongs to one build of torch"
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|--|@ ", "".join(text.splitlines(keepends=True)[2:]))


def test_torch_is_pinned_in_the_full_lock_only() -> None:
    torch = {name: [str(line) for line in lock.read_lock(name) if line.name == "torch"] for name in lock.LOCKS}
    assert torch == {"all": ["torch==2.13.0"], "lab": [], "core": []}


def test_environment_yml_is_derived_from_the_core_lock() -> None:
    direct = lock.declared()[""]
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert text == lock.environment_yml(lock.read_lock("core"), direct), "run: make lock"
    listed = yaml.safe_load(text)["dependencies"]
    assert f"python={lock.CONDA_PYTHON}" in listed
    assert lock.CONDA_PYTHON in lock.PYTHONS
    missing = {name for name, conda in lock.CONDA_NAMES.items() if conda is None}
    assert len(listed) == 2 + len(direct) - len(missing)


def test_skorch_is_the_only_requirement_that_the_full_lock_breaks() -> None:
    here = next((e for e in ENVIRONMENTS if e["python_version"] == f"3.{sys.version_info.minor}"), ENVIRONMENTS[0])
    pins = lock.pins(lock.read_lock("all"), here)
    broken = set()
    for name, version in pins.items():
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if distribution.version.split("+")[0] != version:
            continue
        for line in distribution.requires or []:
            needed = Requirement(line)
            pin = pins.get(canonicalize_name(needed.name))
            asked = needed.marker is None or needed.marker.evaluate({"extra": ""})
            if asked and pin is not None and not needed.specifier.contains(pin, prereleases=True):
                broken.add((name, needed.name))
    assert broken == {("modal-python", "skorch")}
