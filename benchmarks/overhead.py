"""What algrid's loop costs beside the loops that one would write without it, in CPU seconds per cycle.

    python benchmarks/overhead.py [--csv FILE] [--repetitions N]

The same runs (dataset, split, start set, learner, strategy, batch size), in one process and on one thread:

- ``algrid``: `algrid.loop.run_cell` of one variant, so that nothing is saved by sharing fits.
- ``bare``: a loop around scikit-learn. It predicts the test part and the whole pool once after each fit, takes class
  predictions of the pool from the probabilities where a query needs those, and stores the two confusion matrices that
  algrid stores, by `sklearn.metrics.confusion_matrix`; ``bare, bincount`` counts them by `numpy.bincount`. Where a
  margin is wanted of an SVC, its probabilities come from `CalibratedClassifierCV(ensemble=False)`, whose inner SVC,
  fitted on all labels, gives the class predictions.
- ``modAL``: an `ActiveLearner` that is queried and taught, with the same predictions and confusion matrices. Where a
  margin is wanted of an SVC, it is made with ``probability=True``.

Every loop fits the same labelled sets: the bare one must ask for the very rows that algrid asks for (the same formula
and tie break; with an SVC's margins, where calibrations differ, its answer is computed and then algrid's rows are
labelled), and modAL's answer is always computed and replaced so (it breaks ties in its own way). Whether labelled sets
and confusion matrices agree is checked in every repetition.

A repetition times all loops one after another; ratios are taken within repetitions.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import csv
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.svm import SVC

from algrid.cell import Cell, Variant
from algrid.datasets import DATASETS
from algrid.learners import LEARNERS
from algrid.loop import run_cell
from algrid.oracles import ORACLES
from algrid.pool import Pool, make_pool
from algrid.preprocessing import PREPROCESSINGS
from algrid.splits import SPLITS
from algrid.start_sets import START_SETS
from algrid.strategies import STRATEGIES

__all__ = ["CONTESTANTS", "Case", "Trace", "algrid_loop", "bare_loop", "make_case", "measure", "modal_loop", "prepared"]

DATASET_NAMES = ("breast_cancer", "wine")
LEARNER_NAMES = ("random_forest", "svm_rbf", "logistic_regression")
STRATEGY_NAMES = ("random", "margin")
BATCH_SIZE = 5
CYCLES = 20
REPETITIONS = {"random_forest": 2, "svm_rbf": 8, "logistic_regression": 8}
TIMED = ("algrid", "bare", "modAL")
RATIOS = ("bare", "bare, bincount", "modAL")
TARGETS = {"bare": 1.10, "modAL": 0.90}  # most that algrid may cost as a share of a loop, for each learner

Rows = NDArray[np.intp]
Count = Callable[[Rows, Rows, int], NDArray[np.integer[Any]]]


@dataclass
class Trace:
    """What a loop did: the rows that it labelled, and two flat confusion matrices at every point."""

    batches: list[Rows] = field(default_factory=list)
    test: list[NDArray[np.integer[Any]]] = field(default_factory=list)
    pool: list[NDArray[np.integer[Any]]] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """A run that every loop repeats.

    Parameters
    ----------
    dataset, learner, strategy : str
    cycles : int
        Queries; there is one fit more.
    cell, pool, variant
        As algrid's loop takes them.
    batches : list of int arrays
        The pool indices that algrid asks for in each cycle.
    """

    dataset: str
    learner: str
    strategy: str
    cycles: int
    cell: Cell
    pool: Pool
    variant: Variant
    batches: list[Rows]

    @property
    def seed(self) -> int:
        """The random state of every classifier."""
        return self.cell.streams.learner_seed()

    @property
    def wants_svc_margins(self) -> bool:
        """Whether probabilities of an SVC are needed: each loop then has its own, and its own margins."""
        return (self.learner, self.strategy) == ("svm_rbf", "margin")


def make_case(dataset: str, learner: str, strategy: str, cycles: int = CYCLES) -> Case:
    """Make the data, and run algrid's loop once, to know which rows it asks for."""
    plugin = DATASETS.build(dataset)
    data = plugin.load()
    cell = Cell(
        root_seed=42,
        dataset=plugin,
        dataset_hash=data.content_hash,
        split=SPLITS.build("stratified", {"test_size": 0.4}),
        split_index=0,
        start_set=START_SETS.build("one_per_class"),
        start_index=0,
        preprocessing=PREPROCESSINGS.build("standard"),
        learner=LEARNERS.build(learner),
        oracle=ORACLES.build("perfect"),
        seed=0,
    )
    variant = Variant(STRATEGIES.build(strategy), None, BATCH_SIZE)
    case = Case(dataset, learner, strategy, cycles, cell, make_pool(cell, data), variant, [])
    case.batches.extend(algrid_loop(case).batches)
    return case


