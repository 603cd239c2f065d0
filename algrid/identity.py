"""Identity is content: canonical JSON of a configuration, its 64-bit digest, and vectorised run ids.

The id of a run is a mix of two digests, that of its cell and that of its variant, so that the ids of
a whole grid are one outer operation on two short vectors.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["canonical_json", "content_key", "digest64", "from_hex", "mix", "text_digest64", "to_hex", "unmix"]

_HEX = np.array([f"{byte:02x}" for byte in range(256)], dtype="S2")
_NO_ID = "a run id is 16 hexadecimal digits, such as '00ff12ab34cd56ef'"


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal configurations give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest64(value: Any) -> int:
    """The first 64 bits of the SHA-256 of a configuration's canonical JSON."""
    return text_digest64(canonical_json(value))


def text_digest64(text: str) -> int:
    """The same of the canonical JSON itself."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def content_key(value: Any) -> str:
    """The digest as 16 hexadecimal digits: a short key for equal content."""
    return f"{digest64(value):016x}"


def mix(cells: NDArray[np.uint64], variants: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Run ids of cells and variants, broadcast against each other.

    Two rounds of splitmix64's finaliser (Steele et al., OOPSLA 2014), which is a bijection of 64-bit
    words: for one cell, different variants can't collide, and across cells ids behave like random words.

    Parameters
    ----------
    cells, variants : arrays of uint64
        Digests, of shapes that broadcast.

    Returns
    -------
    array of uint64, of the broadcast shape.
    """
    return _finalise(_finalise(np.asarray(cells, np.uint64)) ^ np.asarray(variants, np.uint64))


def unmix(ids: NDArray[np.uint64], cells: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The variants of runs whose ids and cells are known: the inverse of `mix`, which is a bijection for each cell."""
    return _unfinalise(np.asarray(ids, np.uint64)) ^ _finalise(np.asarray(cells, np.uint64))


def _finalise(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        z = words + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _unfinalise(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The steps of `_finalise` backwards; the factors are the inverses modulo 2^64 of those there."""
    with np.errstate(over="ignore"):
        z = words ^ (words >> np.uint64(31)) ^ (words >> np.uint64(62))
        z = z * np.uint64(0x319642B2D24D8EC3)
        z = z ^ (z >> np.uint64(27)) ^ (z >> np.uint64(54))
        z = z * np.uint64(0x96DE1B173F119089)
        z = z ^ (z >> np.uint64(30)) ^ (z >> np.uint64(60))
        unmixed: NDArray[np.uint64] = z - np.uint64(0x9E3779B97F4A7C15)
        return unmixed


def to_hex(ids: NDArray[np.uint64]) -> NDArray[np.str_]:
    """Ids as users see them: 16 lower-case hexadecimal digits each, vectorised."""
    flat = np.ascontiguousarray(ids, dtype=">u8").reshape(-1)
    digits = _HEX[flat.view(np.uint8)].view("S16")
    return digits.astype("U16").reshape(np.shape(ids))


def from_hex(ids: NDArray[np.str_]) -> NDArray[np.uint64]:
    """The inverse of `to_hex`.

    Raises
    ------
    ValueError
        If an id is not 16 hexadecimal digits.
    """
    given = np.asarray(ids, dtype=np.str_)
    if given.dtype.itemsize > 64 and bool((np.strings.str_len(given) > 16).any()):  # else it would be cut
        raise ValueError(_NO_ID)
    text = np.ascontiguousarray(given.reshape(-1).astype("S16"))
    codes = text.view(np.uint8).astype(np.int16)
    digit = np.where(codes >= ord("a"), codes - ord("a") + 10, codes - ord("0"))
    valid = ((codes >= ord("0")) & (codes <= ord("9"))) | ((codes >= ord("a")) & (codes <= ord("f")))
    if not bool(valid.all()):
        raise ValueError(_NO_ID)
    pairs = digit.reshape(-1, 8, 2)
    octets = (pairs[..., 0] * 16 + pairs[..., 1]).astype(np.uint8)
    return np.ascontiguousarray(octets).reshape(-1).view(">u8").astype(np.uint64).reshape(np.shape(ids))
