"""docs/TEXT.md: its grids are planned, one of each kind is run, and what it says of models is true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tiny_model
from documents import ROOT, blocks, files
from test_cli import algrid
from typer.testing import CliRunner

from algrid.cli import app
from algrid.errors import ModelError
from algrid.grid import GridSpec
from algrid.planner import make_plan

PAGE = "docs/TEXT.md"
FILES = files(PAGE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, code in FILES.items():
        (tmp_path / name).write_text(code)
    lines = [f"{'place' if row % 2 else 'person'} question {row} of {row % 7} ?\n" for row in range(100)]
    for name, part in {"train.txt": lines[:80], "test.txt": lines[80:]}.items():
        (tmp_path / name).write_text("".join(part))
        (tmp_path / f"trec_{name}").write_text("".join(part))
    return tmp_path


def test_every_grid_of_the_page_is_read(folder: Path) -> None:
    names = {name: {level.name for level in GridSpec.from_file(name).preprocessing} for name in FILES}
    assert names == {
        "docstrings.yaml": {"tfidf", "embedding"},
        "questions.yaml": {"tfidf"},
        "fine_tuned.yaml": {"tokens"},
        "trec.yaml": {"embedding"},
    }


def test_texts_of_ones_own(folder: Path) -> None:
    plan = make_plan(GridSpec.from_file("questions.yaml"))
    assert (plan.n_runs, plan.cells[0].dataset.dataset_name, plan.cells[0].split.name) == (2, "questions", "published")


def test_the_hubs_grid_is_read() -> None:
    (code,) = [code for code in blocks(PAGE, "yaml") if "huggingface" in code]
    assert GridSpec.from_yaml(code).datasets[0].dataset_name == "ag_news"


def test_the_curve_of_a_notebook(folder: Path) -> None:
    (code,) = blocks(PAGE, "python")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder)
    assert len(done.stdout.splitlines()) == 1 + 3  # start set, 5 and 10 labels


@pytest.mark.slow
@pytest.mark.text
def test_the_grids_run(folder: Path) -> None:
    pytest.importorskip("transformers")
    make = CliRunner().invoke(app, ["models", "tiny", "--out", "data/models/tiny-bert"])
    assert make.exit_code == 0, make.output
    for name, runs in {"docstrings.yaml": 6, "fine_tuned.yaml": 2}.items():
        # the same model from its folder: made once more for this test's cache it would take as long again
        (folder / name).write_text(FILES[name].replace("model: tiny", "model: data/models/tiny-bert"))
        done = algrid("run", name, "--workers", "1", folder=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{runs} runs" in done.stdout + done.stderr


@pytest.mark.text
def test_models_of_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers")
    shown = CliRunner().invoke(app, ["models", "show", tiny_model.make()])
    assert shown.exit_code == 0
    assert "bert" in shown.output
    assert "32" in shown.output
    (tmp_path / "something").touch()
    refused = CliRunner().invoke(app, ["models", "tiny", "--out", str(tmp_path)])
    assert isinstance(refused.exception, ModelError)
    assert "there is something in" in str(refused.exception)


def test_what_the_page_says_of_pins() -> None:
    assert "transformers>=4.57,<5" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
