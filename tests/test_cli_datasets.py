"""`algrid datasets`, as a user types it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from openml_server import CREDIT, Answer, FakeServer, serving
from typer.testing import CliRunner, Result

import algrid as ag
from algrid.cli_datasets import datasets
from algrid.errors import AlgridError

OWN = """
title: ours
datasets:
  credit: {openml: 31, drop: [row_id, comments], rows: 4, licence: Public}
  credit again: {openml: 31, drop: [row_id, comments], same_as: credit}
  flowers: {plugin: {iris: {title: flowers}}, rows: 150, features: 4, classes: 3}
  later: {local: later}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("ALGRID_DATA", raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ours.yaml").write_text(OWN)
    return tmp_path


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    with serving() as fake:
        monkeypatch.setenv("ALGRID_OPENML", f"{fake.address}/api/v1")
        fake.dataset(31, CREDIT)
        yield fake


def run(*arguments: str, rc: int = 0) -> Result:
    result = CliRunner().invoke(datasets, list(arguments))
    assert result.exit_code == rc, (result.output, result.exception)
    return result


def test_list(folder: Path) -> None:
    plain = run().stdout
    assert run("list").stdout == plain
    assert "Three species of iris" in plain
    assert "catalogue ours: 4 datasets, ours; algrid datasets list ours" in plain
    assert "catalogue paper: 92 datasets" in plain
    lines = run("list", "ours").stdout.splitlines()
    assert lines[0] == "ours: 4 datasets"
    assert lines[2].split() == ["credit", "4", "?", "?", "OpenML", "31", "Public"]
    assert lines[4].split() == ["flowers", "150", "4", "3", "algrid:", "iris", "yes", "?"]
    assert lines[6] == "credit again is credit again"
    assert "scale is balance-scale again" in run("list", "paper").stdout


def test_show_before_and_after(server: FakeServer) -> None:
    before = run("show", "credit").stdout
    assert "was not fetched" in before
    assert "Public" in before
    run("fetch", "credit")
    after = run("show", "credit").stdout
    assert "there, content" in after
    assert "bad: 2, good: 2" in after
    assert "species of iris" in run("show", "iris").stdout


def test_fetch_says_what_could_not_be_had_and_resumes(server: FakeServer) -> None:
    first = run("fetch", "ours", rc=1)
    assert "credit: 4 rows, 3 features, 2 classes" in first.stdout
    assert "credit again has the content of credit" in first.stdout
    assert "1 fetched, 2 here, 1 lacking of 4 datasets" in first.stdout
    assert "later: dataset 'later' has no file" in first.stderr
    (Path("data") / "later.svm").write_text("1 1:2\n-1 1:3\n")
    server.asked.clear()
    assert "4 here of 4 datasets" in run("fetch", "ours").stdout
    assert server.asked == []


def test_fetch_a_grid_and_a_number(server: FakeServer) -> None:
    Path("mine.yaml").write_text(
        "datasets: [credit, {catalogue: ours, where: \"name == 'flowers'\"}]\nstrategies: random\n"
    )
    assert "1 fetched, 1 here of 2 datasets" in run("fetch", "mine.yaml").stdout
    assert "openml_32: http" in run("fetch", "openml:32", rc=1).stderr


def test_fetch_a_task(server: FakeServer) -> None:
    procedure = {"data_splits_url": f"{server.address}/s.arff"}
    inputs = [
        {"name": "source_data", "data_set": {"data_set_id": "31", "target_feature": "Class"}},
        {"name": "estimation_procedure", "estimation_procedure": procedure},
    ]
    server.give("/api/v1/json/task/59", Answer(json.dumps({"task": {"input": inputs}}).encode()))
    head = "@relation s\n@attribute type {TRAIN,TEST}\n@attribute rowid integer\n@attribute repeat integer\n"
    parts = [("TRAIN" if row // 2 == fold else "TEST", row, 0, fold) for row in range(4) for fold in range(2)]
    rows = "".join(f"{','.join(map(str, part))}\n" for part in parts)
    server.give("/s.arff", Answer(f"{head}@attribute fold integer\n@data\n{rows}".encode()))
    said = run("fetch", "task:59").stdout
    assert "task 59: dataset openml:31, target Class, 2 published splits" in said
    spec = {"datasets": ["credit"], "strategies": ["random"], **yaml.safe_load(said.splitlines()[1])}
    assert [cell.split_index for cell in ag.make_plan(spec).cells] == [0, 1]
    run("fetch", "task:x", rc=2)


def test_add_and_show(folder: Path) -> None:
    rows = "".join(f"{i},{i % 7}.5,{'ab'[i % 2]}\n" for i in range(40))
    Path("things.csv").write_text("id,x,kind\n" + rows)
    dry = run("add", "things.csv", "--target", "kind", "--dry-run").stdout
    assert "looks like an id" in dry
    assert not (folder / "data" / "catalogue.yaml").exists()
    done = run("add", "things.csv", "--target", "kind", "--name", "t").stdout
    assert "t: 40 rows, 1 feature, 2 classes" in done
    assert "in a grid file: datasets: [t]" in done
    assert "a: 20, b: 20" in run("show", "t").stdout
    failed = CliRunner().invoke(datasets, ["add", "things.csv"])
    assert isinstance(failed.exception, AlgridError)
    assert "Likely ones: kind (2 values)" in str(failed.exception)


def test_check(folder: Path) -> None:
    rows = "".join(f"{i},{i % 7}.5,{'ab'[i % 2]}\n" for i in range(40))
    Path("data/things.csv").write_text("id,x,kind\n" + rows)
    Path("data/own.yaml").write_text("datasets:\n  things: {file: things.csv, target: kind}\n")
    found = run("check", "own", "credit").stdout
    assert "things" in found
    assert "id" in found
    assert "1 dataset checked" in found
    assert "1 not there (credit)" in found


def test_names_of_nothing(folder: Path) -> None:
    for name, message in {
        "creditt": r"no dataset, catalogue or grid 'creditt'. Did you mean 'credit'\?",
        "no.yaml": r"no catalogue file 'no.yaml'",
        "a.csv": "no dataset",
    }.items():
        failed = CliRunner().invoke(datasets, ["show", name])
        assert isinstance(failed.exception, AlgridError)
        with pytest.raises(AlgridError, match=message):
            raise failed.exception
