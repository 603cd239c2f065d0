"""Runs and skylines as rows of the stored tables."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from cells import make_cell, pool_of, variant

from algrid.history import History
from algrid.identity import canonical_json, mix
from algrid.loop import run_cell, skyline
from algrid.metrics import METRICS
from algrid.oracles import ORACLES
from algrid.rows import pool_facts, run_rows, skyline_rows, to_table
from algrid.schema import RUNS, SKYLINES

CELL = make_cell(learner_parameters={"var_smoothing": 1e-8}, oracle=ORACLES.build("noisy", {"flip": 0.25}), seed=3)
VARIANTS = [variant("margin", 4), variant("qbc", 3, "sklearn.tree:DecisionTreeClassifier", committee_size=2)]
STAMP = {"limit_seconds": 5.0, "limit_run_seconds": None, "limit_memory": 2**31, "provenance": "here"}


@cache
def histories() -> list[History]:
    return run_cell(CELL, pool_of(CELL), VARIANTS, [8, 4], metrics=[METRICS.build("log_loss")])  # type: ignore[list-item]


def rows_of_runs() -> list[dict[str, Any]]:
    return run_rows(CELL, VARIANTS, histories(), pool_facts(pool_of(CELL)), STAMP)


def test_facts_of_a_pool() -> None:
    facts = pool_facts(pool_of(make_cell("wine")))
    assert {key: value for key, value in facts.items() if key != "start_indices"} == {
        "n_pool": 107,  # 178 rows, 40 % of them in the test part
        "n_test": 71,
        "n_features": 13,
        "n_classes": 3,
    }
    assert len(facts["start_indices"]) == 3


def test_a_row_has_every_column_and_no_other() -> None:
    for row in rows_of_runs():
        assert set(row) == set(RUNS.names)
    (row,) = skyline_rows(CELL, skyline(CELL, pool_of(CELL)), pool_facts(pool_of(CELL)), STAMP)
    assert set(row) >= set(SKYLINES.names)


def test_rows_of_runs() -> None:
    table = to_table(rows_of_runs(), RUNS)
    assert table.schema.equals(RUNS.schema, check_metadata=True)
    first, second = table.to_pylist()
    ids = mix(np.array([CELL.digest], np.uint64), np.array([v.digest for v in VARIANTS], np.uint64))
    assert [first["run_id"], second["run_id"]] == [f"{i:016x}" for i in ids.tolist()]
    assert first["cell_id"] == second["cell_id"] == f"{CELL.digest:016x}"
    expected = {
        "dataset": "iris",
        "split_kind": "stratified",
        "split": 0,
        "start_kind": "one_per_class",
        "start_set": 0,
        "preprocessing": "standard",
        "learner": "sklearn.naive_bayes:GaussianNB(var_smoothing=1e-08)",
        "learner_name": "sklearn.naive_bayes:GaussianNB",
        "learner_parameters": '{"var_smoothing":1e-08}',
        "oracle": "noisy(flip=0.25)",
        "seed": 3,
        "root_seed": 7,
        "n_classes": 3,
        "strategy": "margin",
        "strategy_family": "margin",
        "strategy_implementation": "own",
        "strategy_parameters": "{}",
        "query_learner": "same",
        "batch_size": 4,
        "stop_reason": "budget",
        "error": None,
        "traceback": None,
        "reach": 8,
        "n_labeled": [3, 7, 11],
        "confusion_test_at": None,
        "limit_seconds": 5.0,
        "limit_memory": 2**31,
        "provenance": "here",
    }
    assert {key: first[key] for key in expected} == expected
    assert first["start_indices"] == pool_of(CELL).start.tolist()
    assert len(first["queried"]) == 8
    assert len(first["confusion_test"]) == 3 * 9
    assert sum(first["confusion_pool"]) == 3 * first["n_pool"]
    assert [(name, len(curve)) for name, curve in first["probability_metrics"]] == [("log_loss", 3)]
    assert second["strategy"] == "qbc(committee_size=2)"
    assert second["strategy_parameters"] == canonical_json(VARIANTS[1].strategy.parameters())
    assert second["query_learner"] == "sklearn.tree:DecisionTreeClassifier"
    assert (second["reach"], second["n_labeled"]) == (6, [3, 6, 9])  # a batch is not cut to the budget of 4


def test_a_row_of_a_skyline() -> None:
    history = skyline(CELL, pool_of(CELL), [METRICS.build("log_loss")])  # type: ignore[list-item]
    table = to_table(skyline_rows(CELL, history, pool_facts(pool_of(CELL)), STAMP), SKYLINES)
    assert table.schema.equals(SKYLINES.schema, check_metadata=True)
    (row,) = table.to_pylist()
    (point,) = history.points
    assert row["cell_id"] == f"{CELL.digest:016x}"
    assert row["confusion_test"] == point.test.counts.tolist()
    assert row["probability_metrics"] == [("log_loss", [point.probability["log_loss"]])]
    assert row["error"] is None
    assert (row["fit_seconds"], row["fit_cpu_seconds"]) == pytest.approx(point.fit)


def test_a_failure_without_data() -> None:
    """All that is known is what was asked for, and why there is nothing."""
    history = History()
    history.stop("error", "the file is gone")
    (run,) = to_table(run_rows(CELL, VARIANTS[:1], [history], {}, STAMP), RUNS).to_pylist()
    assert (run["stop_reason"], run["error"], run["reach"]) == ("error", "the file is gone", -1)
    assert (run["dataset"], run["strategy"]) == ("iris", "margin")
    (best,) = to_table(skyline_rows(CELL, history, {}, STAMP), SKYLINES).to_pylist()
    assert best["error"] == "the file is gone"
    assert best["fit_seconds"] is None
    for row in (run, best):
        assert [row[name] for name in ("n_pool", "n_test", "n_features", "n_classes")] == [None] * 4
        assert row["confusion_test"] == []


def test_lacking_and_unknown_columns() -> None:
    table = to_table([{"run_id": "0" * 16, "nonsense": 1}, {"run_id": "1" * 16, "batch_size": 5}], RUNS)
    assert table.column_names == list(RUNS.names)
    assert table["run_id"].to_pylist() == ["0" * 16, "1" * 16]
    assert table["batch_size"].to_pylist() == [None, 5]
    assert table["strategy"].null_count == 2


@pytest.mark.parametrize("schema", [RUNS, SKYLINES], ids=lambda t: t.name)
def test_no_rows(schema: Any) -> None:
    table = to_table([], schema)
    assert table.num_rows == 0
    assert table.schema == schema.schema


def test_each_run_has_its_history() -> None:
    with pytest.raises(ValueError, match="shorter"):
        run_rows(CELL, VARIANTS, [History()], {}, STAMP)


def test_the_id_of_a_run_is_stored_for_ever() -> None:
    """Golden: where this changes, no stored run is found any more."""
    cell = replace(make_cell(), dataset_hash="0" * 32)
    (row,) = run_rows(cell, [variant("margin", 5)], [History()], {}, STAMP)
    assert (row["cell_id"], row["run_id"]) == ("76d9e9e7f0756a54", "f0cec5a33d84c86e")
