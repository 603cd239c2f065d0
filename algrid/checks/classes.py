"""Checks of the classes: too few rows of one, and how unequal they are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from algrid.checks.findings import Finding
from algrid.datasets.base import Dataset

__all__ = ["class_findings"]

_FEW = 10
_NAMED = 5
_UNEQUAL, _VERY_UNEQUAL = 10, 100


def class_findings(dataset: Dataset) -> Iterator[Finding]:
    """Classes that no split can have in both parts, classes of few rows, imbalance."""
    counts = dataset.class_counts
    for low, limit, severity, meaning, cure in (
        (0, 2, "error", "no split can have them in both parts", "remove or merge them: a grid skips the data"),
        (2, _FEW, "note", "scores of these classes hang on a few test rows", "read macro averages with care"),
    ):
        rare = np.flatnonzero((counts >= low) & (counts < limit))
        if len(rare):
            shown = [f"{dataset.class_names[i]} ({counts[i]})" for i in rare[:_NAMED]]
            listed = ", ".join(shown + ["..."] * (len(rare) > _NAMED))
            message = f"{len(rare)} class(es) have fewer than {limit} rows ({listed}): {meaning}"
            yield Finding("rare classes", severity, message, cure)
    ratio = counts.max() / max(1, counts.min())
    if ratio >= _UNEQUAL:
        yield Finding(
            "imbalance",
            "warning" if ratio >= _VERY_UNEQUAL else "note",
            f"the largest class has {ratio:.0f} times the rows of the smallest; always guessing it is right for "
            f"{counts.max() / counts.sum():.1%}",
            "look at balanced_accuracy or f1_macro, not at accuracy",
        )
