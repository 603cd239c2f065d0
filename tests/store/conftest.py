"""A store to write to."""

from __future__ import annotations

from pathlib import Path

import pytest

from algrid.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create_or_open(tmp_path / "grid", grid="name: grid")
