"""Seeded and explicit splits."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algrid.datasets import Dataset
from algrid.errors import AlgridWarning, GridError, PluginError
from algrid.splits import SPLITS, ExplicitSplit, Split


def data(y: list[int], names: tuple[str, ...] | None = None) -> Dataset:
    n_classes = max(y) + 1
    names = names or tuple("abcdefgh"[:n_classes])
    return Dataset("d", np.arange(len(y), dtype=float).reshape(-1, 1), np.array(y), names)


def stratified(**parameters: Any) -> Split:
    return SPLITS.build("stratified", parameters)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_registry() -> None:
    assert SPLITS.names() == ["explicit", "published", "stratified"]
    assert stratified().parameters() == {"test_size": 0.4}
    assert stratified(test_size=0.25).identity()["parameters"] == {"test_size": 0.25}
    assert stratified().identity_at(3) == stratified().identity()


@pytest.mark.parametrize("share", [0, 1, 0.0, 1.0, -0.1, "0.4", True])
def test_impossible_shares(share: Any) -> None:
    with pytest.raises(PluginError, match="test_size"):
        stratified(test_size=share)


def test_shares_of_the_classes() -> None:
    d = data([0] * 10 + [1] * 20 + [2] * 5)
    pool, test = stratified().make(d, 0, rng())
    assert np.bincount(d.y[test]).tolist() == [4, 8, 2]
    assert np.bincount(d.y[pool]).tolist() == [6, 12, 3]


def test_a_class_of_two_is_in_both_parts() -> None:
    d = data([0] * 98 + [1, 1])
    for share in (0.01, 0.4, 0.99):
        pool, test = stratified(test_size=share).make(d, 0, rng())
        assert np.bincount(d.y[pool], minlength=2)[1] == 1
        assert np.bincount(d.y[test], minlength=2)[1] == 1


def test_the_smallest_dataset() -> None:
    pool, test = stratified().make(data([0, 1, 1, 0]), 0, rng())
    assert len(pool) == len(test) == 2


def test_size_is_to_the_nearest() -> None:
    d = data([0, 1] * 5 + [0])  # 11 rows, 4.4 of them
    assert len(stratified().make(d, 0, rng())[1]) == 4
    assert len(stratified(test_size=0.5).make(d, 0, rng())[1]) == 6  # 5.5 goes up


@given(st.lists(st.integers(0, 3), min_size=8, max_size=60), st.floats(0.05, 0.95), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_invariants(y: list[int], share: float, seed: int) -> None:
    d = data([0, 0, 1, 1, 2, 2, 3, 3, *y])
    pool, test = stratified(test_size=share).make(d, 0, rng(seed))
    assert sorted([*pool, *test]) == list(range(d.n_rows))
    assert (np.diff(pool) > 0).all()
    assert (np.diff(test) > 0).all()
    assert set(d.y[pool]) == set(d.y[test]) == set(range(4))
    parts = stratified(test_size=share).parts(d.facts)
    assert parts is not None
    assert [part.tolist() for part in parts] == [np.bincount(d.y[rows]).tolist() for rows in (pool, test)]
    again = stratified(test_size=share).make(d, 1, rng(seed))  # the index is in the stream, not in the kind
    assert np.array_equal(pool, again[0])


def test_seeds_give_other_splits_and_every_row_is_drawn() -> None:
    d = data([0] * 10 + [1] * 10)
    tests = [tuple(stratified().make(d, 0, rng(seed))[1]) for seed in range(40)]
    assert len(set(tests)) > 35
    drawn = np.bincount(np.concatenate(tests), minlength=20) / 40
    assert drawn.min() > 0.1
    assert drawn.max() < 0.7


def test_thousand_classes() -> None:
    y = np.repeat(np.arange(1000), 3)
    d = Dataset("d", np.zeros((3000, 1)), y, tuple(map(str, range(1000))))
    pool, test = stratified().make(d, 0, rng())
    assert len(test) == 1200
    assert len(np.unique(y[test])) == len(np.unique(y[pool])) == 1000


def test_rare_classes_are_a_reason_to_skip() -> None:
    assert stratified().unsupported(data([0, 0, 1, 1])) is None
    assert stratified().unsupported(data([0, 0, 1])) == (
        "a stratified split needs two rows of every class: class 'b' has 1"
    )
    reason = stratified().unsupported(data([0, 0, 1], names=("a", "b", "c")))
    assert reason is not None
    assert reason.endswith("class 'b' has 1 (and 1 more such classes)")


# explicit splits


def explicit(path: Path, content: Any) -> ExplicitSplit:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    split = SPLITS.build("explicit", {"path": str(path)})
    assert isinstance(split, ExplicitSplit)
    return split


D = data([0, 1, 0, 1, 0, 1])
TWO = [{"pool": [4, 1, 2], "test": [5, 0]}, {"pool": [0, 1, 2, 3], "test": [4, 5]}]


def test_the_order_given_is_kept(tmp_path: Path) -> None:
    split = explicit(tmp_path / "s.json", TWO)
    split.check(D, 2)
    pool, test = split.make(D, 0, rng())
    assert pool.tolist() == [4, 1, 2]
    assert test.tolist() == [5, 0]
    assert pool.dtype == test.dtype == np.intp
    assert split.label == "explicit(s)"
    assert split.unsupported(D) is None


def test_csv_is_the_same_as_json(tmp_path: Path) -> None:
    lines = [f"{i},{part},{row}" for i, s in enumerate(TWO) for part in ("test", "pool") for row in s[part]]
    csv = explicit(tmp_path / "s.csv", "split,part,row\n" + "\n".join(lines))
    assert csv.identity() == explicit(tmp_path / "s.json", TWO).identity()
    columns = explicit(tmp_path / "t.csv", "row,split,part\n1,0, pool\n0,0,test\n")
    assert columns.make(D, 0, rng())[0].tolist() == [1]


def test_identity_is_the_content_of_one_split(tmp_path: Path) -> None:
    first = explicit(tmp_path / "a.json", TWO)
    moved = explicit(tmp_path / "b.json", TWO)
    assert first.identity() == moved.identity()
    changed = explicit(tmp_path / "c.json", [TWO[0], {"pool": [0, 1], "test": [4, 5]}])
    assert changed.identity() != first.identity()
    assert changed.identity_at(0) == first.identity_at(0)
    assert changed.identity_at(1) != first.identity_at(1)
    reordered = explicit(tmp_path / "d.json", [{"pool": [1, 4, 2], "test": [5, 0]}])
    assert reordered.identity_at(0) != first.identity_at(0)  # pool indices mean other rows


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    split = explicit(tmp_path / "a.json", TWO)
    before = split.identity()
    explicit(tmp_path / "a.json", [*TWO, TWO[0]])
    assert split.identity() != before
    split.check(D, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([{"pool": [0, 6], "test": [1]}], r"pool of split 0 in .* has the row 6: allowed are 0 to 5"),
        ([{"pool": [0], "test": [-1]}], r"test of split 0 in .* has the row -1: allowed are 0 to 5"),
        ([{"pool": [0, 1, 0], "test": [2]}], r"has the row 0 more than once"),
        ([{"pool": [0, 1], "test": [2, 1]}], r"has row 1 in the pool and in the test part"),
        ([{"pool": [0, 1.0], "test": [2]}], r"row 1.0: it must be an integer"),
        ([{"pool": [True], "test": [2]}], r"row True: it must be an integer"),
        ([{"pool": [], "test": [2]}], r"pool of split 0 .* at least one row, not \[\]"),
        ([{"pool": 3, "test": [2]}], r"at least one row, not 3"),
        ([{"pool": [0]}], r"split 0 .* exactly the keys 'pool' and 'test'"),
        ([{"pool": [0], "test": [1], "val": [2]}], r"exactly the keys"),
        ({"pool": [0], "test": [1]}, r"must be a list with an entry a split"),
        ([], r"has no split"),
        ("[{", r"is no JSON"),
        ('[{"pool": [NaN], "test": [1]}]', r"is no JSON: NaN"),
    ],
)
def test_mistakes_in_a_json_file(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(GridError, match=message):
        explicit(tmp_path / "s.json", content).check(D, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("split,part,rows\n0,pool,1\n", r"columns split,part,row, not \['split', 'part', 'rows'\]"),
        ("", r"columns split,part,row, not None"),
        ("split,part,row\n", r"has no split"),
        ("split,part,row\n0,pool,x\n", r"line 2 .*must be integers"),
        ("split,part,row\n0,pool\n", r"line 2"),
        ("split,part,row\n0,train,1\n", r"part 'train': allowed are pool and test"),
        ("split,part,row\n0,pool,1\n0,test,0\n2,pool,1\n", r"without a gap; they are \[0, 2\]"),
        ("split,part,row\n0,pool,1\n", r"test of split 0 .* at least one row"),
    ],
)
def test_mistakes_in_a_csv_file(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(GridError, match=message):
        explicit(tmp_path / "s.csv", content).check(D, 1)


def test_mistakes_around_the_file(tmp_path: Path) -> None:
    with pytest.raises(GridError, match=r"no split 2 in .*it has 2, 0 to 1. Lower .* at most 2"):
        explicit(tmp_path / "s.json", TWO).check(D, 3)
    with pytest.raises(GridError, match=r"absent.json' can't be read: No such file"):
        ExplicitSplit(path=str(tmp_path / "absent.json")).check(D, 1)
    with pytest.raises(GridError, match=r"must end in .json or .csv, not in '.txt'"):
        explicit(tmp_path / "s.txt", "0").check(D, 1)
    (tmp_path / "latin.json").write_bytes(b"\xff\xfe\xe9")
    with pytest.raises(GridError, match="UTF-8"):
        ExplicitSplit(path=str(tmp_path / "latin.json")).check(D, 1)
    with pytest.raises(PluginError, match="needs the parameter 'path'"):
        SPLITS.build("explicit")


def test_lacking_classes_are_warned_of(tmp_path: Path) -> None:
    split = explicit(tmp_path / "s.json", [TWO[0], {"pool": [0, 2], "test": [1, 4]}])
    with pytest.warns(AlgridWarning, match=r"pool of split 1 in .* lacks classes of 'd': 'b'"):
        split.check(D, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        split.check(D, 1)
