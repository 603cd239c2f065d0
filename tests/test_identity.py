"""Digests and run ids: stable for ever, vectorised, without collisions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from algrid.identity import canonical_json, content_key, digest64, from_hex, mix, to_hex, unmix

WORDS = st.integers(0, 2**64 - 1)
ANY_IDS = arrays(np.uint64, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4), elements=WORDS)

# Stored runs are found by these numbers: where one changes, no store can be resumed any more.
GOLDEN = [
    (None, "null", 0x74234E98AFE7498F),
    ({}, "{}", 0x44136FA355B3678A),
    (1, "1", 0x6B86B273FF34FCE1),
    (1.0, "1.0", 0xD0FF5974B6AA52CF),
    (1e-5, "1e-05", 0x5A9530D3C6D5FAAD),
    ("x", '"x"', 0xBA2DF4903A2C14E8),
    ({"b": [1, 2.5, "é"], "a": True}, '{"a":true,"b":[1,2.5,"é"]}', 0x8FA8F25A2E34B926),
]
GOLDEN_MIX = [
    (0, 0, 0xA706DD2F4D197E6F),
    (0, 1, 0x08B4FDA8C892B50E),
    (1, 0, 0x5E41AB087439611E),
    (2**64 - 1, 2**64 - 1, 0x6309143E67A47936),
    (0x0123456789ABCDEF, 0xFEDCBA9876543210, 0x12606BC1C15101C8),
]


def words(*values: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return np.array(values, dtype=np.uint64)


@pytest.mark.parametrize(("value", "text", "digest"), GOLDEN)
def test_golden_digests(value: Any, text: str, digest: int) -> None:
    assert canonical_json(value) == text
    assert digest64(value) == digest
    assert content_key(value) == f"{digest:016x}"


def test_equal_configurations_have_equal_text() -> None:
    assert canonical_json({"b": 1, "a": {"d": (1, 2), "c": None}}) == canonical_json(
        {"a": {"c": None, "d": [1, 2]}, "b": 1}
    )
    assert content_key(0) != content_key(False)
    assert content_key(0) != content_key("0")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_does_not_have_has_no_digest(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        digest64({"C": value})


@pytest.mark.parametrize(("cell", "variant", "run"), GOLDEN_MIX)
def test_golden_run_ids(cell: int, variant: int, run: int) -> None:
    assert int(mix(words(cell), words(variant))[0]) == run


def splitmix(word: int) -> int:
    """splitmix64's finaliser in Python's own integers."""
    z = (word + 0x9E3779B97F4A7C15) % 2**64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
    return z ^ (z >> 31)


@given(st.lists(WORDS, min_size=1, max_size=5), st.lists(WORDS, min_size=1, max_size=5))
@settings(deadline=None, max_examples=100)
def test_mix_of_a_grid_is_that_of_each_run(cells: list[int], variants: list[int]) -> None:
    ids = mix(words(*cells)[:, None], words(*variants)[None, :])
    assert ids.dtype == np.uint64
    assert ids.tolist() == [[splitmix(splitmix(cell) ^ variant) for variant in variants] for cell in cells]


def test_ids_of_a_large_grid_are_distinct() -> None:
    rng = np.random.default_rng(0)
    cells, variants = (rng.integers(2**64 - 1, size=n, dtype=np.uint64) for n in (1000, 200))
    assert len(np.unique(mix(cells[:, None], variants[None, :]))) == 200_000
    counts = np.arange(500, dtype=np.uint64)  # neighbouring words are no worse
    assert len(np.unique(mix(counts[:, None], counts[None, :]))) == 250_000


def test_cell_and_variant_are_not_exchangeable() -> None:
    assert mix(words(1), words(2))[0] != mix(words(2), words(1))[0]


@given(ANY_IDS)
@settings(deadline=None, max_examples=100)
def test_hex_round_trip(ids: np.ndarray[Any, np.dtype[np.uint64]]) -> None:
    text = to_hex(ids)
    assert text.shape == ids.shape
    assert text.ravel().tolist() == [f"{int(i):016x}" for i in ids.ravel()]
    for form in (text, text.astype(object), text.astype("U40"), text.astype("S16")):
        back = from_hex(form)
        assert back.dtype == np.uint64
        assert np.array_equal(back, ids)


GOOD = "00ff12ab34cd56ef"


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD[:-1],
        GOOD + "0",
        GOOD + "zz",
        GOOD.upper(),
        " " + GOOD[1:],
        "0x" + GOOD[2:],
        "g" + GOOD[1:],
        "é" + GOOD[1:],
    ],
)
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text of a foreign letter's is Python's own
        from_hex(np.array([GOOD, text]))


def test_the_message_shows_what_an_id_is() -> None:
    with pytest.raises(ValueError, match="16 hexadecimal digits, such as"):
        from_hex(np.array(["iris"]))


@given(WORDS, ANY_IDS)
@settings(deadline=None, max_examples=100)
def test_unmixing_gives_the_variants_back(cell: int, variants: Any) -> None:
    assert np.array_equal(unmix(mix(words(cell)[0], variants), words(cell)[0]), variants)


@pytest.mark.parametrize(("cell", "variant", "run"), GOLDEN_MIX)
def test_unmixing_golden_ids(cell: int, variant: int, run: int) -> None:
    assert unmix(words(run), words(cell)).tolist() == [variant]
