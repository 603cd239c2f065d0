"""The plan: what is counted, skipped, shared, still to do, and in which order it is handed out."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from algrid.cell import digests
from algrid.datasets import Dataset, DatasetFacts, DatasetPlugin
from algrid.errors import AlgridWarning, DatasetError, GridError
from algrid.grid import GridSpec
from algrid.identity import mix, to_hex
from algrid.plan import Plan
from algrid.planner import make_plan
from algrid.progress import Quiet
from algrid.schema import STOP_REASONS
from algrid.session import Session
from algrid.slicing import continued, slices
from algrid.stored import Stored

SMALL: dict[str, Any] = {
    "name": "small",
    "datasets": ["iris", "wine"],
    "splits": {"kind": "stratified", "count": 2},
    "start_sets": {"kind": "one_per_class", "count": 2},
    "strategies": ["random", "margin", {"qbc": {"committee_size": [2, 3]}}],
    "learners": ["gaussian_nb", "decision_tree"],
    "batch_sizes": [5, 10],
    "budgets": [20],
}


def plan_of(**changes: Any) -> Plan:
    return make_plan(GridSpec.from_dict({**SMALL, **changes}))


def stored_as(
    plan: Plan, reach: int, reason: str, seconds: float = np.inf, memory: float = np.inf, run_seconds: float = np.inf
) -> Stored:
    cells = np.array([c.digest for c in plan.cells], dtype=np.uint64)
    variants = np.array([v.digest for v in plan.variants], dtype=np.uint64)
    cell, variant = np.nonzero(plan.planned)
    n = len(cell)
    return Stored(
        cells=np.sort(cells),
        variants=np.sort(variants),
        cell=np.argsort(np.argsort(cells))[cell].astype(np.int32),
        variant=np.argsort(np.argsort(variants))[variant].astype(np.int32),
        reach=np.full(n, reach, np.int32),
        stop_reason=np.full(n, STOP_REASONS.index(reason), np.int8),
        limits=np.array([[seconds, run_seconds, memory]]),
        limit=np.zeros(n, np.int32),
        skylines=np.sort(cells),
    )


def test_counts() -> None:
    plan = plan_of()
    assert plan.n_cells == 2 * 2 * 2 * 2
    assert plan.n_runs == 16 * 4 * 2
    assert len(np.unique(plan.ids)) == plan.ids.size
    assert plan.skips() == {}
    assert plan.pending(Stored.nothing()).sum() == plan.n_runs
    assert plan.skylines_pending(Stored.nothing()).sum() == 16
    assert "128" in str(plan)
    assert "128" in plan._repr_html_()
    # of 64 runs each on iris and wine (3 classes): 5 or 3 points, 20 labels, pools of 90 and 107 rows
    points = 64 * (20 + 5 * (26 + 9)) + 64 * (20 + 3 * (26 + 9))
    assert plan.n_bytes == pytest.approx(points + 64 * 20 * np.log2([90, 107]).sum() / 8, abs=1)
    assert plan.facts()["memory of a computing process, roughly"] == "up to 180 MB"
    assert plan.facts()["size of the store, roughly"] == f"{plan.n_bytes / 1000:.0f} kB"


def test_ids_are_those_of_the_runs_alone() -> None:
    plan = plan_of()
    assert digests(plan.cells).tolist() == [replace(cell).digest for cell in plan.cells]
    for (i, cell), (j, variant) in product(enumerate(plan.cells), enumerate(plan.variants)):
        assert plan.ids[i, j] == mix(np.array(cell.digest, np.uint64), np.array(variant.digest, np.uint64))
    run_id = to_hex(plan.ids[3:4, 2])[0]
    assert plan.find(str(run_id)) == (plan.cells[3], plan.variants[2], 20)
    with pytest.raises(GridError, match="has no run 'nonsense'"):
        plan.find("nonsense")
    columns = plan.runs()
    assert len(columns["run_id"]) == len(columns["strategy"]) == plan.n_runs


def test_other_limits_budgets_and_records_keep_the_ids_other_parameters_change_them() -> None:
    ids = set(plan_of().ids.ravel().tolist())
    same = [{"budgets": [20, 40]}, {"limits": {"seconds_per_cycle": 1}}, {"name": "other"}]
    same += [{"record": {"probability_metrics": ["log_loss"]}}]
    for change in same:
        assert set(plan_of(**change).ids.ravel().tolist()) == ids, change
    other: list[dict[str, Any]] = [{"seed": 1}, {"seeds": [1]}, {"preprocessing": ["none"]}]
    other += [{"oracles": [{"noisy": {"flip": 0.1}}]}, {"splits": {"kind": "stratified", "test_size": 0.5, "count": 2}}]
    other += [{"query_learners": ["gaussian_nb"]}, {"start_sets": {"kind": "random", "size": 5, "count": 2}}]
    for change in other:
        assert not ids & set(plan_of(**change).ids.ravel().tolist()), change
    grown = plan_of(strategies=[*SMALL["strategies"], "entropy"], batch_sizes=[1, 5, 10])
    assert ids < set(grown.ids.ravel().tolist())


@pytest.mark.parametrize(
    ("axis", "more"),
    [
        ("datasets", ["breast_cancer", "iris", "wine"]),
        ("splits", {"kind": "stratified", "count": 3}),
        ("start_sets", {"kind": "one_per_class", "count": 3}),
        ("strategies", ["entropy", "random", "margin", {"qbc": {"committee_size": [2, 3, 4]}}]),
        ("learners", ["knn", "gaussian_nb", "decision_tree"]),
        ("query_learners", ["gaussian_nb", "same"]),
        ("batch_sizes", [1, 5, 10]),
        ("preprocessing", ["minmax", "standard"]),
        ("oracles", [{"noisy": {"flip": 0.1}}, "perfect"]),
        ("seeds", [3, 0]),
        ("budgets", [5, 20]),
    ],
)
def test_a_value_more_on_any_axis_keeps_every_stored_run(axis: str, more: Any) -> None:
    plan = plan_of()
    grown = plan_of(**{axis: more})
    assert set(plan.ids.ravel().tolist()) <= set(grown.ids.ravel().tolist())
    stored = stored_as(plan, 20, "budget")
    assert grown.pending(stored).sum() == grown.n_runs - plan.n_runs
    assert grown.n_runs > plan.n_runs or axis == "budgets"
    assert len(continued(grown, grown.planned, stored)) == plan.n_runs


def test_stored_runs_go_on_in_the_order_of_the_slices() -> None:
    plan = plan_of(learners=["random_forest", "gaussian_nb"])
    larger = plan_of(learners=["random_forest", "gaussian_nb"], budgets=[40])
    done = stored_as(plan, 20, "budget")
    kept = {name: vars(done)[name][::3] for name in ("cell", "variant", "reach", "stop_reason", "limit")}
    stored = Stored(**{**vars(done), **kept})
    pending = larger.pending(stored)
    asked: list[str] = []
    for _ in slices(larger, pending, larger.skylines_pending(stored), 2, lambda ids: asked.extend(ids) or {}):
        pass
    known = set(to_hex(continued(larger, pending, stored)).tolist())
    assert len(known) == len(stored.cell)
    assert [i for i in asked if i in known] == to_hex(continued(larger, pending, stored)).tolist()


def test_what_is_done_is_not_planned_again() -> None:
    plan = plan_of()
    done = stored_as(plan, 20, "budget")
    assert not plan.pending(done).any()
    assert not plan.skylines_pending(done).any()
    assert plan.pending(stored_as(plan, 15, "budget")).sum() == plan.n_runs
    assert not plan.pending(stored_as(plan, 15, "pool_empty")).any()
    assert plan_of(budgets=[40]).pending(done).sum() == plan.n_runs
    halves = {name: vars(done)[name][::2] for name in ("cell", "variant", "reach", "stop_reason", "limit")}
    half = Stored(**{**vars(done), **halves})
    assert plan.pending(half).sum() == plan.n_runs // 2


def test_failed_runs_wait_for_a_retry_or_a_higher_limit() -> None:
    plan = plan_of(limits={"seconds_per_cycle": 10, "memory": "2GiB"})
    for reason in ("error", "timeout", "crashed"):
        failed = stored_as(plan, 5, reason, seconds=10.0, memory=2.0**31)
        assert not plan.pending(failed).any(), reason
        assert plan.pending(failed, [reason]).all(), reason
    assert plan.pending(stored_as(plan, 5, "timeout", seconds=5.0)).all()
    assert not plan.pending(stored_as(plan, 5, "timeout", seconds=20.0)).any()
    assert plan.pending(stored_as(plan, 5, "crashed", memory=2.0**30)).all()
    longer = plan_of(limits={"seconds_per_cycle": 10, "seconds_per_run": 100})
    assert longer.pending(stored_as(longer, 5, "timeout", seconds=10.0, run_seconds=50.0)).all()
    assert not longer.pending(stored_as(longer, 5, "timeout", seconds=10.0, run_seconds=100.0)).any()
    assert plan.pending(stored_as(plan, 5, "timeout", seconds=10.0, run_seconds=100.0)).all(), "no limit is the highest"
    assert not plan.pending(stored_as(plan, 5, "crashed")).any()


def test_what_one_dataset_cannot_serve_is_a_skip_with_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "tiny.csv"
    file.write_text(
        "a,b,label\n" + "\n".join(f"{i % 7},{i % 3},{'x' if i % 2 else 'y'}" for i in range(12)) + "\n9,9,z\n"
    )
    plan = plan_of(datasets=["iris", {"file": {"path": str(file), "target": "label"}}])
    assert plan.n_runs == 64
    ((reason, count),) = plan.skips().items()
    assert count == 64
    assert reason.startswith("tiny: a stratified split needs two rows of every class: class 'z'")
    big = plan_of(datasets=["iris", "breast_cancer"], start_sets={"kind": "random", "size": 100})
    ((reason, count),) = big.skips().items()
    assert count == 2 * 2 * 8
    assert reason.startswith("iris: ")


def test_incompatible_strategies_are_skips() -> None:
    plan = plan_of(strategies=["random", "distance_to_boundary"])
    assert plan.skips() == {
        "distance_to_boundary needs decision_function, which gaussian_nb does not provide": 16,
        "distance_to_boundary needs decision_function, which decision_tree does not provide": 16,
    }
    looked_at = plan_of(strategies=["random", "distance_to_boundary"], query_learners=["logistic_regression"])
    assert looked_at.skips() == {}


def test_a_plan_of_known_facts_loads_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGRID_CACHE", str(tmp_path))
    before = plan_of()
    monkeypatch.setattr("algrid.datasets._embedded.EmbeddedDataset.load", lambda self: pytest.fail("loaded"))
    after = plan_of()
    assert np.array_equal(before.ids, after.ids)
    assert np.array_equal(before.seconds, after.seconds)


def test_listed_splits_are_planned_from_the_data(tmp_path: Path) -> None:
    file = tmp_path / "splits.json"
    file.write_text(json.dumps([{"pool": list(range(0, 150, 2)), "test": [1, 3]}, {"pool": [0, 60, 120], "test": [2]}]))
    with pytest.warns(AlgridWarning, match="lacks classes"):
        plan = plan_of(
            datasets=["iris"],
            splits={"kind": "explicit", "path": str(file), "count": 2},
            learners=["gaussian_nb"],
            budgets="all",
        )
    assert plan.n_start.tolist() == [3, 3, 3, 3]
    assert plan.available.tolist() == [72, 72, 0, 0]


@dataclass(frozen=True)
class Elsewhere(DatasetPlugin):
    """Data that are not here; so many rows of three classes are expected."""

    name: ClassVar[str] = "elsewhere"
    rows: int = 150

    def load(self) -> Dataset:
        """Fails."""
        raise DatasetError("the data are not here. Fetch them.")

    def facts(self) -> DatasetFacts:
        """What is expected."""
        return DatasetFacts(self.dataset_name, ("a", "b", "c"), (self.rows // 3,) * 3, 4)


def test_data_that_are_not_there_are_counted_by_what_is_expected(tmp_path: Path) -> None:
    there = plan_of(datasets=["iris"], strategies=["random", "dwus"])
    absent = plan_of(datasets=["test_plan:Elsewhere"], strategies=["random", "dwus"])
    assert (absent.n_runs, absent.n_cells, absent.fits) == (there.n_runs, there.n_cells, there.fits)
    assert list(absent.skips().values()) == list(there.skips().values())
    assert absent.seconds[absent.planned].tolist() == there.seconds[there.planned].tolist()
    assert absent.unbound == ("elsewhere",)
    assert absent.facts()["datasets without data"].startswith("1 ")
    assert absent.pending(stored_as(there, 20, "budget")).sum() == absent.n_runs
    for impossible in (absent.runs, lambda: absent.find("0" * 16), lambda: absent.ids):
        with pytest.raises(DatasetError, match="1 of 1 datasets of the grid 'small' are not here: elsewhere"):
            impossible()
    with pytest.raises(DatasetError, match="algrid datasets fetch"):
        Session(absent.spec, tmp_path / "results").run(Quiet())
    assert not (tmp_path / "results").exists()
    file = tmp_path / "splits.json"
    file.write_text('[{"pool": [0, 1], "test": [2]}]')
    with pytest.raises(DatasetError, match="Fetch them"):
        plan_of(datasets=["test_plan:Elsewhere"], splits={"kind": "explicit", "path": str(file), "count": 1})


def test_exclusions() -> None:
    plan = plan_of(exclude=[{"strategy": "qbc", "dataset": "iris"}, {"learner": "decision_tree", "batch_size": 10}])
    runs = plan.runs()
    rows = list(zip(runs["strategy"], runs["dataset"], runs["learner"], runs["batch_size"], strict=True))
    assert not [r for r in rows if r[0].startswith("qbc") and r[1] == "iris"]
    assert not [r for r in rows if r[2] == "decision_tree" and r[3] == 10]
    # qbc on iris: 2 qbc x 2 batch sizes x 8 cells = 32; the others' 2 x 1 x 4, and 4 x 1 x 4 on wine
    assert plan.skips() == {"excluded by the grid file": 32 + 8 + 16}


def test_a_budget_above_the_pool_is_a_note() -> None:
    plan = plan_of(budgets=[20, 100])
    assert len(plan.notes) == 1
    assert plan.notes[0].startswith("iris: the pool has 87 labels to buy, fewer than the budget of 100")
    assert plan.targets.max() == 100
    assert plan_of(budgets="all").notes == ()


def test_certain_sharing_hand_computed() -> None:
    plan = plan_of(
        datasets=["iris"],
        splits={"count": 1},
        start_sets={"count": 1},
        learners=["gaussian_nb"],
        strategies=["random", "margin"],
        budgets=[20],
    )
    # points: batch 5: 0 5 10 15 20; batch 10: 0 10 20; twice. Shared: the start (3), and random's 10 and 20
    assert plan.fits == (16, 3 + 2)
    exhausted = plan_of(
        datasets=["iris"],
        splits={"count": 1},
        start_sets={"count": 1},
        learners=["gaussian_nb"],
        strategies=["random", "margin"],
        batch_sizes=[50, 100],
        budgets="all",
    )
    # 87 to buy; batch 50: 0 50 87; batch 100: 0 87; twice. Shared: the start (3) and the whole pool (3)
    assert exhausted.fits == (10, 6)


def test_core_hours_are_said_with_two_digits() -> None:
    plan = plan_of()
    for factor, said in ((1.0, "2.3"), (1e-2, "0.023"), (1e5, "230,000")):
        seconds = np.where(plan.planned, 2.3449 * 3600 * factor / plan.n_runs, 0).astype(np.float32)
        text = replace(plan, seconds=seconds, spread=0.0).facts()["core hours"]
        assert text == f"{said} (90 %: {said} to {said}; from priors)"


def test_a_limit_below_the_memory_that_is_predicted_is_a_note() -> None:
    (note,) = [n for n in plan_of(datasets=["iris"], limits={"memory": "100 MiB"}).notes if "gaussian_nb" in n]
    assert note == (
        "iris: runs of gaussian_nb are predicted to take up to 172 MiB of memory; the limit is 100 MiB, at which they "
        "stop as crashed. Raise `limits: {memory: ...}`, or take smaller data"
    )
    assert not any("of memory" in n for n in plan_of(limits={"memory": "1 GiB"}).notes)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("[[0, 1, 200]]", "200"),
        ("[[0, 0]]", "0"),
    ],
)
def test_an_explicit_index_out_of_range_stops_everything(tmp_path: Path, entry: str, message: str) -> None:
    file = tmp_path / "starts.json"
    file.write_text(entry)
    with pytest.raises(GridError, match=message):
        plan_of(start_sets={"kind": "explicit", "path": str(file), "count": 1})


def test_the_grid_of_the_survey_has_its_size() -> None:
    """92 datasets x 28 strategies x 20 start sets x 5 splits x 6 batch sizes x 3 learners, with nothing fetched."""
    spec = GridSpec.from_file("paper")
    counts = {"dataset": 92, "strategy": 28, "start_set": 20, "split": 5, "batch_size": 6, "learner": 3}
    assert {axis: len(spec.levels(axis)) for axis in counts} == counts
    assert spec.n_combinations == 4_636_800
    plan = make_plan(spec)
    assert plan.planned.size == plan.n_runs + sum(plan.skips().values()) == 4_636_800
    assert plan.n_cells == 92 * 5 * 20 * 3
    reasons = " ".join(plan.skips())
    assert "dwus@libact_compatible is for two classes only" in reasons
    assert "quire@skactiveml is made for pools of at most 1000 rows" in reasons
    # where the pool is empty before 99 queries: as in the survey, but for four generated datasets (there 48)
    pools = plan.available.reshape(92, -1)[:, 0]
    assert [int((pools <= 99 * size).sum()) for size in (1, 5, 10, 20, 50, 100)] == [4, 32, 52, 69, 88, 92]
