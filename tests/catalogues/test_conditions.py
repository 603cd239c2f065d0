"""Conditions on facts, without `eval`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algrid.catalogues.conditions import Condition
from algrid.errors import GridError

NAMES = ("a", "b", "s")


def holds(text: str, **facts: Any) -> bool:
    return Condition(text, NAMES).holds({**dict.fromkeys(NAMES), **facts})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a == 2", True),
        ("a == 2 and b < 10", True),
        ("a == 2 and b < 5", False),
        ("a != 2 or b >= 7", True),
        ("1 < a <= 2 < b", True),
        ("not a > 2", True),
        ("a * b / 2 - 1 == 6", True),
        ("-a == -2", True),
        ("s in ['x', 'y']", True),
        ("s not in ('x', 'y')", False),
        ("'x' in s", True),
        ("(a + b) > 100", False),
        ("  a == 2 ", True),
        ("True", True),
    ],
)
def test_values(text: str, expected: bool) -> None:
    assert holds(text, a=2, b=7, s="x") is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < 5", False),
        ("not a < 5", False),
        ("a < 5 or a >= 5", False),
        ("a < 5 or b == 7", True),
        ("b == 7 and a < 5", False),
        ("b == 8 and a < 5", False),
        ("not (b == 8 and a < 5)", True),
        ("1 < b < 5 < a", False),
        ("not (1 < b < 5 < a)", True),
        ("a + 1 == 2", False),
        ("b in [7, a]", True),
        ("b in [8, a]", False),
        ("b not in [8, a]", False),
        ("-a < 0", False),
    ],
)
def test_what_is_unknown_decides_nothing(text: str, expected: bool) -> None:
    assert holds(text, a=None, b=7) is expected


@given(a=st.one_of(st.none(), st.integers(-3, 3)), b=st.integers(-3, 3))
def test_known_facts_are_as_in_python(a: int | None, b: int) -> None:
    text = "not (a < b or a == 2) and (b > 0 or -a * 2 + b <= 1)"
    expected = eval(text, {"a": a, "b": b}) if a is not None else False
    assert holds(text, a=a, b=b) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os')", r"can't be part of a condition"),
        ("a.real == 1", r"'a.real' can't be part"),
        ("a ** 9 ** 9 == 1", r"can't be part"),
        ("a << 9 == 1", r"can't be part"),
        ("[x for x in s]", r"can't be part"),
        ("lambda: 1", r"can't be part"),
        ("a if b else 1", r"can't be part"),
        ("a is None", r"can't be part"),
        ("f'{a}' == ''", r"can't be part"),
        ("s[0] == 'x'", r"can't be part"),
        ("a == b'x'", r"can't be part"),
        ("(a := 3) == 3", r"can't be part"),
        ("a =", r"is no condition \(invalid syntax\)"),
        ("", r"is no condition"),
        ("n_rows == 1", r"unknown fact 'n_rows'.*Known: a, b, s"),
        ("a == 1" + " and a == 1" * 100, r"has 1106 characters"),
        ("(" * 400 + "a" + ")" * 400, r"is no condition"),
    ],
)
def test_what_is_no_condition(text: str, message: str) -> None:
    with pytest.raises(GridError, match=message):
        Condition(text, NAMES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", r"'a' is 2, neither true nor false"),
        ("a and b == 7", r"a is 2, neither true nor false"),
        ("a < s", r"can't be evaluated"),
        ("a / 0 == 1", r"division by zero"),
        ("s * 9 == ''", r"'x' is no number"),
        ("a in 3", r"can't be evaluated"),
    ],
)
def test_what_cant_be_evaluated(text: str, message: str) -> None:
    with pytest.raises(GridError, match=message):
        holds(text, a=2, b=7, s="x")
