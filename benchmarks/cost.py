"""How well a pilot predicts what a grid costs: predict, run the grid, compare; and the shipped prior of costs.

    python benchmarks/cost.py [GRID] [--seconds 60] [--workers 2]
    python benchmarks/cost.py --stored RESULTS
    python benchmarks/cost.py --prior RESULTS [RESULTS ...]

The shipped prior was made of the stores of `prior_learners.yaml` and `prior_texts.yaml`, which are here, and of the
shipped grids `strategies_smoke`, `paper_small` and `text_small`.

Actual costs are CPU seconds of all processes that were started for the grid (workers, and the processes in which they
compute), less what it takes to start them: that is measured on a grid of one short run, and no part of a prediction.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import json
import resource
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import algrid
from algrid.cost import POINT_SECONDS, CostModel
from algrid.cost_ladder import Ladder
from algrid.cost_learning import SHIPPED, fit_model, observations, shipped_model
from algrid.grid import GridSpec
from algrid.identity import to_hex
from algrid.pilot import choose_pilot
from algrid.planner import make_plan
from algrid.progress import Quiet
from algrid.session import Session
from algrid.store import Store

__all__ = ["Comparison", "compare", "hindsight", "prior"]

#: A grid of one short run, with what costs some time to import.
NOTHING = {
    "name": "nothing",
    "datasets": ["iris"],
    "strategies": ["margin@modal"],
    "learners": ["gaussian_nb"],
    "budgets": [1],
    "batch_sizes": [1],
}


@dataclass(frozen=True)
class Comparison:
    """CPU seconds of a whole grid: predicted (low, middle, high), from priors and after the pilot, and actual."""

    runs: int
    pilot_runs: int
    pilot_seconds: float
    from_priors: tuple[float, ...]
    predicted: tuple[float, ...]
    actual: float

    def rows(self) -> list[str]:
        """The comparison as lines of a Markdown table."""
        lines = [
            "| | CPU s | 90 % interval | predicted / actual |",
            "| --- | ---: | --- | ---: |",
        ]
        pilot = f"after a pilot of {self.pilot_runs} of {self.runs} runs ({self.pilot_seconds:.0f} CPU s)"
        for what, (low, middle, high) in (("from priors", self.from_priors), (pilot, self.predicted)):
            lines.append(f"| {what} | {middle:.0f} | {low:.0f} to {high:.0f} | {middle / self.actual:.2f} |")
        return [*lines, f"| actual | {self.actual:.0f} | | |"]


def compare(grid: Any, *, seconds: float, workers: int) -> Comparison:
    """Predict a grid's cost from a pilot, run it, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        starting = _cpu(lambda: Session(NOTHING, Path(folder) / "nothing").run(Quiet(), workers=workers))
        session = Session(grid, Path(folder) / "grid")
        from_priors = _seconds(session)
        pilot = _cpu(lambda: session.calibrate(Quiet(), seconds=seconds, workers=workers)) - starting
        pilot_runs = Store.open(session.path).snapshot().count("runs")
        predicted = _seconds(session)
        n_runs = session.plan.n_runs
        rest = _cpu(lambda: session.run(Quiet(), workers=workers)) - starting
    return Comparison(n_runs, pilot_runs, pilot, from_priors, predicted, pilot + rest)


def _seconds(session: Session) -> tuple[float, ...]:
    return tuple(3600 * hours for hours in session.plan.core_hours)


def _cpu(work: Callable[[], Any]) -> float:
    """CPU seconds that ended child processes, and theirs, took for some work."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def hindsight(results: Path, shares: Sequence[float] = (0.0, 0.05, 0.1, 0.2, 0.3)) -> list[str]:
    """What pilots of several sizes would have predicted of a finished grid, as lines of a Markdown table.

    Costs are here those that are stored: each fit and its predictions once, and all queries.
    """
    snapshot = Store.open(results).snapshot()
    spec = GridSpec.from_yaml(str(snapshot.grid))
    seen = observations(snapshot)
    rows = snapshot.table(
        "runs", ["dataset", "fit_cpu_seconds", "predict_cpu_seconds", "query_cpu_seconds"]
    ).to_pylist()
    actual = sum(
        seen.sharing[row["dataset"]] * (sum(row["fit_cpu_seconds"]) + sum(row["predict_cpu_seconds"]))
        + sum(row["query_cpu_seconds"])
        for row in rows
    )
    plan = make_plan(spec, shipped_model())
    lines = [
        "| pilot [runs] | predicted [CPU s] | 90 % interval | predicted / actual |",
        "| ---: | ---: | --- | ---: |",
    ]
    for share in shares:
        chosen = choose_pilot(plan, plan.planned, share * float(plan.seconds[plan.planned].sum()))
        ids = to_hex(plan.ids[chosen]).tolist() if share else []
        with tempfile.TemporaryDirectory() as folder:
            if ids:
                with Store.create_or_open(folder, grid=str(snapshot.grid)).writer() as writer:
                    for made in snapshot.provenances.values():
                        writer.provenance(made)
                    writer.append("runs", snapshot.rows(ids))
            session = Session(spec, folder)
            # what a point costs beside its fit, predictions and query is not stored
            sizes = np.array([v.batch_size for v in plan.variants])
            rest = POINT_SECONDS * np.where(plan.planned, -(-plan.targets // sizes) + 1, 0).sum()
            low, middle, high = (seconds - rest for seconds in _seconds(session))
        lines.append(f"| {len(ids)} | {middle:.1f} | {low:.1f} to {high:.1f} | {middle / actual:.2f} |")
    return [*lines, f"| all {len(rows)} | actual: {actual:.1f} | | |"]


def prior(folders: Sequence[Path]) -> CostModel:
    """A model to ship: of what stores say, that which is of no dataset, and no less uncertain than nothing."""
    stores = [Store.open(folder).snapshot() for folder in folders]
    specs = [GridSpec.from_yaml(str(store.grid)) for store in stores]
    seen = [observations(store) for store in stores]
    columns = {name: np.concatenate([one.columns[name] for one in seen]) for name in seen[0].columns}
    model = fit_model(
        CostModel(),
        [learner for spec in specs for learner in spec.learners],
        [strategy for spec in specs for strategy in spec.strategies],
        columns,
        {},
        sum(store.count("runs") for store in stores),
    )
    kept = {
        part: tuple(Ladder(one.everything, one.names) for one in ladders) for part, ladders in model.ladders.items()
    }
    return CostModel(kept)


def main() -> None:
    """Run the benchmark, or make the prior."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grid", nargs="?", default="quickstart")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the pilot")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--prior", nargs="+", type=Path, metavar="RESULTS", help="stores that say what to ship")
    parser.add_argument("--stored", type=Path, metavar="RESULTS", help="a finished grid: what pilots would have said")
    options = parser.parse_args()
    if options.stored:
        print("\n".join(hindsight(options.stored)))
        return
    if options.prior:
        path = Path(algrid.__file__).parent / SHIPPED
        path.write_text(json.dumps(prior(options.prior).to_plain()) + "\n", encoding="utf-8")
        print(path)
        return
    print("\n".join(compare(options.grid, seconds=options.seconds, workers=options.workers).rows()))


if __name__ == "__main__":
    main()
