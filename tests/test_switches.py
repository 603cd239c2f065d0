"""Ramp-up and plateau of stored runs: the reference is random sampling at the same setting."""

from __future__ import annotations

import numpy as np
import pytest
from runs import make_runs

from algrid.curves import scores

#: without cycle 0: .1 .1 .5 .5 .5, mean .34; from 1: (.1 + 3 * .5) / 4 = .4
RANDOM = {"strategy": "random", "strategy_family": "random", "accuracy": [0.9, 0.1, 0.1, 0.5, 0.5, 0.5]}
#: never above its mean: half of four
FALLING = {"strategy": "random", "strategy_family": "random", "accuracy": [0.9, 0.4, 0.3, 0.2, 0.1]}
MARGIN = {"strategy": "margin", "accuracy": [0.9, 0.2, 0.3, 0.6, 0.8, 1.0]}


def phases(rows, reference=None, **options):
    runs = make_runs(rows)
    found = [
        scores(runs, metric="accuracy", aggregate=name, reference=reference, **options)["value"].tolist()
        for name in ("ramp_up", "plateau")
    ]
    return found[0], found[1]


def test_the_reference_shares_the_setting():
    rows = [MARGIN, {**MARGIN, "seed": 1}, RANDOM, {**FALLING, "seed": 1}, {**MARGIN, "seed": 2}]
    ramp, plateau = phases(rows)
    assert ramp == pytest.approx([0.2, 0.25, 0.1, 0.35, np.nan], nan_ok=True)
    assert plateau == pytest.approx([2.7 / 4, 0.8, 0.4, 0.15, np.nan], nan_ok=True)


def test_batch_sizes_have_references_of_their_own():
    ramp, _ = phases([{**MARGIN, "batch_size": 1}, MARGIN, {**RANDOM, "batch_size": 1}, FALLING])
    assert ramp == pytest.approx([0.2, 0.25, 0.1, 0.35])


def test_a_reference_from_elsewhere():
    elsewhere = make_runs([{**MARGIN, "accuracy": [0.0] * 6}, RANDOM])
    ramp, plateau = phases([MARGIN], reference=elsewhere)
    assert (ramp, plateau) == ([pytest.approx(0.2)], [pytest.approx(2.7 / 4)])


def test_the_reference_is_cut_at_the_budget_and_must_reach_it():
    # up to 15 labels random has .1 .1 .5: mean .7 / 3, from 1: .3
    ramp, plateau = phases([MARGIN, RANDOM], budgets=[15])
    assert (ramp[0], plateau[0]) == pytest.approx((0.2, 0.45))
    stopped = {**RANDOM, "accuracy": [0.9, 0.1, 0.1, 0.5], "stop_reason": "timeout"}
    assert phases([MARGIN, stopped], budgets=[15])[0][0] == pytest.approx(0.2)
    assert np.isnan(phases([MARGIN, stopped], budgets=[20])[0][0])
    assert np.isnan(phases([MARGIN, stopped])[0][0])
    used_up = {**stopped, "stop_reason": "pool_empty"}
    assert phases([MARGIN, used_up], budgets=[20])[0][0] == pytest.approx(0.2)


def test_without_any_reference_there_is_no_value():
    assert np.isnan(phases([MARGIN])[0]).all()
    failed = {
        "strategy": "random",
        "strategy_family": "random",
        "n_labeled": [],
        "stop_reason": "error",
        "confusion": np.empty((0, 2, 2)),
    }
    assert np.isnan(phases([MARGIN, failed])[0]).all()


def test_budgets_are_answered_one_by_one():
    runs = make_runs([MARGIN, RANDOM])
    both = scores(runs, metric="accuracy", aggregate="ramp_up", budgets=[10, None])
    assert both["value"].tolist() == pytest.approx([0.2, 0.1, 0.2, 0.1])
    assert both.attrs["aggregate"] == "ramp_up"


def test_any_implementation_of_random_is_a_reference():
    other = {**FALLING, "strategy": "random@alipy_compatible"}
    assert phases([MARGIN, other])[0] == pytest.approx([0.25, 0.35])
    # its own implementation comes first, whatever the order of the rows
    assert phases([MARGIN, other, RANDOM])[0] == pytest.approx([0.2, 0.4, 0.1])
