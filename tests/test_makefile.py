"""The Makefile: a grid gets the environment that it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize(
    ("grid", "level"),
    [("quickstart", "core"), ("text_small", "all"), ("mine", "all"), ("noted", "core"), ("no_such_grid", "core")],
)
def test_a_grid_on_text_is_set_up_with_the_text_extra(grid: str, level: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("learners:\n  - transformer: {model: tiny}\n", encoding="utf-8")
    (tmp_path / "noted.yaml").write_text("# no transformer: here\nstrategies: embedding_kmeans\n", encoding="utf-8")
    given = str(tmp_path / f"{grid}.yaml") if grid in {"mine", "noted"} else grid
    command = ["make", "--dry-run", "grid", f"GRID={given}", f"ENV={tmp_path / 'environment'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.findall(r"setup\.sh \S+ (\w+)", done.stdout) == [level]