def algrid_loop(case: Case) -> Trace:
    """The loop of algrid, one run of a cell."""
    (history,) = run_cell(case.cell, case.pool, [case.variant], [case.cycles * BATCH_SIZE])
    points = history.points
    return Trace(
        [p.batch for p in points[1:]],
        [p.test.counts for p in points],
        [p.pool.counts for p in points],
    )


def by_sklearn(y: Rows, predicted: Rows, n_classes: int) -> NDArray[np.integer[Any]]:
    """A flat confusion matrix as scikit-learn counts it."""
    return np.asarray(confusion_matrix(y, predicted, labels=range(n_classes))).ravel()


def by_bincount(y: Rows, predicted: Rows, n_classes: int) -> NDArray[np.integer[Any]]:
    """The same by `numpy.bincount`."""
    return np.bincount(y * n_classes + predicted, minlength=n_classes**2)


def bare_loop(case: Case, count: Count = by_sklearn) -> Trace:
    """The loop around scikit-learn."""
    X, y, X_test, y_test, k = case.pool.X, case.pool.y, case.pool.X_test, case.pool.y_test, case.pool.n_classes
    is_labeled = np.zeros(len(y), dtype=bool)
    is_labeled[case.pool.start] = True
    trace = Trace()
    for cycle in range(case.cycles + 1):
        classifier, proba, on_test, on_pool = _fit_and_predict(case, X[is_labeled], y[is_labeled], X, X_test)
        trace.test.append(count(y_test, on_test, k))
        trace.pool.append(count(y, on_pool, k))
        if cycle == case.cycles:
            break
        unlabeled = np.flatnonzero(~is_labeled)
        if case.strategy == "random":
            batch = unlabeled[np.argsort(case.pool.random_order[unlabeled])[:BATCH_SIZE]]
        else:
            top = np.partition(_all_classes(proba, classifier.classes_, k), k - 2, axis=1)
            gap = (top[:, -1] - top[:, -2])[unlabeled]
            batch = unlabeled[np.lexsort((case.pool.ties[unlabeled], gap))[:BATCH_SIZE]]
        if case.wants_svc_margins:
            batch = case.batches[cycle]
        trace.batches.append(batch)
        is_labeled[batch] = True
    return trace


def _fit_and_predict(case: Case, X: Any, y: Rows, X_pool: Any, X_test: Any) -> tuple[Any, Any, Rows, Rows]:
    """A fitted classifier, its probabilities on the pool (if a query needs them), its classes on test part and pool."""
    if case.wants_svc_margins:
        classifier, proba = _calibrated_svc(X, y, X_pool)
        return classifier, proba, classifier.predict(X_test), classifier.predict(X_pool)
    classifier = _classifier(case).fit(X, y)
    if case.strategy == "random":
        return classifier, None, classifier.predict(X_test), classifier.predict(X_pool)
    proba = classifier.predict_proba(X_pool)
    return classifier, proba, classifier.predict(X_test), classifier.classes_[proba.argmax(axis=1)]


def _calibrated_svc(X: Any, y: Rows, X_pool: Any) -> tuple[SVC, NDArray[np.float64]]:
    """An SVC, and calibrated probabilities; decision values in their place while a class has one row."""
    rarest = int(np.unique(y, return_counts=True)[1].min())
    if rarest > 1:
        calibrated = CalibratedClassifierCV(SVC(), cv=min(5, rarest), ensemble=False).fit(X, y)
        return calibrated.calibrated_classifiers_[0].estimator, calibrated.predict_proba(X_pool)
    classifier = SVC().fit(X, y)
    decision = classifier.decision_function(X_pool)
    return classifier, np.stack([-decision, decision], axis=1) if decision.ndim == 1 else decision


