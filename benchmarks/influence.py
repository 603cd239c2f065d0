"""How long the influence statistics take on a grid of the survey's shape.

    python benchmarks/influence.py [--rows N] [--resamples N] [--queries N] [--csv FILE]

The table of scores is synthetic: a full factorial of datasets, splits, start sets, strategies, learners and batch sizes
whose values are sums of random effects and noise, drawn here and fitted by nobody. It has the columns that
`Results.scores` gives to these statistics, without ids; nothing is said about reading a store. The runs for the query
influence are synthetic too: each queries 50 rows of a pool of 1,000, at random with a liking that strategies share.
``--rows 4636800`` is the survey's number of runs (92 datasets x 5 splits x 20 start sets x 504 combinations).

Each statistic is timed once, in this process, one after another; memory is the peak of the process so far.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import csv
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from algrid.influence import decomposition, query_influence, ranking_influence, score_influence, sign_flips

__all__ = ["measure", "synthetic_runs", "synthetic_scores"]

LEVELS = {"strategy": 28, "learner": 3, "batch_size": 6}
BATCH_SIZES = (1, 2, 5, 10, 25, 50)
SPLITS = 5
QUERIED = 50
POOL = 1000


def shape_of(rows: int) -> dict[str, int]:
    """Lengths of the axes of a grid of about so many rows: at least six datasets, at most the survey's."""
    combinations = int(np.prod(list(LEVELS.values()))) * SPLITS
    start_sets = int(np.clip(round(rows / (combinations * 92)), 1, 20))
    datasets = int(np.clip(round(rows / (combinations * start_sets)), 6, 92))
    return {"dataset": datasets, "split": SPLITS, "start_set": start_sets, **LEVELS}


def synthetic_scores(rows: int, seed: int = 0) -> pd.DataFrame:
    """A full factorial of about so many scores."""
    rng = np.random.default_rng(seed)
    shape = shape_of(rows)
    names = list(shape)
    size = tuple(shape.values())
    values = rng.normal(0.7, 0.1, (size[0], 1, 1, 1, 1, 1)) + rng.normal(0, 0.02, size)
    for axis in range(3, 6):
        own = [1] * 6
        own[axis] = size[axis]
        values = values + rng.normal(0, 0.02, own)
        own[0] = size[0]
        values = values + rng.normal(0, 0.02, own)
    frame = _axes(size, names)
    frame["budget"] = pd.array([QUERIED] * len(frame), dtype="Int64")
    frame["value"] = values.ravel()
    frame["pool_empty"] = False
    frame.attrs["higher_is_better"] = True
    return frame


def synthetic_runs(rows: int, seed: int = 0) -> pa.Table:
    """Runs of about so many configurations, with what they queried."""
    rng = np.random.default_rng(seed)
    shape = shape_of(rows)
    frame = _axes(tuple(shape.values()), list(shape))
    n = len(frame)
    liking = rng.gamma(1.0, size=(LEVELS["strategy"], POOL - 10))
    queried = np.empty((n, QUERIED), dtype=np.int32)
    strategy = frame["strategy"].cat.codes.to_numpy()
    for i in range(0, n, 4096):  # the first rows of a random order in which liked ones come early
        key = rng.random((len(strategy[i : i + 4096]), POOL - 10)) / liking[strategy[i : i + 4096]]
        first = np.argpartition(key, QUERIED, axis=1)[:, :QUERIED]
        order = np.argsort(np.take_along_axis(key, first, axis=1), axis=1)
        queried[i : i + 4096] = np.take_along_axis(first, order, axis=1)
    for name in ("split_kind", "start_kind", "preprocessing", "oracle", "query_learner"):
        frame[name] = pd.Categorical.from_codes(np.zeros(n, np.int8), ["one"])
    frame["seed"], frame["n_pool"] = np.int32(0), np.int32(POOL)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    points = [np.arange(0, QUERIED + 1, k, dtype=np.int32) + 10 for k in BATCH_SIZES]
    by_batch = frame["batch_size"].map(dict(zip(BATCH_SIZES, points, strict=True)))
    start = pa.FixedSizeListArray.from_arrays(np.tile(np.arange(POOL - 10, POOL, dtype=np.int32), n), 10)
    table = table.append_column("start_indices", start.cast(pa.list_(pa.int32())))
    table = table.append_column(
        "queried", pa.FixedSizeListArray.from_arrays(queried.ravel(), QUERIED).cast(pa.list_(pa.int32()))
    )
    return table.append_column("n_labeled", pa.array(by_batch.tolist(), type=pa.list_(pa.int32())))


def _axes(size: tuple[int, ...], names: list[str]) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name, codes in zip(names, np.unravel_index(np.arange(np.prod(size)), size), strict=True):
        if name in ("dataset", "strategy", "learner"):
            levels = [f"{name}{k:02d}" for k in range(codes.max() + 1)]
            columns[name] = pd.Categorical.from_codes(codes.astype(np.int16), levels)
        else:
            columns[name] = (np.array(BATCH_SIZES)[codes] if name == "batch_size" else codes).astype(np.int32)
    return pd.DataFrame(columns)


def measure(rows: int, queries: int, resamples: int) -> list[dict[str, Any]]:
    """Seconds and memory of each statistic."""
    scores = synthetic_scores(rows)
    cases: dict[str, Callable[[], pd.DataFrame]] = {
        "score_influence(strategy)": lambda: score_influence(scores, "strategy", resamples=resamples),
        "score_influence(batch_size)": lambda: score_influence(scores, "batch_size", resamples=resamples),
        "ranking_influence(batch_size)": lambda: ranking_influence(scores, "batch_size", resamples=resamples),
        "decomposition": lambda: decomposition(scores, resamples=resamples),
        "sign_flips(strategy, learner)": lambda: sign_flips(scores, "strategy", "learner", resamples=resamples),
    }
    found = [_timed(name, case, len(scores)) for name, case in cases.items()]
    runs = synthetic_runs(queries)
    for by in ("learner", "batch_size", "strategy"):
        name = f"query_influence({by})"
        found.append(_timed(name, lambda by=by: query_influence(runs, by, resamples=resamples), runs.num_rows))
    return found


def _timed(name: str, case: Callable[[], pd.DataFrame], rows: int) -> dict[str, Any]:
    before = time.perf_counter()
    pairs = len(case())
    seconds = time.perf_counter() - before
    scale = 1e9 if sys.platform == "darwin" else 1e6  # bytes there, kilobytes elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    row = {"statistic": name, "rows": rows, "seconds": round(seconds, 2), "peak_gb": round(peak, 2), "result": pairs}
    print(f"{name:32}{rows:>10,} rows{seconds:>9.2f} s{peak:>7.2f} GB  {pairs:>6,} rows of result", flush=True)
    return row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("--rows", type=int, default=300_000, help="scores, about")
    parser.add_argument("--queries", type=int, default=30_000, help="runs for the query influence, about")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--csv", help="file for the numbers")
    options = parser.parse_args()
    found = measure(options.rows, options.queries, options.resamples)
    if options.csv:
        with open(options.csv, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, found[0].keys())
            writer.writeheader()
            writer.writerows(found)


if __name__ == "__main__":
    main()
