"""What a query costs, strategy by strategy, and beside the libraries' own versions.

    python benchmarks/strategies.py [--sizes 300 3000 30000] [--csv FILE] [NAME ...]

CPU milliseconds of one thread for a batch of 10 with 50 labels, on pools of made-up data (20 features; 3 classes, or 2
for strategies that are for two classes only), with a logistic regression that is fitted and has predicted the pool:
that is paid for by the learner. ``first`` is the first query of a cell, which computes what depends on the pool alone
(distances, neighbours, kernels, clusters); the others are the mean of later ones, on the same labels with the pool's
shared values at hand. The growth is the exponent of the pool size between the two largest sizes.

A size is left out where the strategy declares a smaller limit, where it would take more than --limit seconds by its
growth so far (at first linear is supposed), or where it takes as long in truth. Implementations that try some
candidates (those with a parameter `candidates`) all try 20, so that they do the same work.

A ratio is algrid's milliseconds by a library's, of the same family, at the largest size that both have; above 1.1 it is
marked. Implementations that are written from a library's formula are algrid's own, and are not compared.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import csv
import gc
import math
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algrid.learners import LEARNERS
from algrid.learners.base import Fitted
from algrid.strategies import STRATEGIES, QueryState, Strategy

__all__ = ["SIZES", "Line", "measure", "ratios"]

SIZES, N_FEATURES, N_LABELED, BATCH_SIZE = (300, 3_000), 20, 50, 10
#: Rows that are tried by those that try some.
CANDIDATES = 20
#: Seconds that later queries are repeated for.
ENOUGH = 0.2
#: algrid's milliseconds by a library's.
TARGET = 1.1


@dataclass
class Predictions:
    """Predictions of a fitted learner on the pool, made once."""

    X: NDArray[np.float64]
    fitted: Fitted

    @cache  # noqa: B019 - a benchmark's few pools
    def predict(self) -> Any:
        return self.fitted.predict(self.X)

    @cache  # noqa: B019
    def predict_proba(self) -> Any:
        return self.fitted.predict_proba(self.X)

    @cache  # noqa: B019
    def decision_function(self) -> Any:
        return self.fitted.decision_function(self.X)

    def __hash__(self) -> int:
        return id(self)


@cache
def _pool(n: int, n_classes: int) -> tuple[NDArray[np.float64], NDArray[np.intp], Predictions]:
    rng = np.random.default_rng(n)
    y = np.arange(n) % n_classes
    X = rng.normal(size=(n, N_FEATURES)) + rng.normal(size=(n_classes, N_FEATURES))[y]
    learner = LEARNERS.build("logistic_regression")
    model = Predictions(X, learner.fit(X[:N_LABELED], y[:N_LABELED], n_classes, 0))
    for made in (model.predict(), model.predict_proba(), model.decision_function()):
        made.setflags(write=False)
    return X, y, model


def make_state(strategy: Strategy, n: int) -> QueryState:
    """A fresh state of a fresh cell."""
    n_classes = 2 if "binary" in strategy.needs else 3
    X, y, model = _pool(n, n_classes)
    rng = np.random.default_rng(0)
    return QueryState(
        X=X,
        labeled=np.arange(N_LABELED),
        y_labeled=y[:N_LABELED],
        unlabeled=np.arange(N_LABELED, n),
        n_classes=n_classes,
        batch_size=BATCH_SIZE,
        learner=model.fitted.learner,
        learner_seed=0,
        model=model,
        ties=rng.permutation(n),
        random_order=rng.permutation(n),
        _rng=lambda: np.random.default_rng(1),
        _shared={},
        true_labels=y if "true_labels" in strategy.needs else None,
    )


@dataclass
class Line:
    """What was measured of one strategy.

    Parameters
    ----------
    name : str
    first, later : dict
        Milliseconds of the first query of a cell and of later ones, by size.
    reasons : dict
        Why a size was left out.
    """

    name: str
    first: dict[int, float] = field(default_factory=dict)
    later: dict[int, float] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def growth(self) -> float:
        """Exponent of the pool size between the two largest sizes."""
        if len(self.later) < 2:
            return math.nan
        small, large = sorted(self.later)[-2:]
        return math.log(self.later[large] / self.later[small]) / math.log(large / small)


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TimeoutError

    previous = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def measure(name: str, sizes: tuple[int, ...], limit: float) -> Line:
    """Time a strategy at all sizes, ascending."""
    line, strategy = Line(name), _build(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if (
            strategy.unsupported(make_state(strategy, 60).learner, 2 if "binary" in strategy.needs else 3, False)
            is None
        ):
            strategy.query(make_state(strategy, 60))  # imports
    seconds, last = 0.0, min(sizes)
    for n in sorted(sizes):
        state = make_state(strategy, n)
        reason = strategy.unsupported(state.learner, state.n_classes, False, n)
        if reason is None and seconds * (n / last) ** (1 if math.isnan(line.growth) else line.growth) > limit:
            reason = "too slow"
        if reason is None:
            try:
                with _alarm(limit), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    line.first[n], line.later[n] = _time(strategy, state)
            except TimeoutError:
                reason = "too slow"
        if reason is not None:
            line.reasons[n] = reason
            break
        seconds, last = max(line.first[n], line.later[n]) / 1e3, n
        gc.collect()
    return line


def _build(name: str) -> Strategy:
    has = any(f.name == "candidates" for f in fields(STRATEGIES.get(name)))
    return STRATEGIES.build(name, {"candidates": CANDIDATES} if has else {})


def _time(strategy: Strategy, state: QueryState) -> tuple[float, float]:
    """Milliseconds of the first query, and the mean of later ones."""
    first = _seconds(strategy, state, 1)
    number = 1
    # where the clock of the CPU is coarse, a query is shorter than its tick
    while (taken := _seconds(strategy, state, number)) < ENOUGH:
        number *= 2 if taken < ENOUGH / 8 else 1 + int(ENOUGH / taken)
    return first * 1e3, max(taken / number, 1e-6) * 1e3


def _seconds(strategy: Strategy, state: QueryState, number: int) -> float:
    begin = time.process_time()
    for _ in range(number):
        strategy.query(state)
    return time.process_time() - begin


def ratios(lines: list[Line]) -> dict[tuple[str, str], tuple[int, float]]:
    """For each family's own version and a library's: the size, and algrid's milliseconds by the library's."""
    by_name = {line.name: line for line in lines}
    found = {}
    for line in lines:
        family, _, library = line.name.partition("@")
        own = by_name.get(family)
        if library and not library.endswith("_compatible") and own is not None:
            common = set(own.later) & set(line.later)
            if common:
                n = max(common)
                found[family, library] = n, own.later[n] / line.later[n]
    return found


def _print(line: Line, sizes: tuple[int, ...]) -> None:
    cells = "".join(
        f"{line.later[n]:>11.2f} {line.first[n]:>10.1f}" if n in line.later else f"{'-':>11} {'-':>10}" for n in sizes
    )
    growth = "" if math.isnan(line.growth) else f"{line.growth:.2f}"
    note = "; ".join(line.reasons.values())
    print(f"{line.name:<44}{cells}{growth:>8}  {note}", flush=True)


def _write_csv(path: str, lines: list[Line]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["strategy", "n_pool", "first [ms]", "later [ms]"])
        for line in lines:
            writer.writerows([line.name, n, f"{line.first[n]:.4g}", f"{line.later[n]:.4g}"] for n in line.later)


def main() -> None:
    """Measure, print the table and the ratios."""
    parser = argparse.ArgumentParser(description="Milliseconds per query of every strategy, by pool size.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="strategies (default: all)")
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--limit", type=float, default=5.0, help="CPU seconds that a query may take (default: 5)")
    parser.add_argument("--csv", metavar="FILE", help="write the milliseconds")
    options = parser.parse_args()
    sizes, lines = tuple(sorted(options.sizes)), []
    print(f"{'ms per query (and the first of a cell)':<44}{''.join(f'{n:>22,}' for n in sizes)}{'growth':>8}")
    for name in options.names or STRATEGIES.names():
        lines.append(measure(name, sizes, options.limit))
        _print(lines[-1], sizes)
    print("\nalgrid's milliseconds by a library's")
    for (family, library), (n, ratio) in ratios(lines).items():
        print(f"{family + ', ' + library:<44}{n:>8,}{ratio:>10.2f}{'  MISSED' if ratio > TARGET else ''}")
    if options.csv:
        _write_csv(options.csv, lines)


if __name__ == "__main__":
    main()
