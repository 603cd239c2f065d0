"""Streams of randomness: each depends on its own axes, and its numbers never change."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from algrid.seeds import Streams, generator

BASE = Streams(root=42, dataset="d" * 32, split_kind="stratified", split=0, start_kind="random", start=1, seed=2)
STRATEGY: dict[str, Any] = {"strategy": "qbc", "parameters": {"committee_size": 3}, "n_labeled": 10}


def numbers(rng: np.random.Generator) -> list[int]:
    return rng.integers(1000, size=4).tolist()


#: What a cell draws from each stream.
DRAWS: dict[str, Callable[[Streams], Any]] = {
    "split": lambda s: numbers(s.split_rng()),
    "start set": lambda s: numbers(s.start_rng()),
    "learner": lambda s: s.learner_seed(),
    "ties": lambda s: s.ties(6).tolist(),
    "random": lambda s: s.random_order(6).tolist(),
    "strategy": lambda s: numbers(s.strategy_rng(**STRATEGY)),
    "oracle": lambda s: numbers(s.oracle_rng()),
}

#: DESIGN.md, decision 2: what changes where one axis changes; all else keeps its numbers.
OF_A_SPLIT = {"split", "start set", "learner", "ties", "random", "strategy"}
OF_A_START_SET = OF_A_SPLIT - {"split"}
OF_A_SEED = {"learner", "ties", "random", "strategy", "oracle"}
DEPENDS_ON: dict[str, tuple[Any, set[str]]] = {
    "root": (43, set(DRAWS)),
    "dataset": ("e" * 32, set(DRAWS)),
    "split_kind": ("random", OF_A_SPLIT),
    "split": (1, OF_A_SPLIT),
    "start_kind": ("stratified", OF_A_START_SET),
    "start": (0, OF_A_START_SET),
    "seed": (0, OF_A_SEED),
}

#: Stored results were made with these numbers: a change here is a change of every result.
GOLDEN = {
    "split": [897, 211, 458, 324],
    "start set": [529, 914, 93, 510],
    "learner": 969936061,
    "ties": [4, 3, 1, 5, 0, 2],
    "random": [1, 2, 3, 4, 5, 0],
    "strategy": [369, 593, 246, 191],
    "oracle": [426, 838, 353, 109],
}


def test_the_table_has_every_axis() -> None:
    assert set(DEPENDS_ON) == {f.name for f in dataclasses.fields(Streams) if f.init}


@pytest.mark.parametrize("axis", DEPENDS_ON)
def test_a_stream_depends_on_its_axes_and_no_other(axis: str) -> None:
    value, expected = DEPENDS_ON[axis]
    other = dataclasses.replace(BASE, **{axis: value})
    # long draws: short permutations may agree by chance
    long = DRAWS | {"ties": lambda s: s.ties(50).tolist(), "random": lambda s: s.random_order(50).tolist()}
    assert {name for name, draw in long.items() if draw(other) != draw(BASE)} == expected


@pytest.mark.parametrize("change", [{"strategy": "other"}, {"parameters": {"committee_size": 5}}, {"n_labeled": 11}])
def test_a_strategy_has_a_stream_for_its_parameters_and_each_number_of_labels(change: dict[str, Any]) -> None:
    assert numbers(BASE.strategy_rng(**{**STRATEGY, **change})) != numbers(BASE.strategy_rng(**STRATEGY))


@pytest.mark.parametrize("stream", DRAWS)
def test_golden_numbers(stream: str) -> None:
    assert DRAWS[stream](BASE) == GOLDEN[stream]
    assert DRAWS[stream](BASE) == GOLDEN[stream]  # nothing is used up


def test_golden_generators() -> None:
    assert generator(0, "x").integers(1000, size=3).tolist() == [894, 143, 373]
    assert generator(0, "x", a=1).random(2).tolist() == [0.9022128849184041, 0.6166623787162379]


def test_streams_of_other_names_and_axes_differ() -> None:
    drawn = [
        tuple(numbers(generator(root, stream, **axes)))
        for root in (0, 1)
        for stream in ("a", "b")
        for axes in ({}, {"x": 1}, {"x": 2}, {"y": 1}, {"x": "1"})
    ]
    assert len(set(drawn)) == len(drawn)


def test_the_order_of_axes_does_not_count() -> None:
    assert numbers(generator(0, "a", x=1, y=2)) == numbers(generator(0, "a", y=2, x=1))


@pytest.mark.parametrize("n_pool", [0, 1, 7, 1000])
def test_permutations_are_ranks(n_pool: int) -> None:
    for ranks in (BASE.ties(n_pool), BASE.random_order(n_pool)):
        assert ranks.dtype == np.intp
        assert sorted(ranks.tolist()) == list(range(n_pool))


def test_ties_and_random_are_two_permutations() -> None:
    assert BASE.ties(50).tolist() != BASE.random_order(50).tolist()


def test_a_learner_seed_suits_scikit_learn() -> None:
    seeds = [dataclasses.replace(BASE, seed=i).learner_seed() for i in range(100)]
    assert len(set(seeds)) == 100
    assert all(isinstance(s, int) and 0 <= s < 2**31 for s in seeds)


def test_global_generators_are_left_alone() -> None:
    def state() -> str:
        return repr((random.getstate(), np.random.get_state()))  # noqa: NPY002 - that it stays is the point

    before = state()
    for draw in DRAWS.values():
        draw(BASE)
    assert state() == before
