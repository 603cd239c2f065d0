"""CPU seconds of a cycle on text, by representation and learner: ``python benchmarks/text.py`` (with the text extra).

600 documents in the pool and 400 in the test part of the grid `text_small`; the learner is fitted on 10, 60 and 110
labels and predicts both parts. Learners take turns, so that a busy machine disturbs ratios little.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import importlib.util
import time
import warnings
from typing import Any

import numpy as np

LABELS, TURNS = (10, 60, 110), 1


def measure(cell: Any, pool: Any, n_labeled: int) -> tuple[float, float]:
    """CPU seconds of a fit, and of predictions of both parts."""
    rows = np.random.default_rng(0).permutation(pool.n_pool)[:n_labeled]
    start = time.process_time()
    fitted = cell.learner.fit(pool.X[rows], pool.labels[rows], pool.n_classes, 0)
    middle = time.process_time()
    fitted.predict(pool.X), fitted.predict(pool.X_test)
    return middle - start, time.process_time() - middle


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.3g}" if seconds < 1 else f"{1000 * seconds:,.0f}"


def main() -> None:
    """Print a table of medians."""
    if importlib.util.find_spec("small_text") is None:
        print("skipped: it needs the text extra (make setup-all)")
        return
    from algrid.pool import make_pool
    from algrid.session import Session
    from algrid.threads import one_thread

    plan = Session("text_small").plan
    planned = plan.planned.any(axis=1)
    first = {(c.preprocessing.label, c.learner.label): c for c, runs in zip(plan.cells, planned, strict=True) if runs}
    with warnings.catch_warnings(), one_thread("sklearn"):
        warnings.simplefilter("ignore")
        pools = {key: make_pool(cell, cell.dataset.load()) for key, cell in reversed(first.items())}
        found: dict[Any, list[tuple[float, float]]] = {}
        for turn in range(TURNS + 1):  # the first one imports and loads
            for key, cell in first.items():
                for n_labeled in LABELS:
                    seconds = measure(cell, pools[key], n_labeled)
                    if turn:
                        found.setdefault((*key, n_labeled), []).append(seconds)
    print("| representation | learner | " + " | ".join(f"fit, {n} labels" for n in LABELS) + " | predict 1,000 |")
    print("| --- | --- | " + "---: | " * (len(LABELS) + 1))
    for representation, learner in first:
        cells = [np.median([f for f, _ in found[representation, learner, n]]) for n in LABELS]
        cells.append(np.median([p for n in LABELS for _, p in found[representation, learner, n]]))
        print(f"| {representation} | {learner} | " + " | ".join(f"{_milliseconds(value)} ms" for value in cells) + " |")


if __name__ == "__main__":
    main()
