"""The regression of costs: what it finds, what it ignores, and what it says of what it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from algrid.cost_ladder import Keys, Ladder, climb, design

ORDINARY = (30, 300, 20, 3, 5)


def world(rng: np.random.Generator, n: int = 400, noise: float = 0.1) -> dict[str, Any]:
    """Costs that are exactly of the kind that a ladder describes, and what they come from."""
    names = rng.choice(["a", "b"], n)
    labels = np.char.add(names, rng.choice(["1", "2"], n))
    datasets = rng.choice([f"d{i}" for i in range(12)], n)
    size = {d: rng.uniform(1, 3) for d in np.unique(datasets)}
    n_labeled = np.exp(rng.uniform(2, 6, n))
    n_pool = np.exp([3 + size[d] for d in datasets])
    x = design(n_labeled, n_pool, 20, 3, 5)
    log = np.log(2) + np.where(names == "a", 0.4, -0.3) + np.where(names == "a", 0.5, 0.0) * x[:, 1]
    log += np.where(labels == "a1", 0.2, 0.0)
    expected = np.full(n, 0.01)
    observed = expected * np.exp(log + rng.normal(0, noise, n))
    return {"keys": (names, labels, datasets), "x": x, "observed": observed, "expected": expected, "log": log}


def fitted(found: dict[str, Any]) -> Ladder:
    return climb(found["keys"], found["x"], found["observed"], found["expected"])


def rows_of(keys: tuple[NDArray[np.str_], ...]) -> list[Keys]:
    return [(str(a), str(b), str(c)) for a, b, c in zip(*keys, strict=True)]


def test_sizes_of_an_ordinary_run_are_the_origin() -> None:
    assert design(*(np.array([v]) for v in ORDINARY)).tolist() == [[1, 0, 0, 0, 0, 0]]
    (row,) = design(np.array([60]), 300, 20, 3, 0)
    assert row == pytest.approx([1, np.log(2), 0, 0, 0, -np.log(5)])


def test_no_observation_is_the_prior() -> None:
    empty = np.empty(0)
    ladder = climb((empty.astype(str),) * 3, np.empty((0, 6)), empty, empty)
    assert ladder == Ladder()
    assert ladder.log_ratio([("a", "a", "d")], np.ones((3, 6))).tolist() == [0, 0, 0]


def test_costs_are_found_again() -> None:
    found = world(np.random.default_rng(1))
    predicted = fitted(found).log_ratio(rows_of(found["keys"]), found["x"])
    assert np.abs(predicted - found["log"]).mean() < 0.05
    assert np.exp(predicted).sum() == pytest.approx(np.exp(found["log"]).sum(), rel=0.03)


def test_unseen_datasets_are_predicted_by_their_sizes() -> None:
    found = world(np.random.default_rng(2))
    keys = [("a", "a1", "new")]
    small, large = (design(np.array([n]), 300, 20, 3, 5) for n in (10, 400))
    ladder = fitted(found)
    rise = ladder.log_ratio(keys, large) - ladder.log_ratio(keys, small)
    assert rise[0] == pytest.approx(0.5 * np.log(40), rel=0.1)


def test_accidents_change_little() -> None:
    found = world(np.random.default_rng(3))
    spoilt = {**found, "observed": found["observed"].copy()}
    spoilt["observed"][::50] *= 1000
    keys = rows_of(found["keys"])
    clean, dirty = (fitted(data).log_ratio(keys, found["x"]) for data in (found, spoilt))
    assert np.abs(clean - dirty).max() < 0.15
    # least squares would have moved by this on average
    assert np.log(1000) / 50 > 0.13


def test_one_observation_moves_the_prior_a_part_of_the_way() -> None:
    one = (np.array(["a"]), np.array(["a"]), np.array(["d"]))
    x = design(*(np.array([v]) for v in ORDINARY))
    ladder = climb(one, x, np.array([0.1]), np.array([0.01]))
    here, other = (float(ladder.log_ratio([key], x)[0]) for key in (("a", "a", "d"), ("b", "b", "d")))
    assert 0 < other < here <= np.log(10)


def test_what_was_seen_leaves_less_open() -> None:
    found = world(np.random.default_rng(4))
    ladder = fitted(found)

    def open_of(*keys: str) -> dict[tuple[str, ...], float]:
        return dict(ladder.uncertain((keys[0], keys[1], keys[2])))

    seen, elsewhere, unknown = open_of("a", "a1", "d1"), open_of("a", "a1", "new"), open_of("c", "c", "new")
    assert set(seen) == {(), ("3", "a1", "d1")}
    assert set(elsewhere) == {(), ("3", "a1", "new"), ("2", "a1")}
    assert set(unknown) == {(), ("3", "c", "new"), ("2", "c"), ("1", "c")}
    assert sum(seen.values()) < 0.03 < sum(elsewhere.values()) < sum(unknown.values())


@pytest.mark.parametrize("seed", range(3))
def test_far_from_all_that_was_seen_the_factor_is_bounded(seed: int) -> None:
    found = world(np.random.default_rng(seed))
    far = design(np.array([1e30]), 1e30, 1, 1, 1)
    assert abs(fitted(found).log_ratio([("a", "a1", "d1")], far)[0]) <= 5
