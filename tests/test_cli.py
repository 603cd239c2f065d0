"""The command line as scripts and people use it: output, exit codes, messages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

GRID = {
    "name": "tiny",
    "datasets": ["iris"],
    "splits": {"count": 1},
    "strategies": ["random", "margin"],
    "learners": ["gaussian_nb"],
    "batch_sizes": [5],
    "budgets": [10],
}


def algrid(*arguments: str, folder: Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    tests = Path(__file__).parent
    paths = os.pathsep.join(map(str, (tests, tests.parent)))  # this algrid, whichever is installed
    environment = {**os.environ, "COLUMNS": "80", "PYTHONPATH": paths}
    command = [sys.executable, "-c", "from algrid.cli import main; main()", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, input=typed, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with a grid that was run."""
    path = tmp_path_factory.mktemp("work")
    (path / "tiny.yaml").write_text(yaml.safe_dump(GRID))
    done = algrid("run", "tiny.yaml", "--workers", "1", folder=path)
    assert done.returncode == 0, done.stderr
    assert "Dask dashboard: http://127.0.0.1:" in done.stderr
    assert "2/2 runs, 1/1 cells, none failed" in done.stderr
    assert "margin" in done.stdout
    assert "No intervals: 1 dataset is too few" in done.stdout
    figure = done.stdout.partition("learning curves: ")[2].strip()
    assert (path / figure).read_bytes().startswith(b"\x89PNG")
    return path


def test_a_second_run_does_nothing_and_says_so(folder: Path) -> None:
    done = algrid("run", "tiny.yaml", folder=folder)
    assert done.returncode == 0
    assert done.stdout.startswith("nothing to do: all 2 runs of tiny are done")
    assert "Dask" not in done.stderr


def test_a_warning_is_said_once_and_noted_in_every_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path / "cache"))
    rows = [f"{i}.5,{'ab'[i % 2]}" for i in range(39)] + ["n.a.,a"]
    (tmp_path / "odd.csv").write_text("\n".join(["size,kind", *rows]))
    grid = {"datasets": {"file": {"path": "odd.csv", "target": "kind"}}, "strategies": "random", "budgets": 5}
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump(grid))
    said = "column 'size' of dataset 'odd' has 39 different numbers and texts such as 'n.a.'"
    for warnings in (1, 0):
        done = algrid("plan", "odd.yaml", folder=tmp_path)
        assert done.stderr.count(f"warning: {said}") == warnings
        assert f"note: odd: {said}" in " ".join((done.stdout + done.stderr).split())


def test_plan(folder: Path) -> None:
    done = algrid("plan", "tiny.yaml", folder=folder)
    assert done.returncode == 0
    for line in ("runs", "cells", "fits certain to be shared", "core hours", "still to do"):
        assert line in done.stdout
    runs = algrid("plan", "tiny.yaml", "--runs", folder=folder).stdout.splitlines()
    assert runs[0].split("\t")[:2] == ["run_id", "dataset"]
    assert len(runs) == 3


def test_status_and_leaderboard_and_figures(folder: Path) -> None:
    status = algrid("status", "tiny.yaml", folder=folder).stdout
    assert "strategy margin" in status
    board = algrid("leaderboard", "tiny.yaml", "--metric", "f1_macro", "--aggregate", "final", folder=folder)
    assert board.stdout.startswith("f1_macro, final, 1 of 1 settings of 1 datasets (complete_case)")
    assert algrid("leaderboard", "results/tiny", folder=folder).returncode == 0
    figures = algrid("figures", "results/tiny", "--metric", "f1_macro", folder=folder)
    assert figures.returncode == 0
    assert {Path(line).suffix for line in figures.stdout.split()} >= {".pdf", ".png", ".csv"}


