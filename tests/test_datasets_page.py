"""docs/DATASETS.md: what it shows is read, and what it says of odd data is tried."""

from __future__ import annotations

from pathlib import Path

import pytest
from documents import ROOT, blocks, files

from algrid.catalogues import Catalogue, entry_named
from algrid.datasets.formats import ENDINGS
from algrid.grid import GridSpec

PAGE = "docs/DATASETS.md"


def test_its_grid_is_one() -> None:
    grid = next(text for text in blocks(PAGE, "yaml") if "strategies:" in text)
    spec = GridSpec.from_yaml(grid)
    assert len(spec.datasets) == 17
    assert {"iris", "credit-g", "adult", "measurements"} <= set(spec.levels("dataset"))


def test_its_catalogue_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGRID_DATA", str(tmp_path))
    text = files(PAGE)["data/catalogue.yaml"]
    (tmp_path / "catalogue.yaml").write_text(text)
    assert [entry.name for entry in Catalogue.open("catalogue").entries] == ["churn", "small moons", "german", "credit"]
    entry = entry_named("small moons")
    assert entry is not None
    assert entry.build().load().n_rows == 100
    assert str(entry_named("churn")).count(str(tmp_path)) == 1


def test_it_names_all_formats() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert all(f"`{ending}`" in text for ending in ENDINGS)
