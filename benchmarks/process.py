"""What the process that can be killed costs: a run in a worker's child, beside the same run in this process.

    python benchmarks/process.py [--runs N]

A worker computes in a child process (`algrid.supervisor`), which journals every phase and every point to it, so that a
run that hangs or dies costs nobody else anything. Here the CPU seconds of parent and child together, journal and Arrow
rows included, stand beside those of `algrid.loop.run_cell`. Each slice has one run: with more, the costs that a slice
has once are shared. The child is warm, as it is in a worker from its second slice on.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import time

import psutil
from overhead import BATCH_SIZE, CYCLES, LEARNER_NAMES, Case, algrid_loop, make_case

from algrid.history import History
from algrid.slices import Slice
from algrid.supervisor import Supervisor

__all__ = ["compare"]

RUNS = {"random_forest": 5, "svm_rbf": 40, "logistic_regression": 40}


def compare(case: Case, runs: int) -> tuple[float, float]:
    """CPU seconds of a run in this process, and in the child (the parent's own included); means of so many runs."""
    task = Slice(case.cell, (case.variant,), (case.cycles * BATCH_SIZE,), (History(),))
    others = psutil.Process().children()
    supervisor = Supervisor()
    try:
        supervisor.run(task)
        (child,) = set(psutil.Process().children()) - set(others)
        here = in_child = 0.0
        for _ in range(runs):
            begin = time.process_time()
            algrid_loop(case)
            here += time.process_time() - begin
            begin = time.process_time() + _cpu_seconds(child)
            assert not supervisor.run(task).rest
            in_child += time.process_time() + _cpu_seconds(child) - begin
    finally:
        supervisor.close()
    return here / runs, in_child / runs


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Measure, print the table."""
    parser = argparse.ArgumentParser(description="CPU milliseconds of a run: in this process, and in a worker's child.")
    parser.add_argument("--runs", type=int, help=f"of each learner (default: {RUNS})")
    options = parser.parse_args()
    print(f"{'learner':<22}{'in process [ms]':>16}{'in the child [ms]':>19}{'more':>7}{'more per point [ms]':>21}")
    for learner in LEARNER_NAMES:
        here, in_child = compare(make_case("breast_cancer", learner, "margin"), options.runs or RUNS[learner])
        per_point = (in_child - here) / (CYCLES + 1) * 1e3
        print(f"{learner:<22}{here * 1e3:>16.1f}{in_child * 1e3:>19.1f}{in_child / here - 1:>7.0%}{per_point:>21.2f}")


if __name__ == "__main__":
    main()
