"""Failed runs by cause, and the history of those that were made again."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from algrid.failures import attempts, failure_groups

AXES = {"dataset": "iris", "strategy": "margin", "learner": "svm_rbf", "batch_size": 5}


def failed(run_id: str, reason: str, error: str, traceback: object = None) -> dict[str, object]:
    return {"run_id": run_id, "stop_reason": reason, "error": error, "traceback": traceback, **AXES}


def test_the_same_cause_with_other_numbers_is_one_group_and_the_largest_comes_first() -> None:
    frame = pd.DataFrame(
        [
            failed("a", "error", "ValueError: no", "Traceback\n  no\n"),
            failed("b", "timeout", "cycle 3 took over 1.5 s; it was in its query", np.nan),
            failed("c", "timeout", "cycle 12 took over 1e-3 s; it was in its query", np.nan),
            failed("d", "timeout", "cycle 3 took over 1.5 s; it was in its fit", np.nan),
            failed("e", "crashed", "cycle 3 took over 1.5 s; it was in its query", np.nan),
        ]
    )
    frame["stop_reason"] = frame["stop_reason"].astype("category")
    groups = failure_groups(frame)
    assert [(g.reason, g.count, g.example["run_id"]) for g in groups] == [
        *(("timeout", 2, "b"), ("error", 1, "a"), ("timeout", 1, "d"), ("crashed", 1, "e"))
    ]
    assert [g.traceback for g in groups] == [None, "Traceback\n  no", None, None]
    assert groups[0].where == "iris, margin, svm_rbf, batch 5"
    assert groups[0].command("g.yaml") == "algrid run g.yaml --one b --limits"
    assert groups[1].command("results/g") == "algrid run results/g --one a --pdb"
    assert failure_groups(frame.iloc[:0]) == []


def test_attempts_are_rows() -> None:
    first = [{"stop_reason": "timeout", "reach": 5}, {"stop_reason": "error", "reach": 3}]
    frame = pd.DataFrame(
        {
            "run_id": ["a", "b", "c"],
            "stop_reason": ["budget", "budget", "error"],
            "attempts": [json.dumps(first), None, json.dumps(first[1:])],
        }
    )
    found = attempts(frame)
    assert found[["run_id", "attempt", "now", "stop_reason", "reach"]].to_numpy().tolist() == [
        ["a", 1, "budget", "timeout", 5],
        ["a", 2, "budget", "error", 3],
        ["c", 1, "error", "error", 3],
    ]
    assert attempts(frame.iloc[1:2]).columns.tolist() == ["run_id", "attempt", "now"]
