from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from algrid.errors import GridError
from algrid.yaml_lines import Problems, dump_yaml, load_yaml, shown_path

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_data_and_the_line_of_every_key_and_entry():
    document = load_yaml("a: 1\n\nb: [x,\n    y]\nc:\n  - d: 2\n    e: 3\n", "g")
    assert document.data == {"a": 1, "b": ["x", "y"], "c": [{"d": 2, "e": 3}]}
    assert document.lines == {
        (): 1,
        ("a",): 1,
        ("b",): 3,
        ("b", 0): 3,
        ("b", 1): 4,
        ("c",): 5,
        ("c", 0): 6,
        ("c", 0, "d"): 6,
        ("c", 0, "e"): 7,
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2024-01-31", "2024-01-31"),
        ("0x10", "0x10"),
        ("1e-3", 0.001),
        ("-.5", -0.5),
        ("+7", 7),
        ("1_000", "1_000"),
        (".inf", float("inf")),
        ("-.inf", float("-inf")),
        ("True", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("none", "none"),
        ("'5'", "5"),
        ("!!float 5", 5.0),
        ("!!str 5", "5"),
        ("pkg.module:Class", "pkg.module:Class"),
    ],
)
def test_scalars_follow_the_core_schema(text, value):
    read = load_yaml(f"a: {text}", "g").data["a"]
    assert read == value
    assert type(read) is type(value)


def test_an_alias_repeats_its_anchor():
    assert load_yaml("a: &x [1]\nb: *x", "g").data == {"a": [1], "b": [1]}


def test_an_empty_text_is_nothing():
    assert load_yaml("# only a comment\n", "g").data is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "g.yaml, line 4, b.c: written twice, first in line 3"),
        ("a: [{b: 1}, {b: 1, b: 2}]", "line 1, a[1].b: written twice, first in line 1"),
        ("a:\n\t- b\n", "g.yaml, line 2: a tab"),
        ("a: [1,\nb: 2\n", "g.yaml, line 3: no valid YAML"),
        ("a: 'x\n\n", "while scanning a quoted scalar that began in line 1"),
        ("x: 1\na: b: c", "g.yaml, line 2: no valid YAML at column 5: 'a: b: c'"),
        ("a: 1\n---\nb: 2", "line 2: a second YAML document"),
        ("  a: 1\n b: 2", "line 2: this line does not belong to what is above it"),
        ("a:\n  - &x [*x]", "line 2, a[0][0]: an alias (*) to the anchor (&) that it is in"),
        ("a: *x", "undefined alias 'x'"),
        ("a: 1\n5: 2", "g.yaml, line 2: a key must be text, found 5"),
        ("? [a]\n: b", "a key must be text, found a list or mapping"),
        ("a: !!python/name:os.system x", "the YAML tag 'tag:yaml.org,2002:python/name:os.system' has no meaning"),
        ("a: !!set {x}", "the YAML tag"),
        ("a: !mine [1]", "the YAML tag '!mine'"),
        ("a: !!int x", "'x' is no int"),
        ("a: 1\nb: \x01", "line 2: a character that no YAML text may have ('\\x01')"),
    ],
)
def test_what_is_no_such_yaml_is_one_error_with_its_line(text, message):
    with pytest.raises(GridError) as caught:
        load_yaml(text, "g.yaml")
    assert message in str(caught.value)


@settings(deadline=None, max_examples=150)
@given(PLAIN)
def test_written_text_reads_back(data):
    assert load_yaml(dump_yaml(data), "g").data == data


@settings(deadline=None, max_examples=100)
@example("a\x85b\u2028\u2029 ü\ufeff")
@given(st.text() | st.sampled_from(["no", "1:30", "1e-3", "0x10", "2024-01-31", "null", "1_000", "=", "<<"]))
def test_written_text_reads_back_in_yaml_1_1_too(text):
    assert yaml.safe_load(dump_yaml([text])) == [text]


def test_problems_are_listed_by_line_and_once():
    problems = Problems("g.yaml", {(): 1, ("a",): 3, ("b",): 2})
    problems.raise_if_any()
    problems.add(("a", 0, "deep"), "wrong.")
    problems.add(("b",), "bad.")
    problems.add(("b",), "bad.")
    assert len(problems) == 2
    with pytest.raises(GridError) as caught:
        problems.raise_if_any()
    assert str(caught.value) == (
        "2 mistakes in g.yaml:\n  g.yaml, line 2, b: bad.\n  g.yaml, line 3, a[0].deep: wrong."
    )


def test_of_very_many_problems_the_first_are_listed():
    problems = Problems("g.yaml", {(i,): i + 1 for i in range(100)})
    for i in range(100):
        problems.add((i,), "bad.")
    with pytest.raises(GridError) as caught:
        problems.raise_if_any()
    first, *listed, last = str(caught.value).splitlines()
    assert first == "100 mistakes in g.yaml:"
    assert last == "  and 75 more."
    assert listed[-1] == "  g.yaml, line 25, [24]: bad."


def test_without_lines_a_problem_has_its_path_alone():
    problems = Problems("grid")
    problems.add(("a", 1), "wrong.")
    with pytest.raises(GridError, match=r"^grid, a\[1\]: wrong\.$"):
        problems.raise_if_any()


def test_a_path_is_shown_as_users_read_it():
    assert shown_path(("strategies", 2, "qbc", "committee_size", 0)) == "strategies[2].qbc.committee_size[0]"
    assert shown_path((0, "a")) == "[0].a"