def _all_classes(proba: NDArray[np.float64], classes: Rows, n_classes: int) -> NDArray[np.float64]:
    full = np.zeros((len(proba), n_classes))
    full[:, classes] = proba
    return full


def _classifier(case: Case) -> Any:
    if case.learner == "random_forest":
        return RandomForestClassifier(random_state=case.seed)
    return SVC() if case.learner == "svm_rbf" else LogisticRegression(random_state=case.seed)


def modal_loop(case: Case) -> Trace:
    """The loop around modAL's `ActiveLearner`."""
    from modAL.models import ActiveLearner
    from modAL.uncertainty import margin_sampling

    pool, trace = case.pool, Trace()
    rng = np.random.default_rng(0)

    def random_sampling(_: Any, X: Any, n_instances: int = 1) -> Rows:
        return rng.choice(len(X), size=n_instances, replace=False)

    def record() -> None:
        trace.test.append(by_sklearn(pool.y_test, learner.predict(pool.X_test), pool.n_classes))
        trace.pool.append(by_sklearn(pool.y, learner.predict(pool.X), pool.n_classes))

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The `probability` parameter was deprecated", FutureWarning)
        learner = ActiveLearner(
            estimator=SVC(probability=True, random_state=case.seed) if case.wants_svc_margins else _classifier(case),
            query_strategy=random_sampling if case.strategy == "random" else margin_sampling,
            X_training=pool.X[pool.start],
            y_training=pool.y[pool.start],
        )
        record()
        rest, X, y = _without_start(pool)
        for batch in case.batches:
            learner.query(X, n_instances=BATCH_SIZE)
            positions = np.searchsorted(rest, batch)  # where algrid's rows are
            learner.teach(X[positions], y[positions])
            trace.batches.append(rest[positions])
            X, y, rest = np.delete(X, positions, axis=0), np.delete(y, positions), np.delete(rest, positions)
            record()
    return trace


def _without_start(pool: Pool) -> tuple[Rows, Any, Rows]:
    rest = np.setdiff1d(np.arange(pool.n_pool), pool.start)
    return rest, pool.X[rest], pool.y[rest]


def mend_modal() -> None:
    """Let `ActiveLearner.teach` work with scikit-learn from 1.8 on.

    modAL 0.4.2.1 passes ``force_all_finite`` to `check_X_y`, whose name was changed to ``ensure_all_finite``; nothing
    else in an ActiveLearner stands in the way.
    """
    import modAL.models.learners as learners
    from sklearn.utils import check_X_y

    def translated(*args: Any, force_all_finite: bool = True, **options: Any) -> Any:
        return check_X_y(*args, ensure_all_finite=force_all_finite, **options)

    learners.check_X_y = translated


#: The loops, in the order in which a repetition has them.
CONTESTANTS: dict[str, Callable[[Case], Trace]] = {
    "algrid": algrid_loop,
    "bare": bare_loop,
    "bare, bincount": partial(bare_loop, count=by_bincount),
    "modAL": modal_loop,
}


def prepared() -> dict[str, Callable[[Case], Trace]]:
    """`CONTESTANTS`, able to run."""
    mend_modal()
    return CONTESTANTS


def measure(case: Case, repetitions: int) -> dict[str, list[float]]:
    """CPU seconds per cycle of every loop, one number a repetition.

    Raises
    ------
    AssertionError
        If a loop fitted other labelled sets than algrid's, or the bare one got other confusion matrices.
    """
    loops = prepared()
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(repetitions):
        traces = {}
        for name, loop in loops.items():
            begin = time.process_time()
            traces[name] = loop(case)
            seconds[name].append((time.process_time() - begin) / (case.cycles + 1))
        for name, trace in traces.items():
            _assert_same(case, name, trace, traces["algrid"])
    return seconds


