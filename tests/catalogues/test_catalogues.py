"""Catalogue files, and how a grid takes datasets from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.arrays import rank_shares
from algrid.catalogues import Catalogue, catalogues
from algrid.catalogues.selection import representative_of, sampled
from algrid.errors import GridError
from algrid.grid import GridSpec
from algrid.space_filling import discrepancy

PAPER = Catalogue.open("paper")
OWN = """
title: ours
datasets:
  heart: {file: heart.csv, target: y, drop: [id], rows: 4}
  forests: {plugin: {gaussian_balanced: {n_rows: 40}}, classes: 2}
  credit: {openml: 31, classes: 2, licence: null}
  later: {local: later, same_as: heart}
"""


def grid(datasets: Any, folder: Path | None = None) -> GridSpec:
    return GridSpec.from_dict({"datasets": datasets, "strategies": ["random"]}, folder=folder)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own.yaml").write_text(OWN)
    (tmp_path / "heart.csv").write_text("id,a,y\n7,1,p\n9,2,q\n8,3,p\n6,4,q\n")
    return tmp_path


def test_a_users_catalogue_by_path(own: Path) -> None:
    found = grid({"catalogue": "own.yaml"}, own)
    assert found.levels("dataset") == ("heart", "gaussian_balanced(n_rows=40)", "credit", "later")
    heart = found.datasets[0].load()
    assert heart.feature_names == ("a",)
    assert heart.n_rows == 4
    assert grid([{"catalogue": str(own / "own.yaml")}, "iris"]).levels("dataset")[-1] == "iris"


def test_a_users_catalogue_by_name_in_the_data_folder(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGRID_DATA", str(own))
    assert grid({"catalogue": "own"}).levels("dataset")[0] == "heart"
    assert grid({"catalogue": "own"}).datasets[0].load().n_rows == 4


def test_other_files_in_the_data_folder_are_passed_over(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGRID_DATA", str(own))
    (own / "grid.yaml").write_text("datasets: {catalogue: paper}\nstrategies: random\n")
    (own / "list.yaml").write_text("- a\n")
    (own / "broken.yaml").write_text("a: [")
    assert [known.name for known in catalogues()] == ["own", "paper"]
    (own / "catalogue.yaml").write_text("datasets: {}\n")
    with pytest.raises(GridError, match=r"^catalogue\.yaml, line 1: a catalogue has the key"):
        catalogues()


def test_conditions_and_samples(own: Path) -> None:
    two = grid({"catalogue": "paper", "where": "n_classes == 2 and n_rows < 5000"})
    expected = [e.name for e in PAPER.entries if e.classes == 2 and e.rows is not None and e.rows < 5000]
    assert list(two.levels("dataset")) == expected
    some = grid({"catalogue": "paper", "where": "n_classes == 2 and n_rows < 5000", "sample": 12})
    assert len(some.datasets) == 12
    assert set(some.levels("dataset")) < set(expected)
    assert some == grid({"catalogue": "paper", "where": "n_classes == 2 and n_rows < 5000", "sample": 12, "seed": 0})
    other = grid({"catalogue": "paper", "where": "n_classes == 2 and n_rows < 5000", "sample": 12, "seed": 1})
    assert other.levels("dataset") != some.levels("dataset")
    assert grid({"catalogue": "paper", "where": "not is_duplicate"}).levels("dataset") == tuple(
        e.name for e in PAPER.entries if e.name not in {"scale", "wbc"}
    )
    # unknown rows: neither fewer than 10 nor not
    assert grid({"catalogue": "own.yaml", "where": "n_rows < 10"}, own).levels("dataset") == ("heart",)
    with pytest.raises(GridError, match=r"no dataset of the 4 is one where 'n_rows > 10'"):
        grid({"catalogue": "own.yaml", "where": "n_rows > 10"}, own)


def test_a_representative_subset_covers_the_study_s_datasets_better_than_samples() -> None:
    entries = [e for e in PAPER.entries if not e.same_as and None not in (e.rows, e.features, e.classes)]
    shapes = np.array([[e.rows, e.features, e.classes, e.features / e.rows] for e in entries], dtype=float)
    points, names = rank_shares(shapes), [e.name for e in entries]
    chosen = [e.name for e in representative_of(PAPER.entries, 12, 0)]
    assert chosen == [name for name in names if name in chosen]
    ours = discrepancy(points, np.array([names.index(name) for name in chosen]))
    samples = [discrepancy(points, np.array([names.index(e.name) for e in sampled(entries, 12, s)])) for s in range(50)]
    assert ours[0] < min(largest for largest, _ in samples)
    assert ours[1] < np.median([mean for _, mean in samples])
    spec = grid({"catalogue": "paper", "representative": 12})
    assert spec == grid({"catalogue": "paper", "representative": 12, "seed": 0})
    assert {plugin.dataset_name for plugin in spec.datasets} == set(chosen)


@settings(deadline=None)
@given(st.integers(1, 91), st.integers(0, 50))
def test_samples_are_nested_and_in_order(count: int, seed: int) -> None:
    smaller, larger = (sampled(PAPER.entries, n, seed) for n in (count, count + 1))
    assert len(smaller) == count
    assert [entry for entry in larger if entry in smaller] == smaller
    without = [entry for entry in PAPER.entries if entry != smaller[0]]
    assert len({e.name for e in sampled(without, count, seed)} - {e.name for e in smaller}) == 1


@pytest.mark.parametrize(
    ("datasets", "message"),
    [
        ({"catalogue": "papers"}, r"unknown catalogue 'papers'. Did you mean 'paper'\?"),
        ({"catalogue": "a/b.yaml"}, r"no catalogue file 'a/b.yaml'. Shipped catalogues are known by name: paper"),
        ({"catalogue": 3}, r"by its name or path, not by 3"),
        ({"catalogue": "paper", "were": "x"}, r"unknown key of a catalogue 'were'. Did you mean 'where'\?"),
        ({"catalogue": "paper", "where": "n_row < 5"}, r"unknown fact 'n_row'. Did you mean 'n_rows'\?"),
        ({"catalogue": "paper", "where": 5}, r"where is a text"),
        ({"catalogue": "paper", "sample": 93}, r"a sample of 93 was asked for; there are 92"),
        ({"catalogue": "paper", "sample": 3, "representative": 3}, "give one of the two"),
        ({"catalogue": "paper", "representative": 93}, "a representative subset of 93 was asked for; there are"),
        ({"catalogue": "paper", "sample": 0}, r"sample is 0; a whole number of at least 1"),
        ({"catalogue": "paper", "sample": True}, r"sample is True"),
        ({"catalogue": "paper", "sample": 2, "seed": -1}, r"seed is -1; a whole number of at least 0"),
        ({"catalogue": "paper", "seed": 1}, r"a seed is for a sample"),
        (["iris", {"catalogue": "paper"}], r"iris is a level already"),
    ],
)
def test_mistakes_of_a_grid(datasets: Any, message: str) -> None:
    with pytest.raises(GridError, match=message):
        grid(datasets)


def test_mistakes_of_a_catalogue_come_all_at_once_with_their_lines() -> None:
    text = """\
