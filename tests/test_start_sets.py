"""Seeded and explicit start sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.errors import GridError, PluginError
from algrid.start_sets import START_SETS, ExplicitStartSet, StartSet


def build(kind: str, **parameters: Any) -> StartSet:
    return START_SETS.build(kind, parameters)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


Y = np.array([2, 0, 1, 0, 1, 0, 0, 2, 0, 0])


def test_registry() -> None:
    assert START_SETS.names() == ["explicit", "one_per_class", "random", "stratified"]
    assert build("random", size=5).identity_at(1) == build("random", size=5).identity()
    for size in (0, -1, 2.5, "3"):
        with pytest.raises(PluginError, match="size"):
            build("random", size=size)
    with pytest.raises(PluginError, match="needs the parameter 'size'"):
        build("stratified")


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 50))
@settings(deadline=None, max_examples=50)
def test_one_per_class(y: list[int], seed: int) -> None:
    pool_y = np.array(y)
    drawn = build("one_per_class").draw(pool_y, 5, 0, rng(seed))
    assert sorted(pool_y[drawn]) == sorted(set(y))
    assert (np.diff(drawn) > 0).all()
    assert build("one_per_class").unsupported(np.bincount(pool_y, minlength=5)) is None


def test_one_per_class_draws_every_row_alike() -> None:
    drawn = np.concatenate([build("one_per_class").draw(Y, 3, 0, rng(seed)) for seed in range(700)])
    counts = np.bincount(drawn, minlength=10)
    assert counts[Y == 0] == pytest.approx(700 / 6, rel=0.35)
    assert counts[Y == 1] == pytest.approx(350, rel=0.2)


def test_thousand_classes() -> None:
    y = np.repeat(np.arange(1000), 2)
    assert len(build("one_per_class").draw(y, 1000, 0, rng())) == 1000
    assert len(np.unique(y[build("stratified", size=1000).draw(y, 1000, 0, rng())])) == 1000


@given(st.integers(1, 10), st.integers(1, 10), st.integers(0, 50))
@settings(deadline=None, max_examples=50)
def test_random_is_nested(first: int, second: int, seed: int) -> None:
    small, large = sorted((first, second))
    few = build("random", size=small).draw(Y, 3, 0, rng(seed))
    many = build("random", size=large).draw(Y, 3, 0, rng(seed))
    assert len(few) == small
    assert set(few) <= set(many)
    assert (np.diff(many) > 0).all()


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, [1, 0, 0]), (2, [1, 1, 0]), (3, [1, 1, 1]), (5, [3, 1, 1]), (6, [4, 1, 1]), (10, [6, 2, 2])],
)
def test_stratified_shares(size: int, expected: list[int]) -> None:
    drawn = build("stratified", size=size).draw(Y, 3, 0, rng())
    assert np.bincount(Y[drawn], minlength=3).tolist() == expected
    assert (np.diff(drawn) > 0).all()


def test_stratified_with_an_absent_class() -> None:
    y = np.array([0, 0, 0, 2])
    drawn = build("stratified", size=2).draw(y, 3, 0, rng())
    assert sorted(y[drawn]) == [0, 2]


@pytest.mark.parametrize("kind", ["random", "stratified"])
def test_larger_than_the_pool(kind: str) -> None:
    assert build(kind, size=10).unsupported(np.bincount(Y)) is None
    assert build(kind, size=10).draw(Y, 3, 0, rng()).tolist() == list(range(10))
    assert (
        build(kind, size=11).unsupported(np.bincount(Y))
        == "a start set of 11 rows is larger than the pool, which has 10"
    )


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(1, 40), st.integers(0, 50))
@settings(deadline=None, max_examples=60)
def test_class_counts_alone_say_the_size(y: list[int], size: int, seed: int) -> None:
    counts = np.bincount(y, minlength=5)
    for start in (build("one_per_class"), build("random", size=size), build("stratified", size=size)):
        if start.unsupported(counts) is None:
            assert start.size_of(counts, 3) == len(start.draw(np.array(y), 5, 3, rng(seed)))


def test_one_row() -> None:
    y = np.array([1])
    for start in (build("one_per_class"), build("random", size=1), build("stratified", size=1)):
        assert start.draw(y, 2, 0, rng()).tolist() == [0]


@pytest.mark.parametrize(
    "start", [build("one_per_class"), build("random", size=4), build("stratified", size=4)], ids=lambda s: s.name
)
def test_depends_on_the_stream_alone(start: StartSet) -> None:
    assert np.array_equal(start.draw(Y, 3, 0, rng(1)), start.draw(Y, 3, 7, rng(1)))
    assert len({tuple(start.draw(Y, 3, 0, rng(seed))) for seed in range(30)}) > 5


# explicit start sets


def explicit(path: Path, content: Any) -> ExplicitStartSet:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    start = build("explicit", path=str(path))
    assert isinstance(start, ExplicitStartSet)
    return start


def test_explicit(tmp_path: Path) -> None:
    start = explicit(tmp_path / "s.json", [[7, 0, 3], [9]])
    start.check(np.bincount(Y), 2)
    assert start.draw(Y, 3, 0, rng()).tolist() == [0, 3, 7]
    assert start.draw(Y, 3, 1, rng()).tolist() == [9]
    assert [start.size_of(np.bincount(Y), index) for index in (0, 1)] == [3, 1]
    assert start.label == "explicit(s)"
    assert start.unsupported(np.bincount(Y)) is None


def test_identity_is_the_content_of_one_start_set(tmp_path: Path) -> None:
    first, other = explicit(tmp_path / "a.json", [[1], [2]]), explicit(tmp_path / "b.json", [[1], [3]])
    assert first.identity() == explicit(tmp_path / "c.json", [[1], [2]]).identity()
    assert first.identity() != other.identity()
    assert first.identity_at(0) == other.identity_at(0)
    assert first.identity_at(1) != other.identity_at(1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([[0, 10]], r"start set 0 in .* has the pool index 10: allowed are 0 to 9"),
        ([[0, -1]], r"pool index -1: allowed are 0 to 9"),
        ([[0, 3, 0]], r"pool index 0 more than once"),
        ([[0, "1"]], r"pool index '1': it must be an integer"),
        ([[]], r"at least one pool index, not \[\]"),
        ([0, 1], r"at least one pool index, not 0"),
        ([], r"must look like"),
        ({"a": [1]}, r"must look like"),
        ("[[0,", r"is no JSON"),
    ],
)
def test_mistakes_in_the_file(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(GridError, match=message):
        explicit(tmp_path / "s.json", content).check(np.bincount(Y), 1)


def test_mistakes_around_the_file(tmp_path: Path) -> None:
    with pytest.raises(GridError, match=r"no start set 1 in .*it has 1, 0 to 0"):
        explicit(tmp_path / "s.json", [[0]]).check(np.bincount(Y), 2)
    with pytest.raises(GridError, match="can't be read: No such file"):
        ExplicitStartSet(path=str(tmp_path / "absent.json")).check(np.bincount(Y), 1)
