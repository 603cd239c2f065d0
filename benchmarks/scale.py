"""What a grid of the survey's size costs beside its runs: plan, resume, status, merging, queries.

    python benchmarks/scale.py [FOLDER] [--runs N] [--cycles N] [--csv FILE]

The store is synthetic, and nothing in it was learned: every stored column has values of a plausible type and size
(learning curves that rise and saturate, with noise; confusion matrices that sum up to the parts; random queries;
seconds), so that bytes and times are those of a real store, and no number means anything. Its grid is the survey's
(arXiv 2506.03817): 28 strategies, 3 learners, 6 batch sizes and 99 cycles on 92 datasets. Their sizes are such that
pools run empty at each batch size on as many of them as there (4, 32, 48, 69, 88, 92); numbers of classes and features
are assumptions. ``--runs 4636800`` is all of it (20 start sets of 5 splits); fewer runs have fewer start sets, splits
and, in the end, datasets. ``--cycles`` makes runs shorter, for what depends on their number alone. With a FOLDER the
store stays, and is used again.

Rows go through the store's own writer, a few hundred at a time as workers send them. Each step is measured in a process
of its own: wall and CPU seconds since its start, and the peak of its memory.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import psutil
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from algrid.arrays import offsets_of
from algrid.datasets import Dataset, DatasetFacts, DatasetPlugin
from algrid.errors import DatasetError
from algrid.grid import GridSpec
from algrid.grid_files import grid_file
from algrid.history import History
from algrid.identity import content_key, from_hex, to_hex
from algrid.plan import Plan
from algrid.results import Results
from algrid.schema import RUNS, SKYLINES
from algrid.session import Session
from algrid.slicing import continued, slices
from algrid.store import Policy, RowQueue, Store
from algrid.yaml_lines import load_yaml

__all__ = ["Synthetic", "grid_of", "make_store", "measure", "rows_of"]

#: Nobody reads older snapshots: files that were merged go at once.
ALONE = Policy(grace_seconds=0)
DATASETS = 92
COMBINATIONS = DATASETS * 28 * 3 * 6
#: Share of the survey's datasets whose pool is empty after so many labels, and those labels.
POOL_SHARES = np.array([0, 4, 32, 48, 69, 88, 92]) / DATASETS
POOL_SIZES = np.array([40, 99, 495, 990, 1980, 4950, 9900])
CLASSES = (2, 2, 2, 3, 2, 4, 2, 5, 2, 6, 3, 7, 2, 10, 2, 3)


@dataclass(frozen=True)
class Synthetic(DatasetPlugin):
    """No data, only facts: number `number` of the survey-like datasets."""

    name: ClassVar[str] = "synthetic"

    number: Annotated[int, Field(ge=0, lt=DATASETS)] = 0

    def load(self) -> Dataset:
        """There is nothing to load."""
        raise DatasetError("a synthetic dataset has no data: it is there to be counted.")

    def facts(self) -> DatasetFacts:
        """Sizes that fit the survey's; equal classes."""
        n_pool = np.interp((self.number + 1) / DATASETS, POOL_SHARES, POOL_SIZES) + 1
        k = CLASSES[self.number % len(CLASSES)]
        names, counts = tuple(map(str, range(k))), (int(np.ceil(n_pool / 0.6 / k)),) * k
        return DatasetFacts(
            self.dataset_name, names, counts, 4 + self.number, content_hash=content_key(self.number) * 2
        )


