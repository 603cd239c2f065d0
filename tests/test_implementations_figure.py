"""The heatmap of implementations: its numbers, its letters and its caption."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from algrid.audit_states import CAUSES
from algrid.figures.implementations import _LETTERS, implementations_figure


def audited(family: str, pairs: list[tuple[str, str, float, str]]) -> pd.DataFrame:
    """An audit with these pairs: a, b, share with the same batch, the cause of all other states."""
    rows: list[dict[str, Any]] = [
        {
            "family": family,
            "a": a,
            "b": b,
            "n_states": 20,
            "same": same,
            "jaccard": same,
            **{name: (1 - same) * (name == why) for name in CAUSES},
            "difference": 0.01,
        }
        for a, b, same, why in pairs
    ]
    frame = pd.DataFrame(rows)
    frame.attrs.update(reference="own", batch_size=5)
    return frame


def figure() -> Any:
    margin = audited("margin", [("own", "modal", 0.8, "ties"), ("own", "skactiveml", 1.0, "ties")])
    quire = audited("quire", [("own", "libact_compatible", 0.0, "formula"), ("modal", "other", 0.5, "seed")])
    nothing = audited("dwus", [])
    return implementations_figure({"two classes": [quire, margin], "three classes": [margin, nothing]})


def test_the_numbers_are_those_against_the_own_implementation() -> None:
    numbers = figure().numbers
    assert numbers[["panel", "family", "implementation", "same", "main_cause"]].to_numpy().tolist() == [
        ["two classes", "margin", "modal", 0.8, "ties"],
        ["two classes", "margin", "skactiveml", 1.0, ""],
        ["two classes", "quire", "libact_compatible", 0.0, "formula"],
        ["three classes", "margin", "modal", 0.8, "ties"],
        ["three classes", "margin", "skactiveml", 1.0, ""],
    ]


def test_every_field_says_its_share_and_cause() -> None:
    first, second = figure().figure.axes[:2]
    assert sorted(text.get_text() for text in first.texts) == ["0f", "100", "80t"]
    assert sorted(text.get_text() for text in second.texts) == ["100", "80t"]
    assert [label.get_text() for label in first.get_yticklabels()] == ["margin", "quire"]
    assert [label.get_text() for label in first.get_xticklabels()] == ["libact*", "modal", "skactiveml"]


def test_the_caption_explains_every_letter() -> None:
    caption = figure().caption
    assert set(_LETTERS) == set(CAUSES)
    for cause, letter in _LETTERS.items():
        assert f"{letter} {cause.replace('_', ' ')}" in caption
    assert "3 implementations" in caption
    assert "2 families" in caption
    assert "batch of 5 rows" in caption


def test_equal_figures_are_equal_files(tmp_path: Path) -> None:
    one, other = (figure().save(tmp_path / name) for name in ("one", "other"))
    assert [path.name for path in one] == ["implementations.pdf", "implementations.png", "implementations.csv"]
    assert [a.read_bytes() for a in one] == [b.read_bytes() for b in other]