titel: x
datasets:
  a: {openml: 0}
  b: {openml: 3, local: b}
  c: {rows: 3}
  d: {file: x.csv, target: 5, colour: red}
  e: {local: e, same_as: f}
  g: iris
  h: {local: h, same_as: h}
  i: {openml: 3, classes: 1, encoding: latin-1, url: ftp://x}
"""
    with pytest.raises(GridError) as caught:
        Catalogue.from_yaml(text, "mine.yaml")
    lines = str(caught.value).splitlines()
    expected = [
        "12 mistakes in mine.yaml:",
        "line 1, titel: unknown key 'titel'. Did you mean 'title'?",
        "line 3, datasets.a.openml: found 0: input should be greater than or equal to 1.",
        "line 4, datasets.b: an entry has exactly one of the keys openml, file, local, plugin; it has openml and loc",
        "line 5, datasets.c: an entry has exactly one of the keys openml, file, local, plugin; it has none.",
        "line 6, datasets.d.target: found 5: input should be a valid string.",
        "line 6, datasets.d.colour: unknown key 'colour'.",
        "line 7, datasets.e.same_as: unknown dataset 'f'.",
        "line 8, datasets.g: found 'iris' where a mapping is needed",
        "line 9, datasets.h.same_as: unknown dataset 'h'.",
        "line 10, datasets.i.classes: found 1",
        "line 10, datasets.i.url: found 'ftp://x'",
        "line 10, datasets.i.encoding: only an entry of a file",
    ]
    assert len(lines) == len(expected)
    for line, start in zip(lines, expected, strict=True):
        assert start in line, (line, start)


@pytest.mark.parametrize("text", ["", "datasets: []\n", "datasets: {}\n", "title: x\n", "- a\n"])
def test_a_text_that_is_no_catalogue(text: str) -> None:
    with pytest.raises(GridError, match="a catalogue has the key `datasets:`"):
        Catalogue.from_yaml(text)


def test_an_unknown_name_of_a_catalogue() -> None:
    with pytest.raises(GridError, match=r"catalogue 'paper' has no dataset 'wcb'. Did you mean 'wbc'\?"):
        PAPER["wcb"]