def grid_of(runs: int, cycles: int = 99) -> GridSpec:
    """The survey's grid on synthetic datasets, with replicates for about so many runs."""
    replicates = int(np.clip(round(runs / COMBINATIONS), 1, 100))
    splits = max(n for n in range(1, 6) if replicates % n == 0)
    datasets = np.linspace(0, DATASETS - 1, int(np.clip(DATASETS * runs // COMBINATIONS, 2, DATASETS))).astype(int)
    grid = load_yaml(grid_file("paper").read_text(encoding="utf-8"), "paper").data
    grid["datasets"] = [{"scale:Synthetic": {"number": datasets}}]
    grid["splits"]["count"], grid["start_sets"]["count"] = splits, replicates // splits
    return GridSpec.from_dict({**grid, "name": "scale", "budgets": {"cycles": cycles}})


# -- rows ------------------------------------------------------------------------------------------------------------


def make_store(path: Path, spec: GridSpec) -> None:
    """Write all runs and skylines of a grid, dataset by dataset within a replicate, as a real grid comes in."""
    plan = Session(spec, path).plan
    rng = np.random.default_rng(0)
    with Store.create_or_open(path, grid=spec.to_yaml()).writer(policy=ALONE) as writer:
        key = writer.provenance({"synthetic": True})
        for cells in _groups(plan):
            runs, skylines = rows_of(plan, cells, rng, key)
            writer.append("runs", runs)
            writer.append("skylines", skylines)


def _groups(plan: Plan) -> Iterator[list[int]]:
    """Cells of one dataset and replicate, all learners."""

    def place(i: int) -> tuple[Any, ...]:
        cell = plan.cells[i]
        return cell.split_index, cell.start_index, cell.dataset.dataset_name

    yield from (list(group) for _, group in groupby(sorted(range(len(plan.cells)), key=place), place))


def rows_of(plan: Plan, cells: list[int], rng: np.random.Generator, provenance: str) -> tuple[pa.Table, pa.Table]:
    """Runs and skylines of cells of one dataset."""
    which, variant = np.nonzero(plan.planned[cells])
    cell = np.array(cells)[which]
    facts = plan.cells[cells[0]].dataset.facts()
    n_pool_of, n_test_of = (int(part.sum()) for part in plan.spec.split.parts(facts) or ())
    k, n_start = facts.n_classes, int(plan.n_start[cells[0]])
    sizes = np.array([v.batch_size for v in plan.variants])[variant]
    bought = np.minimum(-(-plan.targets[cell, variant] // sizes) * sizes, n_pool_of - n_start)
    points = -(-bought // sizes) + 1
    offsets = offsets_of(points)
    step = np.arange(offsets[-1]) - np.repeat(offsets[:-1], points)
    labels = n_start + np.minimum(step * np.repeat(sizes, points), np.repeat(bought, points))
    recall = _recall(labels, np.repeat(variant, points), rng)
    owner = np.repeat(np.arange(len(cell)), points)
    exhausted = bought == n_pool_of - n_start
    values: dict[str, Any] = {
        "run_id": to_hex(plan.ids[cell, variant]),
        **_levels([plan.cells[i].levels() for i in cells], which),
        **_levels([v.levels() for v in plan.variants], variant),
        **_constants(len(cell), facts, n_pool_of, n_test_of, provenance),
        "stop_reason": _labels(["budget", "pool_empty"], exhausted.astype(int)),
        "reach": bought,
        "limit_seconds": np.full(len(cell), 300.0),
        "start_indices": _lists(np.tile(np.arange(n_start), len(cell)), offsets_of(np.full(len(cell), n_start))),
        "queried": _lists(n_start + _queried(bought, n_pool_of - n_start, rng), offsets_of(bought)),
        "n_labeled": _lists(labels, offsets),
        "confusion_test": _lists(_confusion(recall, owner, n_test_of, k, rng), offsets * k * k),
        "confusion_pool": _lists(_confusion(recall, owner, n_pool_of, k, rng), offsets * k * k),
        "probability_metrics": pa.array([[]] * len(cell), RUNS.schema.field("probability_metrics").type),
        **{
            c.name: _lists(_seconds(len(step), rng), offsets)
            for c in RUNS.columns
            if c.name.endswith("_seconds") and c.timing
        },
        "fit_shared": _lists(rng.random(len(step)) < 0.1, offsets),
        "peak_memory": (rng.lognormal(19.5, 0.1, len(cell)) // 4096 * 4096).astype(np.int64),
    }
    skylines: dict[str, Any] = {
        **_levels([plan.cells[i].levels() for i in cells], np.arange(len(cells))),
        **_constants(len(cells), facts, n_pool_of, n_test_of, provenance),
        "confusion_test": _lists(
            _confusion(np.full(len(cells), 0.9), np.arange(len(cells)), n_test_of, k, rng),
            np.arange(len(cells) + 1) * k * k,
        ),
        "fit_seconds": _seconds(len(cells), rng),
        "fit_cpu_seconds": _seconds(len(cells), rng),
    }
    return _table(RUNS, values, len(cell)), _table(SKYLINES, skylines, len(cells))


def _recall(labels: NDArray[Any], variant: NDArray[Any], rng: np.random.Generator) -> NDArray[np.float64]:
    """A rising curve with its own end and pace for each variant, and noise."""
    end, pace = 0.75 + 0.2 * rng.random(variant.max() + 1), 20 + 200 * rng.random(variant.max() + 1)
    curve = end[variant] - (end[variant] - 0.4) * np.exp(-labels / pace[variant])
    return np.clip(curve + 0.01 * rng.standard_normal(len(labels)), 0.01, 0.99)


def _confusion(
    recall: NDArray[np.float64], owner: NDArray[Any], n: int, k: int, rng: np.random.Generator
) -> NDArray[np.int32]:
    """(points * k * k,) counts whose rows sum to n / k: the recall on the diagonal, errors shared out unevenly.

    Classes, and who is taken for whom, differ between runs (`owner` of each point); along a run they change little.
    """
    of_class = np.full(k, n // k) + (np.arange(k) < n % k)
    runs = owner[-1] + 1
    spread = np.clip(recall[:, None] + 0.05 * rng.standard_normal((runs, k))[owner], 0, 1)
    correct = np.rint(spread * of_class).astype(np.int32)
    shares = rng.random((runs, k, k)) * (1 - np.eye(k))
    upto = np.cumsum(shares / shares.sum(axis=2, keepdims=True), axis=2)[owner]
    wrong = (of_class - correct)[:, :, None]
    upto = np.floor(upto * wrong + 0.5)
    upto[:, :, -1] = wrong[:, :, 0]
    counts = np.diff(upto, axis=2, prepend=0).astype(np.int32)
    counts[:, np.arange(k), np.arange(k)] += correct
    return counts.reshape(-1)


def _queried(bought: NDArray[Any], n: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Distinct numbers below `n` for each run: steps of its own length, coprime to `n`, through a random order."""
    order = rng.permutation(n).astype(np.int32)
    steps = np.array([i for i in range(1, n) if np.gcd(i, n) == 1])
    begin, step = rng.integers(0, n, len(bought)), rng.choice(steps, len(bought))
    offsets = offsets_of(bought)
    at = np.arange(offsets[-1]) - np.repeat(offsets[:-1], bought)
    return order[(np.repeat(begin, bought) + at * np.repeat(step, bought)) % n]


def _seconds(n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    return rng.lognormal(-5, 0.5, n).astype(np.float32)


def _constants(n: int, facts: DatasetFacts, n_pool: int, n_test: int, provenance: str) -> dict[str, Any]:
    counts = {"n_pool": n_pool, "n_test": n_test, "n_features": facts.n_features, "n_classes": facts.n_classes}
    return {
        **{name: np.full(n, value) for name, value in counts.items()},
        "provenance": _labels([provenance], np.zeros(n, np.int32)),
    }


def _levels(levels: list[dict[str, Any]], which: NDArray[Any]) -> dict[str, Any]:
    return {name: pa.array([level[name] for level in levels]).take(pa.array(which)) for name in levels[0]}


def _labels(values: list[str], codes: NDArray[Any]) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(values))


def _lists(values: NDArray[Any], offsets: NDArray[Any]) -> Any:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values))


def _table(kind: Any, values: dict[str, Any], n: int) -> pa.Table:
    columns = [pa.nulls(n, c.type) if c.name not in values else _typed(values[c.name], c.type) for c in kind.columns]
    return pa.Table.from_arrays(columns, schema=kind.schema)


def _typed(values: Any, wanted: Any) -> Any:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return (
        array.dictionary_encode()
        if pa.types.is_dictionary(wanted) and array.type == pa.string()
        else array.cast(wanted)
    )


# -- measures --------------------------------------------------------------------------------------------------------


def step_plan(session: Session) -> str:
    """`algrid plan`: enumerate the grid and say what it is made of."""
    facts = session.plan.facts()
    return f"{facts['runs']} runs, {facts['cells']} cells"


def step_status(session: Session) -> str:
    """`algrid status`: the plan against the store, counted by strategy, learner and dataset."""
    (_, _, counts), *others = session.status()
    return f"{counts['done']:,} of {counts['all']:,} done, {len(others)} levels"


def step_resume(session: Session) -> str:
    """`algrid run` up to its first slice, of a grid with one more batch size: plan, lock, what is to do."""
    grown = Session({**session.spec.to_dict(), "batch_sizes": [*session.spec.batch_sizes, 200]}, session.path)
    grown.nothing_to_do()
    with Store.create_or_open(session.path).writer():
        todo = grown.todo()
        first = next(iter(slices(grown.plan, todo.runs, todo.skylines, 2, lambda _: {})))
    return f"{todo.n_runs:,} to do, first of {len(first.variants)} runs"


def step_continue(session: Session) -> str:
    """`algrid run` with a budget of one cycle more, up to the histories of its first hundred slices."""
    cycles = max(budget.cycles or 0 for budget in session.spec.budgets) + 1
    larger = Session({**session.spec.to_dict(), "budgets": {"cycles": cycles}}, session.path)
    snapshot, todo = Store.open(session.path).snapshot(), larger.todo()
    again = continued(larger.plan, todo.runs, todo.known)
    handed: list[int] = []
    with RowQueue(snapshot, again, RUNS.names[1:]) as queue:

        def histories(ids: list[str]) -> dict[str, History]:
            rows = queue.rows(from_hex(np.array(ids)))
            handed.append(len(rows))
            return {row["run_id"]: History.from_row(row) for row in rows}

        for _ in islice(slices(larger.plan, todo.runs, todo.skylines, 2, histories), 100):
            pass
    return f"{len(again):,} go on, {sum(handed):,} handed out"


def step_writer(session: Session) -> str:
    """Open the store for writing."""
    with Store.open(session.path).writer() as writer:
        return f"{len(writer.snapshot().manifest.shards)} shards"


def step_compact(session: Session) -> str:
    """`algrid compact`: everything into one sorted sequence."""
    before = len(Store.open(session.path).snapshot().manifest.shards)
    Store.open(session.path).compact(policy=ALONE)
    manifest = Store.open(session.path).snapshot().manifest
    size = sum(shard.bytes for shard in manifest.of("runs")) / manifest.rows("runs")
    return f"{before} to {len(manifest.shards)} files, {size:,.0f} bytes a run"


def step_scores(session: Session) -> str:
    """Mean AUBC by strategy and dataset, in SQL over the table of scores (made at the first time)."""
    found = Results(session.path).sql(
        "SELECT strategy, dataset, avg(value) AS mean FROM scores GROUP BY ALL", threads=2, memory="4GB"
    )
    return f"{len(found):,} rows"


def step_make(session: Session) -> str:
    """Write the store; nobody reads older snapshots, so that files that were merged go at once."""
    make_store(session.path, session.spec)
    manifest = Store.open(session.path).snapshot().manifest
    return f"{manifest.rows('runs'):,} runs, {sum(shard.bytes for shard in manifest.shards) / 1e9:.2f} GB"


#: Name in the table, and what is done; in this order.
STEPS: tuple[tuple[str, Callable[[Session], str]], ...] = (
    ("make", step_make),
    ("plan", step_plan),
    ("open for writing", step_writer),
    ("status, index made", step_status),
    ("status", step_status),
    ("resume up to the first slice", step_resume),
    ("stored runs that go on", step_continue),
    ("compact", step_compact),
    ("mean AUBC, scores made", step_scores),
    ("mean AUBC by strategy and dataset", step_scores),
    ("status after compaction, index made", step_status),
)


def measure(folder: Path, name: str) -> dict[str, Any]:
    """One step, in this process; seconds count from the start of the process, imports and reading the grid included."""
    spec = GridSpec.from_file(folder / "grid.yaml")
    said = dict(STEPS)[name](Session(spec, folder))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "step": name,
        "wall_s": time.time() - psutil.Process().create_time(),
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1e3,
        "said": said,
    }


def main() -> None:
    """Make, measure, print the table."""
    parser = argparse.ArgumentParser(description="What a grid of the survey's size costs beside its runs.")
    parser.add_argument("folder", nargs="?", type=Path, help="where the store is (default: a temporary folder)")
    parser.add_argument("--runs", type=int, default=20_000, help="about so many (default: 20000)")
    parser.add_argument("--cycles", type=int, default=99, help="queries of a run (default: 99)")
    parser.add_argument("--csv", type=Path, help="write the table to this file")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(measure(options.folder, options.step)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "scale"
        folder.mkdir(parents=True, exist_ok=True)
        is_made = (folder / "manifest.json").exists()
        if not is_made:
            (folder / "grid.yaml").write_text(grid_of(options.runs, options.cycles).to_yaml(), encoding="utf-8")
        rows = []
        for name in [name for name, _ in STEPS if not (is_made and name == "make")]:
            rows.append(row := _apart(folder, name))
            used = f"{row['wall_s']:>9.1f} s{row['cpu_s']:>9.1f} s CPU{row['peak_mb']:>8.0f} MB"
            print(f"{name:<38}{used}  {row['said']}", flush=True)
    if options.csv:
        with options.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def _apart(folder: Path, name: str) -> dict[str, Any]:
    """A step in a process of its own."""
    command = [sys.executable, __file__, str(folder), "--step", name]
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


if __name__ == "__main__":
    main()
