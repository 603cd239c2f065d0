"""What the process that can be killed costs: a run in a worker's child, beside the same run in this process.

    python benchmarks/process.py [--runs N]

A worker computes in a child process (`algrid.supervisor`), which journals every phase and every point to it, so that a
run that hangs or dies costs nobody else anything. Here the CPU seconds of parent and child together, journal and Arrow
rows included, stand beside those of `algrid.loop.run_cell`, and beside those of the loop that one would write without
algrid, its confusion matrices counted by `numpy.bincount` (`overhead.bare_loop`). The runs are those of `overhead`:
two datasets, with and without a query that needs probabilities. Each slice has one run: with more, the costs that a
slice has once are shared. The child is warm, as it is in a worker from its second slice on.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import psutil
from overhead import (
    BATCH_SIZE,
    CYCLES,
    DATASET_NAMES,
    LEARNER_NAMES,
    STRATEGY_NAMES,
    Case,
    algrid_loop,
    bare_loop,
    by_bincount,
    make_case,
)

from algrid.history import History
from algrid.slices import Slice
from algrid.supervisor import Supervisor

__all__ = ["Costs", "compare"]

RUNS = {"random_forest": 3, "svm_rbf": 25, "logistic_regression": 25}
TARGET = 1.10  # most that a run in the child may cost as a share of the bare loop, for each learner


@dataclass(frozen=True)
class Costs:
    """CPU seconds of a run.

    Parameters
    ----------
    bare : float
        In a loop around scikit-learn.
    here : float
        In algrid's loop, in this process.
    in_child : float
        In a worker's child, the worker's own seconds included.
    """

    bare: float
    here: float
    in_child: float

    def __add__(self, other: Costs) -> Costs:
        return Costs(self.bare + other.bare, self.here + other.here, self.in_child + other.in_child)

    def line(self, what: str) -> str:
        """A line of the table; `what` is the case."""
        milliseconds = "".join(f"{seconds * 1e3:>14.1f}" for seconds in (self.bare, self.here, self.in_child))
        more, ratio = self.in_child / self.here - 1, self.in_child / self.bare
        return f"{what:<44}{milliseconds}{more:>16.1%}{ratio:>14.2f}"


def compare(case: Case, runs: int) -> Costs:
    """Costs of a case: means of so many runs, the three ways by turns."""
    task = Slice(case.cell, (case.variant,), (case.cycles * BATCH_SIZE,), (History(),))
    others = psutil.Process().children()
    supervisor = Supervisor()
    total = Costs(0.0, 0.0, 0.0)
    try:
        supervisor.run(task)
        (child,) = set(psutil.Process().children()) - set(others)
        for _ in range(runs):
            bare = _cpu(lambda: bare_loop(case, by_bincount))
            here = _cpu(lambda: algrid_loop(case))
            before = _cpu_seconds(child)
            watching = _cpu(lambda: supervisor.run(task))
            total += Costs(bare, here, watching + _cpu_seconds(child) - before)
    finally:
        supervisor.close()
    return Costs(total.bare / runs, total.here / runs, total.in_child / runs)


def _cpu(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Measure all cases, print the table."""
    parser = argparse.ArgumentParser(description="CPU milliseconds of a run: in this process, and in a worker's child.")
    parser.add_argument("--runs", type=int, help=f"of each case (default: {RUNS})")
    options = parser.parse_args()
    print(f"CPU ms per run of {CYCLES} cycles; the bound for child / bare is {TARGET:.2f} for each learner")
    print(f"{'case':<44}{'bare':>14}{'algrid':>14}{'in the child':>14}{'child / algrid':>16}{'child / bare':>14}")
    for learner in LEARNER_NAMES:
        costs = []
        for dataset, strategy in product(DATASET_NAMES, STRATEGY_NAMES):
            costs.append(compare(make_case(dataset, learner, strategy), options.runs or RUNS[learner]))
            print(costs[-1].line(f"{learner}, {strategy}, {dataset}"), flush=True)
        print(sum(costs, Costs(0.0, 0.0, 0.0)).line(f"{learner}, all"), flush=True)


if __name__ == "__main__":
    main()
