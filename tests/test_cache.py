"""Small caches: they save time, and nothing depends on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from algrid.cache import cache_folder, remembered


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    assert cache_folder() == folder
    monkeypatch.delenv("ALGRID_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/algrid")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/h")
    assert cache_folder() == Path("/h/.cache/algrid")


def test_computed_once(folder: Path) -> None:
    calls: list[int] = []

    def compute() -> dict[str, Any]:
        calls.append(1)
        return {"a": (1, 2)}

    assert remembered("kind", "key", compute) == remembered("kind", "key", compute) == {"a": [1, 2]}
    assert len(calls) == 1
    assert remembered("kind", "other", compute) == {"a": [1, 2]}
    assert len(calls) == 2
    assert sorted(p.name for p in (folder / "kind").iterdir()) == ["key.json", "other.json"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": "key"}', "cut", "changed", "another's"])
def test_a_damaged_file_counts_as_none_and_is_replaced(folder: Path, damage: str) -> None:
    assert remembered("kind", "key", lambda: [1, 2]) == [1, 2]
    path = folder / "kind" / "key.json"
    whole = path.read_text()
    texts = {"cut": whole[:-3], "changed": whole.replace("[1, 2]", "[1, 3]")}
    texts["another's"] = json.dumps({**json.loads(whole), "key": "else"})
    path.write_text(texts.get(damage, damage))
    assert remembered("kind", "key", lambda: [1, 2]) == [1, 2]
    assert path.read_text() == whole


def test_a_cache_that_cannot_be_written_does_no_harm(folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where the folder should be")
    assert remembered("kind", "key", lambda: 1) == 1
