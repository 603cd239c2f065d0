"""How long the influence statistics take on a grid of the survey's shape.

    python benchmarks/influence.py [--rows N] [--queries N] [--share S] [--only NAME] [--resamples N] [--csv FILE]

The table of scores is synthetic: a full factorial of datasets, splits, start sets, strategies, learners and batch sizes
whose values are sums of random effects and noise, drawn here and fitted by nobody. It has the columns that
`Results.scores` gives to these statistics, without ids; nothing is said about reading a store. The runs for the query
influence are synthetic too: each queries 50 rows of a pool of 1,000, at random with a liking that a strategy has. They
are made one dataset at a time when they are asked for, as a store is read; the seconds of making them are told apart.
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
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from algrid.influence import decomposition, query_influence, ranking_influence, score_influence, sign_flips
from algrid.influence.pairwise import wilcoxon_holm, win_tie_loss
from algrid.influence.runs_by_dataset import OVERALL_COLUMNS, RunsByDataset
from algrid.influence.sample_profiles import POOL_AXES, sample_profiles
from algrid.leaderboard import leaderboard
from algrid.seeds import generator

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


def synthetic_runs(rows: int, seed: int = 0) -> RunsByDataset:
    """Runs of about so many configurations, with what they queried: those of a dataset are made when they are read."""
    shape = shape_of(rows)
    frame = _axes(tuple(shape.values()), list(shape))
    for name in ("split_kind", "start_kind", "preprocessing", "oracle", "query_learner"):
        frame[name] = pd.Categorical.from_codes(np.zeros(len(frame), np.int8), ["one"])
    frame["seed"], frame["reach"], frame["n_pool"] = np.int32(0), np.int32(QUERIED), np.int32(POOL)
    frame.index = pd.Index(frame["dataset"].astype(str))
    overall = pa.Table.from_pandas(frame[list(OVERALL_COLUMNS)], preserve_index=False)

    def read(dataset: str, columns: Sequence[str]) -> pa.Table:
        before = time.process_time()
        own = _with_lists(frame.loc[dataset], generator(seed, "runs", dataset=dataset)).select(list(columns))
        spent.append(time.process_time() - before)
        return own

    return RunsByDataset(overall, read)


#: CPU seconds that making runs took since the list was last emptied.
spent: list[float] = []


def _with_lists(frame: pd.DataFrame, rng: np.random.Generator) -> pa.Table:
    """The first rows of a random order in which those that a strategy likes come early."""
    n = len(frame)
    liking = np.log(rng.gamma(1.0, size=(LEVELS["strategy"], POOL - 10))).astype(np.float32)
    strategy = frame["strategy"].cat.codes.to_numpy()
    queried = np.empty((n, QUERIED), dtype=np.int32)
    for i in range(0, n, 4096):
        drawn = rng.standard_exponential((len(strategy[i : i + 4096]), POOL - 10), dtype=np.float32)
        key = np.log(np.maximum(drawn, 1e-30)) - liking[strategy[i : i + 4096]]
        first = np.argpartition(key, QUERIED, axis=1)[:, :QUERIED]
        order = np.argsort(np.take_along_axis(key, first, axis=1), axis=1)
        queried[i : i + 4096] = np.take_along_axis(first, order, axis=1)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    points = [np.arange(0, QUERIED + 1, k, dtype=np.int32) + 10 for k in BATCH_SIZES]
    by_batch = frame["batch_size"].map(dict(zip(BATCH_SIZES, points, strict=True)))
    start = pa.FixedSizeListArray.from_arrays(np.tile(np.arange(POOL - 10, POOL, dtype=np.int32), n), 10)
    table = table.append_column("start_indices", start.cast(pa.list_(pa.int32())))
    lists = pa.FixedSizeListArray.from_arrays(queried.ravel(), QUERIED).cast(pa.list_(pa.int32()))
    table = table.append_column("queried", lists)
    return table.append_column("n_labeled", pa.array(by_batch.tolist(), type=pa.list_(pa.int32())))


def synthetic_measures(runs: RunsByDataset, seed: int = 0) -> pd.DataFrame:
    """Three measures of the rows of every pool."""
    pools = runs.overall.select(list(POOL_AXES)).to_pandas().drop_duplicates()
    frame = pools.loc[pools.index.repeat(POOL)].reset_index(drop=True)
    frame["pool_index"] = np.tile(np.arange(POOL), len(pools))
    values = np.random.default_rng(seed).normal(size=(3, len(frame)))
    return frame.assign(**{f"measure_{i}": own for i, own in enumerate(values)})


def _axes(size: tuple[int, ...], names: list[str]) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name, codes in zip(names, np.unravel_index(np.arange(np.prod(size)), size), strict=True):
        if name in ("dataset", "strategy", "learner"):
            levels = [f"{name}{k:02d}" for k in range(codes.max() + 1)]
            columns[name] = pd.Categorical.from_codes(codes.astype(np.int16), levels)
        else:
            columns[name] = (np.array(BATCH_SIZES)[codes] if name == "batch_size" else codes).astype(np.int32)
    return pd.DataFrame(columns)


def measure(rows: int, queries: int, resamples: int = 1000, share: float = 1.0, only: str = "") -> list[dict[str, Any]]:
    """Seconds and memory of each statistic."""
    of_runs = ("query_influence", "sample_profiles")
    scores = synthetic_scores(1 if only.startswith(of_runs) else rows)
    many = {"resamples": resamples}
    cases: dict[str, Callable[[], pd.DataFrame]] = {
        "score_influence(strategy)": lambda: score_influence(scores, "strategy", **many),
        "score_influence(batch_size)": lambda: score_influence(scores, "batch_size", **many),
        "ranking_influence(batch_size)": lambda: ranking_influence(scores, "batch_size", **many),
        "decomposition": lambda: decomposition(scores, **many),
        "sign_flips(strategy, learner)": lambda: sign_flips(scores, "strategy", "learner", **many),
        "leaderboard(strategy)": lambda: leaderboard(scores, **many),
        "win_tie_loss(strategy)": lambda: win_tie_loss(scores, **many),
        "wilcoxon_holm(strategy)": lambda: wilcoxon_holm(scores),
    }
    runs = synthetic_runs(queries)
    n = runs.overall.num_rows
    for by in ("learner", "batch_size", "strategy"):
        cases[f"query_influence({by})"] = lambda by=by: query_influence(runs, by, share=share, **many)
    cases["sample_profiles(strategy)"] = lambda: sample_profiles(runs, synthetic_measures(runs), **many)
    return [_timed(name, cases[name], n if name.startswith(of_runs) else len(scores)) for name in cases if only in name]


def _timed(name: str, case: Callable[[], pd.DataFrame], rows: int) -> dict[str, Any]:
    spent.clear()
    wall, cpu = time.perf_counter(), time.process_time()
    pairs = len(case())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu - sum(spent)
    scale = 1e9 if sys.platform == "darwin" else 1e6  # bytes there, kilobytes elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    row = {"statistic": name, "rows": rows, "cpu_seconds": round(cpu, 2), "wall_seconds": round(wall, 2)}
    row |= {"making_runs": round(sum(spent), 2), "peak_gb": round(peak, 2), "result": pairs}
    print(
        f"{name:32}{rows:>10,} rows{cpu:>9.2f} CPU s{wall:>9.2f} s{sum(spent):>9.2f} s making runs{peak:>7.2f} GB  "
        f"{pairs:>6,} rows of result",
        flush=True,
    )
    return row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("--rows", type=int, default=300_000, help="scores, about")
    parser.add_argument("--queries", type=int, default=30_000, help="runs for the query influence, about")
    parser.add_argument("--share", type=float, default=1.0, help="of the settings, for the query influence")
    parser.add_argument("--only", default="", help="statistics with this in their name")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--csv", help="file for the numbers")
    options = parser.parse_args()
    found = measure(options.rows, options.queries, options.resamples, options.share, options.only)
    if options.csv:
        with open(options.csv, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, found[0].keys())
            writer.writeheader()
            writer.writerows(found)


if __name__ == "__main__":
    main()
