"""Make requirements/*.lock and environment.yml from pyproject.toml: the one way a pin is made (`make lock`).

pyproject.toml says which versions algrid is written for; the locks say which ones it is tested with. Three closures,
each whole in itself and each a part of the next: core (`make grid`), lab (core and the notebook extra) and all (every
extra). The largest is resolved first and constrains the others, so that they can't disagree.

A lock has one version of a package for every supported Python and platform: results depend on versions, and so two
colleagues with the same lock file compute with the same code.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["LOCKS", "PYTHONS", "ROOT", "declared", "environment_yml", "environments", "main", "pins", "read_lock"]

ROOT = Path(__file__).resolve().parents[1]

LOCKS: dict[str, tuple[str, ...]] = {
    "all": ("notebook", "text", "setfit", "cluster", "dev"),
    "lab": ("notebook",),
    "core": (),
}
"""Lock name -> the extras in it, the largest first."""

PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = (("linux", "Linux", ("x86_64", "aarch64")), ("darwin", "Darwin", ("arm64", "x86_64")))

ACCELERATOR = ("nvidia-", "cuda-", "triton", "pytorch-triton")
"""What the CUDA build of torch brings along: torch's own metadata installs it, only where that build was chosen."""

OVERRIDDEN = ("skorch",)
"""Packages whose range in pyproject.toml overrules everybody else's. modAL-python 0.4.2.1 asks for skorch==0.9.0,
which no current scikit-learn can import; modAL itself works with today's."""

CONDA_PYTHON = "3.12"
CONDA_NAMES: dict[str, str | None] = {
    "dask": "dask-core",  # conda's `dask` is a bundle with bokeh and more
    "duckdb": "python-duckdb",
    "matplotlib": "matplotlib-base",  # without a Qt window system
    "modal-python": None,  # None: not from conda, `make` installs it from the lock
    "scikit-activeml": None,
    "seaborn": "seaborn-base",
    "skorch": None,  # kept with modAL, its only user
}

LOCK_HEADER = """\
# {what}
# Made by `make lock` from pyproject.toml: don't edit. Installed with `pip install --no-deps -r` (see tools/setup.sh).
"""

CONDA_HEADER = """\
# For conda users: the versions of requirements/core.lock under conda's names. Made by `make lock`: don't edit.
#   conda env create -f environment.yml && conda activate algrid && make grid
# `make` finds the active environment and adds from requirements/*.lock what is not listed here.
"""


def declared(root: Path = ROOT) -> dict[str, list[Requirement]]:
    """Read the requirements of pyproject.toml.

    Returns
    -------
    dict
        Extra name -> its requirements; ``""`` is the core, ``"build"`` the build system.
    """
    document = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    groups = {"": document["project"]["dependencies"], "build": document["build-system"]["requires"]}
    groups |= document["project"]["optional-dependencies"]
    return {extra: [Requirement(line) for line in lines] for extra, lines in groups.items()}


def environments() -> Iterator[dict[str, str]]:
    """Marker environments of every supported Python and platform."""
    for python in PYTHONS:
        for sys_platform, system, machines in PLATFORMS:
            for machine in machines:
                yield {
                    "implementation_name": "cpython",
                    "os_name": "posix",
                    "platform_machine": machine,
                    "platform_python_implementation": "CPython",
                    "platform_system": system,
                    "python_full_version": f"{python}.9",
                    "python_version": python,
                    "sys_platform": sys_platform,
                }


def read_lock(name: str, root: Path = ROOT) -> list[Requirement]:
    """Read the lines of ``requirements/<name>.lock``."""
    return _requirements((root / "requirements" / f"{name}.lock").read_text(encoding="utf-8"))


def pins(lock: Sequence[Requirement], environment: dict[str, str]) -> dict[str, str]:
    """Canonical package name -> the version that a lock pins in one marker environment."""
    return {
        canonicalize_name(line.name): next(iter(line.specifier)).version
        for line in lock
        if line.marker is None or line.marker.evaluate(environment)
    }


def environment_yml(core: Sequence[Requirement], direct: Sequence[Requirement]) -> str:
    """Text of environment.yml: conda's names for the core's direct dependencies, at the versions of the core lock."""
    versions = {canonicalize_name(line.name): next(iter(line.specifier)).version for line in core}
    lines = [f"python={CONDA_PYTHON}", "pip"]
    for name in sorted(canonicalize_name(requirement.name) for requirement in direct):
        conda = CONDA_NAMES.get(name, name)
        if conda is not None:
            lines.append(f"{conda}={versions[name]}")
    listed = "".join(f"  - {line}\n" for line in lines)
    return f"{CONDA_HEADER}name: algrid\nchannels:\n  - conda-forge\ndependencies:\n{listed}"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the locks and environment.yml; versions that still fit stay as they are, except with ``--upgrade``."""
    parser = argparse.ArgumentParser(description=(main.__doc__ or "").split(";")[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that the ranges allow")
    upgrade = parser.parse_args(argv).upgrade
    groups = declared()
    folder = ROOT / "requirements"
    constraints: list[Path] = []
    for name, extras in LOCKS.items():
        path = folder / f"{name}.lock"
        what = " + ".join(["algrid's core", *extras])
        text = LOCK_HEADER.format(what=what) + _resolve(path, extras, groups, constraints=constraints, upgrade=upgrade)
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {len(_requirements(text))} packages ({what})")
        constraints = constraints or [path]
    (ROOT / "environment.yml").write_text(environment_yml(read_lock("core"), groups[""]), encoding="utf-8")
    print("environment.yml: the core's direct dependencies")


def _resolve(
    path: Path,
    extras: Sequence[str],
    groups: dict[str, list[Requirement]],
    *,
    constraints: Sequence[Path],
    upgrade: bool,
) -> str:
    """Resolve one closure with uv and keep the lines that a supported platform needs."""
    with tempfile.TemporaryDirectory() as temporary:
        overrides, build, output = (Path(temporary) / name for name in ("overrides.txt", "build.in", "out.txt"))
        direct = {canonicalize_name(requirement.name): requirement for requirement in groups[""]}
        overrides.write_text("\n".join(str(direct[name]) for name in OVERRIDDEN), encoding="utf-8")
        # setuptools is locked too: algrid itself is then built without fetching anything besides the lock
        build.write_text("\n".join(map(str, groups["build"])), encoding="utf-8")
        if path.exists() and not upgrade:
            shutil.copy(path, output)
        command = [*_uv(), "pip", "compile", "--quiet", "--no-config", "--no-annotate", "--no-header", "--universal"]
        command += ["--python-version", PYTHONS[0], "--fork-strategy", "fewest", "--override", str(overrides)]
        command += [word for extra in extras for word in ("--extra", extra)]
        command += [word for constraint in constraints for word in ("--constraint", str(constraint))]
        command += ["--output-file", str(output), str(ROOT / "pyproject.toml"), str(build)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        lines = output.read_text(encoding="utf-8").splitlines()
    return "".join(f"{line}\n" for line in lines if _wanted(Requirement(line)))


def _wanted(line: Requirement) -> bool:
    if canonicalize_name(line.name).startswith(ACCELERATOR):
        return False
    return line.marker is None or any(line.marker.evaluate(environment) for environment in environments())


def _requirements(text: str) -> list[Requirement]:
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]


def _uv() -> list[str]:
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    if found := shutil.which("uv"):
        return [found]
    sys.exit("tools/lock.py needs the resolver uv. Run `make lock`, which installs it, or `pip install uv`.")


if __name__ == "__main__":
    main()