def test_stores_are_united_and_exported(folder: Path) -> None:
    for _ in range(2):
        done = algrid("merge", "both", "results/tiny", folder=folder)
        assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-6:] == ["results/tiny", "0", "3", "0", "0", "0"]
    done = algrid("export", "both", "runs.csv", "--where", "strategy = 'margin'", folder=folder)
    assert done.stdout == "1 rows of runs in runs.csv\n"
    assert "margin" in (folder / "runs.csv").read_text()


def test_one_run_alone(folder: Path) -> None:
    run_id = algrid("plan", "tiny.yaml", "--runs", folder=folder).stdout.splitlines()[1].split("\t")[0]
    done = algrid("run", "tiny.yaml", "--one", run_id, folder=folder)
    assert done.returncode == 0
    assert run_id in done.stdout
    wrong = algrid("run", "tiny.yaml", "--one", "0" * 16, folder=folder)
    assert (wrong.returncode, wrong.stderr.splitlines()[0][:6]) == (1, "error:")


def test_failures(folder: Path) -> None:
    assert "no failed runs" in algrid("failures", "tiny.yaml", folder=folder).stdout
    grid = {**GRID, "name": "broken", "strategies": ["random", {"villains:Villain": {"deed": "raise"}}]}
    (folder / "broken.yaml").write_text(yaml.safe_dump(grid))
    assert algrid("run", "broken.yaml", "--workers", "1", folder=folder).returncode == 3
    done = algrid("failures", "broken.yaml", folder=folder)
    assert done.returncode == 3
    assert "1 runs: error" in done.stdout
    assert "ValueError: on purpose" in done.stdout
    again = done.stdout.partition("again: algrid ")[2].splitlines()[0]
    assert again.startswith("run broken.yaml --one")
    limited = algrid(*again.replace("--pdb", "--limits").split(), folder=folder)
    assert (limited.returncode, "on purpose" in limited.stderr) == (3, True)
    debugged = algrid(*again.split(), folder=folder, typed="p 6 * 7\nq\n")
    assert debugged.returncode == 3
    assert "(Pdb) 42" in debugged.stdout
    assert "on purpose" in debugged.stderr


@pytest.mark.parametrize("what", ["datasets", "strategies", "learners", "metrics"])
def test_lists_of_plugins(what: str, tmp_path: Path) -> None:
    done = algrid(what, folder=tmp_path)
    assert done.returncode == 0
    assert "source:" in done.stdout
    expected = {"datasets": "iris", "strategies": "margin@modal", "learners": "svm_rbf", "metrics": "f1_macro"}
    assert expected[what] in done.stdout


def test_help_is_everywhere(tmp_path: Path) -> None:
    commands = ["plan", "run", "status", "failures", "leaderboard", "figures", "datasets", "compact"]
    for command in [[], *([c] for c in commands)]:
        done = algrid(*command, "--help", folder=tmp_path)
        assert done.returncode == 0
        assert "--help" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["plan", "quickstrat"], 1, "quickstart"),
        (["plan", "missing.yaml"], 1, "missing.yaml"),
        (["leaderboard", "results/none"], 1, "results/none"),
        (["run", "quickstart", "--workers", "0"], 2, "--workers"),
        (["run", "quickstart", "--retry", "everything"], 2, "crashed"),
        (["run", "quickstart", "--pdb"], 2, "--one"),
        (["run", "quickstart", "--limits"], 2, "--one"),
        (["verify", "results/none"], 1, "results/none"),
        (["fly"], 2, "fly"),
    ],
)
def test_mistakes_are_one_message(arguments: list[str], code: int, message: str, tmp_path: Path) -> None:
    done = algrid(*arguments, folder=tmp_path)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_a_mistake_in_a_grid_file_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("datasets: [iris]\nstrategies: [margn]\n")
    done = algrid("run", "wrong.yaml", folder=tmp_path)
    assert done.returncode == 1
    assert "wrong.yaml, line 2" in done.stderr
    assert "Did you mean 'margin'?" in done.stderr
