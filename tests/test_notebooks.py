"""Notebooks: each pair is in sync and without outputs, and the first one runs on a small store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

jupytext = pytest.importorskip("jupytext", reason="needs the notebook extra")
nbformat = pytest.importorskip("nbformat", reason="needs the notebook extra")

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))


def cells(notebook: Any) -> list[tuple[str, str, list[str]]]:
    return [(cell.cell_type, cell.source, list(cell.metadata.get("tags", []))) for cell in notebook.cells]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_notebook_is_what_its_source_says(source: Path) -> None:
    notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    assert cells(notebook) == cells(jupytext.read(source)), f"out of sync: jupytext --sync {source.relative_to(ROOT)}"
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_notebook_is_thin_and_has_parameters(source: Path) -> None:
    found = cells(jupytext.read(source))
    assert found[0][0] == "markdown"
    assert [code for _, code, tags in found if "parameters" in tags and code.startswith("results = ")]
    assert len(found) < 15
    assert max(len(code.splitlines()) for kind, code, _ in found if kind == "code") <= 12


def test_every_notebook_has_its_source() -> None:
    assert [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))] == [path.stem for path in SOURCES]


def test_the_quickstart_runs_on_a_small_store(tmp_path: Path) -> None:
    pytest.importorskip("papermill", reason="needs the notebook extra")
    pytest.importorskip("ipykernel", reason="needs the notebook extra")
    from small_store import make_store

    store = make_store(tmp_path / "tiny")
    command = [sys.executable, "tools/notebooks.py", str(store), "notebooks/00_quickstart.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    notebook = nbformat.read(store / "notebooks" / "00_quickstart.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert "has the best mean rank over 2 datasets" in outputs[-1].data["text/markdown"]
    index = (store / "notebooks" / "index.html").read_text(encoding="utf-8")
    assert '<a href="00_quickstart.html">Which query strategy is best for my labelling budget?</a>' in index
    assert "has the best mean rank over 2 datasets" in index


def executed(store: Path, *names: str) -> dict[str, str]:
    """The notebooks executed on a store, and the Markdown that each ends with."""
    command = [sys.executable, "tools/notebooks.py", str(store), *(f"notebooks/{name}.py" for name in names)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    folder = store / "notebooks"
    last = {name: nbformat.read(folder / f"{name}.ipynb", as_version=4).cells[-1] for name in names}
    return {name: cell.outputs[-1].data["text/markdown"] for name, cell in last.items()}


def test_an_influence_notebook_ends_with_its_finding(tmp_path: Path) -> None:
    from small_store import make_store

    said = executed(make_store(tmp_path / "tiny"), "22_batch_size")["22_batch_size"]
    assert "Going from batch size" in said
    assert "too few to be resampled" in said


@pytest.mark.slow
def test_every_notebook_runs_on_a_small_store(tmp_path: Path) -> None:
    from small_store import make_store

    names = [source.stem for source in SOURCES if source.stem not in ("00_quickstart", "30_implementations")]
    said = executed(make_store(tmp_path / "tiny"), *names)
    assert {name for name, text in said.items() if not text.startswith("## The finding")} == set()
    assert "There are no results on text." in said["70_text"]


@pytest.mark.slow
def test_texts_are_compared_with_the_tables_among_the_results(tmp_path: Path) -> None:
    from small_store import GRID, make_store

    both = {"datasets": ["iris", {"docstrings": {"per_package": 20}}], "preprocessing": ["standard", "tfidf"]}
    grid = {**GRID, **both, "strategies": ["random", "margin", "entropy"], "learners": ["logistic_regression"]}
    said = executed(make_store(tmp_path / "both", grid), "70_text")["70_text"]
    assert "Of 3 families of strategies that both have" in said
    assert "standard" not in said  # what tables need is no way from documents to predictions


@pytest.mark.slow
def test_exploring_without_a_browser_shows_the_first_choice(tmp_path: Path) -> None:
    from small_store import make_store

    store = make_store(tmp_path / "tiny")
    executed(store, "01_explore")
    page = (store / "notebooks" / "01_explore.html").read_text(encoding="utf-8")
    assert "win_rate" in page
    assert "data:image/png;base64" in page


@pytest.mark.parametrize("folder", [".", "notebooks"])
def test_the_results_are_found_from_the_root_and_from_the_notebooks(folder: str, tmp_path: Path) -> None:
    (tmp_path / "results" / "tiny").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    text = (ROOT / "notebooks" / "00_quickstart.py").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("path = "))
    code = f"from pathlib import Path; results = 'results/tiny'\n{line}\nassert path.is_dir()"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path / folder, check=True)