def _assert_same(case: Case, name: str, trace: Trace, algrid: Trace) -> None:
    where = f"{name} on {case.dataset}, {case.learner}, {case.strategy}"
    same = [np.array_equal(np.sort(a), np.sort(b)) for a, b in zip(trace.batches, algrid.batches, strict=True)]
    assert all(same), f"{where}: other rows were labelled than algrid's, first in cycle {same.index(False) + 1}"
    if name != "modAL":  # it fits in the order of buying: a forest's bootstrap then draws other rows
        for part in ("test", "pool"):
            pairs = zip(getattr(trace, part), getattr(algrid, part), strict=True)
            assert all((a == b).all() for a, b in pairs), f"{where}: other confusion matrices on the {part} part"


@dataclass(frozen=True)
class Line:
    """A line of the table: what was measured of one case (or of all cases of a learner)."""

    dataset: str
    learner: str
    strategy: str
    seconds: dict[str, list[float]]

    def milliseconds(self, name: str) -> float:
        """Median CPU milliseconds per cycle."""
        return float(np.median(self.seconds[name])) * 1e3

    def ratio(self, name: str) -> tuple[float, float, float]:
        """Seconds of algrid as a share of another loop's: median, least and largest over repetitions."""
        ratios = np.array(self.seconds["algrid"]) / np.array(self.seconds[name])
        return float(np.median(ratios)), float(ratios.min()), float(ratios.max())


def _lines(repetitions: int | None, learners: list[str], cycles: int) -> Iterator[Line]:
    for learner in learners:
        lines = []
        for dataset in DATASET_NAMES:
            for strategy in STRATEGY_NAMES:
                case = make_case(dataset, learner, strategy, cycles)
                lines.append(Line(dataset, learner, strategy, measure(case, repetitions or REPETITIONS[learner])))
                yield lines[-1]
        totals = {n: list(np.mean([line.seconds[n] for line in lines], axis=0)) for n in CONTESTANTS}
        yield Line("all", learner, "all", totals)


def _print_head(cycles: int) -> None:
    print(f"CPU ms per cycle, {cycles} cycles of {BATCH_SIZE} labels; ratios: median (least - largest of repetitions)")
    times = "".join(f"{name:>9}" for name in TIMED)
    ratios = "".join(f"{f'algrid / {name}':>24}" for name in RATIOS)
    print(f"{'learner':<21}{'dataset':<15}{'strategy':<8}{times}{ratios}", flush=True)


def _print_line(line: Line) -> None:
    times = "".join(f"{line.milliseconds(name):>9.2f}" for name in TIMED)
    ratios = "".join(f"{'{:.2f} ({:.2f} - {:.2f})'.format(*line.ratio(name)):>24}" for name in RATIOS)
    verdict = ""
    if line.dataset == "all":
        missed = [f"{name} {target:.2f}" for name, target in TARGETS.items() if line.ratio(name)[0] > target]
        verdict = f"  target missed: {', '.join(missed)}" if missed else "  targets met"
    print(f"{line.learner:<21}{line.dataset:<15}{line.strategy:<8}{times}{ratios}{verdict}", flush=True)


def _write_csv(path: str, lines: list[Line]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["learner", "dataset", "strategy", "repetition", *(f"{n} [CPU s/cycle]" for n in CONTESTANTS)])
        for line in lines:
            for i, values in enumerate(zip(*(line.seconds[n] for n in CONTESTANTS), strict=True)):
                writer.writerow([line.learner, line.dataset, line.strategy, i, *(f"{v:.6f}" for v in values)])


def main() -> None:
    """Measure all cases, print the table."""
    parser = argparse.ArgumentParser(description="CPU seconds per cycle: algrid, scikit-learn by hand, and modAL.")
    parser.add_argument("--csv", metavar="FILE", help="write every repetition's seconds")
    parser.add_argument("--repetitions", type=int, help=f"of every case (default: {REPETITIONS})")
    parser.add_argument("--learners", nargs="+", choices=LEARNER_NAMES, default=list(LEARNER_NAMES))
    parser.add_argument("--cycles", type=int, default=CYCLES)
    options = parser.parse_args()
    _print_head(options.cycles)
    lines = []
    for line in _lines(options.repetitions, options.learners, options.cycles):
        lines.append(line)
        _print_line(line)
    if options.csv:
        _write_csv(options.csv, lines)


if __name__ == "__main__":
    main()
