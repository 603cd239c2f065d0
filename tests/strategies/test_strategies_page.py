"""docs/STRATEGIES.md lists every strategy, and says of each what the strategy itself says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

from algrid.strategies import STRATEGIES

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "strategies_page.py"


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"algrid_tools_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_has_every_strategy() -> None:
    text = _load(TOOL).PAGE.read_text(encoding="utf-8").partition("## What a query costs")[0]
    assert re.findall(r"^\| `(\S+)` \|", text, re.MULTILINE) == STRATEGIES.names(), f"run: python tools/{TOOL.name}"


def test_the_page_is_what_the_strategies_say() -> None:
    tool = _load(TOOL)
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), f"run: python tools/{TOOL.name}"


def test_speed_is_that_of_known_strategies() -> None:
    assert set(_load(TOOL)._read()) <= set(STRATEGIES.names())
