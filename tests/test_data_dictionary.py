"""docs/DATA.md says what the schema says, and its examples work."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from runs import make_runs, make_skylines

from algrid.schema import TABLES
from algrid.store import Store

ROOT = Path(__file__).resolve().parents[1]


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"algrid_tools_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = _load(ROOT / "tools" / "data_dictionary.py")


def test_the_page_is_what_the_schema_says() -> None:
    made = tool.PAGE.read_text(encoding="utf-8")
    assert made == tool.data_dictionary(), "run: python tools/data_dictionary.py"


def test_every_column_has_its_line() -> None:
    page = tool.PAGE.read_text(encoding="utf-8")
    sections = re.split(r"^## ", page, flags=re.MULTILINE)
    for table in TABLES.values():
        (section,) = [s for s in sections if s.startswith(f"`{table.name}`")]
        lines = re.findall(r"^\| `(\w+)` \| (.+?) \| (.*?) \| (.+) \|$", section, flags=re.MULTILINE)
        assert [name for name, *_ in lines] == list(table.names)
        assert [meaning for *_, meaning in lines] == [c.meaning for c in table.columns]
        assert [kind == "timing" for *_, kind, _ in lines] == [c.timing for c in table.columns]


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        (pa.dictionary(pa.int32(), pa.string()), "text (dictionary)"),
        (pa.list_(pa.int32()), "list of 32-bit integers"),
        (pa.map_(pa.string(), pa.list_(pa.float64())), "map from text to lists of 64-bit floats"),
    ],
)
def test_types_in_words(type_: Any, words: str) -> None:
    assert tool.in_words(type_) == words


def test_a_new_type_needs_a_name() -> None:
    with pytest.raises(NotImplementedError, match="date32"):
        tool.in_words(pa.date32())


# --- the examples ---

ROWS = [
    {"strategy": "random", "split": 0, "accuracy": [0.4, 0.6]},
    {"strategy": "random", "split": 1, "accuracy": [0.6, 0.8]},
    {"strategy": "margin", "split": 0, "accuracy": [0.4, 0.5]},
    {"strategy": "margin", "split": 1, "accuracy": [0.2, 0.4], "stop_reason": "timeout"},
]
EXTENDED = {"strategy": "margin", "split": 0, "accuracy": [0.4, 0.5, 1.0]}


@pytest.fixture(name="results")
def _results(tmp_path: Path) -> Path:
    """A store in which one run was stored twice, and with a file that is not live."""
    store = Store.create_or_open(tmp_path / "results" / "quickstart", grid="name: quickstart")
    with store.writer() as writer:
        key = writer.provenance({"algrid": "0.1.0"})
        for rows in (ROWS, [EXTENDED]):
            writer.append("runs", make_runs([{**row, "provenance": key} for row in rows]))
            writer.flush()
        writer.append("skylines", make_skylines([{"accuracy": [1.0], "provenance": key}]))
    root = tmp_path / "results" / "quickstart"
    (live, *_) = (root / "runs").glob("*.parquet")
    (root / "runs" / "00000000-00000000.parquet").write_bytes(live.read_bytes())
    return root


def example(language: str) -> str:
    page = tool.PAGE.read_text(encoding="utf-8")
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    return str(text)


def test_the_sql_example(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(results)
    with duckdb.connect() as connection:
        found = connection.execute(example("sql")).fetchall()
    assert found == [("iris", "margin", 5, 1, 1.0), ("iris", "random", 5, 2, pytest.approx(0.7))]


def test_the_pandas_example(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(results.parents[1])
    names: dict[str, Any] = {}
    exec(example("python"), names)
    curves: pd.Series[float] = names["curves"]
    assert curves["iris", "random", 5].to_dict() == pytest.approx({3: 0.5, 8: 0.7})
    assert curves["iris", "margin", 5].to_dict() == pytest.approx({3: 0.3, 8: 0.45, 13: 1.0})
