"""CONTRIBUTING's recipes: the files in it are registered in every way that it names, held to the suites, and run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from documents import ROOT, blocks, files
from small_store import make_store

import algrid as ag
from algrid.session import Session

RECIPES = files("CONTRIBUTING.md")
NAMES = ("epsilon_margin", "extra_trees", "clipped", "rings", "worst_recall")
SUITES = (
    "tests/strategies/test_every_strategy.py",
    "tests/learners/test_every_learner.py",
    "tests/preprocessing/test_every_preprocessing.py",
    "tests/metrics/test_every_metric.py",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with the recipes' files, and beside it the metadata of the package as it were installed."""
    path = tmp_path_factory.mktemp("recipes")
    for name, text in RECIPES.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(text)
    (path / "my_package" / "__init__.py").touch()
    (toml,) = blocks("CONTRIBUTING.md", "toml")
    groups = tomllib.loads(toml)["project"]["entry-points"]
    info = path / "installed" / "my_package-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    lines = [f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in points.items()) for group, points in groups.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return path


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder as working directory, from which modules are imported too."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_package"]:
        del sys.modules[name]


def python(*arguments: str, folder: Path, cwd: Path) -> str:
    """The output of a Python in which the package is installed."""
    path = os.pathsep.join([str(folder), str(folder / "installed"), os.environ.get("PYTHONPATH", "")]).rstrip(
        os.pathsep
    )
    command = [sys.executable, *arguments]
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "200"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_recipe_is_a_whole_file() -> None:
    assert set(RECIPES) == {"mine.yaml", *(f"my_package/{name}.py" for name in NAMES)}


def test_the_grid_runs_by_path_and_the_metric_scores_it(here: Path) -> None:
    session = Session("mine.yaml")
    assert session.plan.n_runs == 6
    results = ag.open(make_store(here / "results" / "mine", session.spec.to_dict()))
    assert session.todo().nothing
    assert set(results.runs["stop_reason"]) == {"budget"}
    assert set(results.runs["preprocessing"]) == {"clipped(limit=2)"}
    assert set(results.runs["strategy"]) == {"random", "epsilon_margin", "epsilon_margin(explore=0.3)"}
    worst, mean = (
        results.curves(metric=name)["value"] for name in ("my_package.worst_recall:WorstRecall", "balanced_accuracy")
    )
    assert (worst <= mean).all()
    assert (worst > 0).any()


def test_they_work_on_data_at_hand(here: Path) -> None:
    from my_package.clipped import Clipped  # type: ignore[import-not-found]
    from my_package.epsilon_margin import EpsilonMargin  # type: ignore[import-not-found]
    from my_package.extra_trees import ExtraTrees  # type: ignore[import-not-found]
    from my_package.rings import Rings  # type: ignore[import-not-found]

    data = Rings(n_rows=80).load()
    curve = ag.simulate(
        data.X, data.y, EpsilonMargin(explore=0.5), ExtraTrees(n_estimators=5), budget=20, preprocessing=Clipped()
    )
    assert curve["n_bought"].tolist() == [0, 5, 10, 15, 20]
    assert curve["accuracy"].iloc[-1] > 0.5


def test_installed_they_are_known_by_name(folder: Path, tmp_path: Path) -> None:
    code = (
        "from algrid.datasets import DATASETS; from algrid.learners import LEARNERS\n"
        "from algrid.metrics import METRICS; from algrid.strategies import STRATEGIES\n"
        "from algrid.preprocessing import PREPROCESSINGS\n"
        "found = (STRATEGIES.build('epsilon_margin', {'explore': 0.3}), LEARNERS.build('extra_trees'),\n"
        "         PREPROCESSINGS.build('clipped'), DATASETS.build('rings'), METRICS.build('worst_recall'))\n"
        "print(*(type(plugin).__module__ for plugin in found))"
    )
    assert python("-c", code, folder=folder, cwd=tmp_path).split() == [f"my_package.{name}" for name in NAMES]


def test_they_keep_what_every_plugin_promises(folder: Path) -> None:
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", " or ".join(NAMES), *SUITES)
    summary = python(*arguments, folder=folder, cwd=ROOT).splitlines()[-1]
    passed = re.search(r"(\d+) passed", summary)
    assert passed is not None
    assert int(passed[1]) > 20, summary
    assert "failed" not in summary


def test_the_layout_names_every_module() -> None:
    (layout,) = [code for code in blocks("CONTRIBUTING.md", "text") if code.startswith("algrid/\n")]
    named = set(re.findall(r"(\w+\.py|\w+/)(?=[\s,:])", layout)) - {"algrid/", "base.py"}
    package = {path.name + "/" * path.is_dir() for path in (ROOT / "algrid").iterdir() if path.name != "__pycache__"}
    modules = {name for name in package if name.endswith((".py", "/"))} - {"__init__.py"}
    assert modules - named == set(), "put them into the layout of CONTRIBUTING.md"
    outside = {"tests/", "benchmarks/", "notebooks/", "tools/"}
    assert named - modules - outside == set(), "gone"
