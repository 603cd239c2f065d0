"""README is true: its Python blocks are one script that runs, its YAML is a grid, its commands exist and work.

``text`` blocks are output that was shown once, and are not compared.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from documents import ROOT, blocks
from small_store import GRID, make_store
from typer.testing import CliRunner

from algrid.cli import FAILED_RUNS, INTERRUPTED, MISTAKE, app
from algrid.session import Session

PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
TINY: dict[str, Any] = {
    **GRID,
    "name": "quickstart",
    "start_sets": {"count": 1},
    "strategies": ["random", "margin", "margin@modal"],
    "batch_sizes": [10, 25],
    "budgets": [25, 50],
}
SHELL = [line.partition("#")[0].strip() for code in blocks("README.md", "sh") for line in code.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with a small grid's results under the name of the first grid, and a user's own data."""
    path = tmp_path_factory.mktemp("readme")
    (path / "quickstart").write_text(yaml.safe_dump(TINY))  # a file wins over a shipped grid
    make_store(path / "results" / "quickstart", TINY)
    (path / "data").mkdir()
    rows = (f"{1 + i % 2} 1:{i % 7} 2:{(i * i) % 11}" for i in range(60))
    (path / "data" / "heart.svm").write_text("\n".join(rows))
    (path / "my.yaml").write_text(blocks("README.md", "yaml")[0])
    return path


def test_the_python_blocks_run(folder: Path) -> None:
    script = "\n".join(blocks("README.md", "python"))
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "margin@modal" in done.stdout
    assert "Dask" not in done.stderr  # the grid was there


def test_the_grid_of_four_lines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (code,) = blocks("README.md", "yaml")
    assert len(code.splitlines()) == 4
    session = Session("my.yaml")
    assert (session.spec.name, session.plan.n_runs) == ("my", 4)


def test_heart_is_such_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heart = ROOT.parent / "shared" / "datasets" / "tabular" / "heart.svm"
    if not heart.exists():
        pytest.skip("heart.svm is not here")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "heart.svm").symlink_to(heart)
    (tmp_path / "my.yaml").write_text(blocks("README.md", "yaml")[0])
    monkeypatch.chdir(tmp_path)
    make_store(tmp_path / "results" / "my", Session("my.yaml").spec.to_dict())
    assert Session("my.yaml").todo().nothing


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("algrid ")])
def test_a_shown_command_works(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, shlex.split(line)[1:])
    assert done.exit_code == 0, done.output


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z-]+):.*##", makefile, flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`|[a-z] )make ([a-z-]+)", "\n".join([PAGE, *SHELL]), flags=re.MULTILINE))
    assert {"grid", "test", "notebooks", "lab"} <= named
    assert named <= known, sorted(named - known)


def test_every_command_and_option_that_is_named_exists() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    rows = re.findall(r"^\| (`algrid .+?`(?:, `\w+`)*) \| (.+) \|$", PAGE, flags=re.MULTILINE)
    listed = {}
    for names, does in rows:
        for name in re.findall(r"`(?:algrid )?(\w+)", names):
            listed[name] = set(re.findall(r"--\w+", does))
    assert set(listed) == set(commands)
    for name, options in listed.items():
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert options <= known, name
    for name, option in re.findall(r"`algrid (\w+) [^`]*?(--\w+)", PAGE):
        assert option in {o for parameter in commands[name].params for o in parameter.opts}


def test_the_exit_codes() -> None:
    sentence = PAGE.partition("Exit codes:")[2].partition("\n## ")[0]
    codes = {int(clause.split()[0]) for clause in sentence.split(";")}
    assert codes == {0, MISTAKE, 2, FAILED_RUNS, INTERRUPTED}


def test_the_number_of_packages_is_that_of_the_lock() -> None:
    lock = (ROOT / "requirements" / "core.lock").read_text(encoding="utf-8")
    (shown,) = re.findall(r"installing (\d+) packages", PAGE)
    assert int(shown) == len(re.findall(r"^[a-z]", lock, flags=re.MULTILINE))


def test_the_costs_are_those_that_were_measured() -> None:
    measured = (ROOT / "docs" / "BENCHMARKS.md").read_text(encoding="utf-8")
    table = measured.partition("| learner | strategy |")[2].partition("\n\n")[0]
    learner, expected = "", {}
    for line in table.splitlines():
        name, strategy, _, *figures = (cell.strip(" *") for cell in line.strip("|").split("|"))
        learner = name.partition(" ")[0] or learner
        if strategy == "all":
            expected[learner] = [figure.partition(" ")[0].rstrip("*") for figure in figures]
    shown = PAGE.partition("## What it costs")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \| ([\d. |]+) \|$", shown, flags=re.MULTILINE)
    assert len(expected) == 3
    assert {name: figures.split(" | ") for name, figures in rows} == expected
    for pattern in (r"(\d+) % of the points share", r"one by one .*\n.*\n\| all .* \| ([\d.]+) \|$"):
        found = re.search(pattern, measured, flags=re.MULTILINE)
        assert found is not None
        assert found[1] in shown


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_inside_the_repository_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_readme_stays_short() -> None:
    assert len(PAGE.splitlines()) <= 250
