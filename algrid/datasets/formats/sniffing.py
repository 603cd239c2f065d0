"""What a file is by its first bytes: for messages, never for a decision."""

from __future__ import annotations

from pathlib import Path

__all__ = ["first_bytes", "hint"]

_MAGIC = {
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip file (.gz)",
    b"PK\x03\x04": "a zip archive (.zip; .npz and .xlsx are ones too)",
    b"BZh": "a bzip2 file (.bz2)",
    b"\xfd7zXZ\x00": "an xz file (.xz)",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array (.npy)",
    b"%PDF": "a PDF document",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}


def first_bytes(path: Path) -> bytes:
    """As many as `hint` looks at."""
    with path.open("rb") as file:
        return file.read(16)


def hint(data: bytes) -> str:
    """A sentence to go behind others, on what the first bytes are those of; empty where they say nothing."""
    kind = next((kind for magic, kind in _MAGIC.items() if data[:16].lower().startswith(magic.lower())), "")
    return f" Its first bytes are those of {kind}." if kind else ""
