"""Messages and kinds of errors."""

from __future__ import annotations

import pickle
from inspect import isclass

import pytest

from algrid import errors
from algrid.errors import AlgridError, PluginError, in_one_line, nearest, unknown_name

KINDS = [
    value for name in errors.__all__ if isclass(value := getattr(errors, name)) and issubclass(value, BaseException)
]


def test_every_error_is_an_algrid_error_and_a_warning_is_none() -> None:
    assert {k.__name__ for k in KINDS if not issubclass(k, AlgridError)} == {"AlgridWarning", "DataWarning"}
    assert issubclass(errors.AlgridWarning, UserWarning)
    assert issubclass(errors.DataWarning, errors.AlgridWarning)
    odd = errors.DataWarning("a column is odd", "drop it")
    assert (str(odd), odd.cure) == ("a column is odd; drop it.", "drop it")


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_way_between_processes(kind: type[BaseException]) -> None:
    error = pickle.loads(pickle.dumps(kind("cause and cure")))
    assert type(error) is kind
    assert str(error) == "cause and cure"


def test_a_plugin_error_knows_its_parameter() -> None:
    assert PluginError("wrong").parameter is None
    error = pickle.loads(pickle.dumps(PluginError("wrong", "flip")))
    assert (str(error), error.parameter) == ("wrong", "flip")


def test_what_others_raise_is_told_in_one_line() -> None:
    assert in_one_line(ValueError("first\n\n  second")) == "ValueError: first second"
    assert in_one_line(ValueError("abc def"), most=18) == "ValueError: abc def"[:14] + " ..."
    assert in_one_line(ValueError("abc def"), most=19) == "ValueError: abc def"


def test_nearest() -> None:
    assert nearest("magrin", ["random", "margin", "entropy"]) == " Did you mean 'margin'?"
    assert nearest("xyz", ["random", "margin"]) == ""
    assert nearest("margin", []) == ""


def test_unknown_name() -> None:
    assert (
        unknown_name("strategy", "magrin", ["random", "margin"])
        == "unknown strategy 'magrin'. Did you mean 'margin'? Known: margin, random."
    )
    assert unknown_name("strategy", "xyz", {"random"}) == "unknown strategy 'xyz'. Known: random."
    assert unknown_name("strategy", 5, ()) == "unknown strategy 5. Known: none."
