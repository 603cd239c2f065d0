"""Bytes of a file to text, by a named encoding or one that is found out."""

from __future__ import annotations

import codecs

from algrid.errors import DatasetError

__all__ = ["decoded"]

#: Byte order marks, the longer first where one begins with another.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(data: bytes, encoding: str, path: str) -> str:
    """The text of a file.

    ``auto`` is what a byte order mark says, else UTF-8, else Latin-1, which has a letter for every byte but 0x80 to
    0x9F: with one of those in it a file has another encoding, and only its owner knows which.

    Parameters
    ----------
    data : bytes
    encoding : str
        ``auto``, or a name that Python knows.
    path : str
        What messages call the file.

    Raises
    ------
    DatasetError
        For an unknown encoding, or bytes that are not in it.
    """
    if encoding == "auto":
        encoding = _found_out(data, path)
    try:
        # a mark is no letter of the first document
        return data.decode("utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding)
    except LookupError as error:
        raise DatasetError(
            f"there is no encoding {encoding!r} (for file {path!r}): utf-8, latin-1, cp1252, utf-16, shift_jis and "
            "others that Python knows can be named, or `auto`."
        ) from error
    except UnicodeError as error:
        raise DatasetError(f"file {path!r} is not in the encoding {encoding!r}: {error}.") from error


def _found_out(data: bytes, path: str) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = error.start
    else:
        wrong = data.find(b"\0")
        if wrong < 0:
            return "utf-8"
    if any(0x80 <= byte < 0xA0 for byte in set(data)) or 0 in data:
        line = data.count(b"\n", 0, wrong) + 1
        raise DatasetError(
            f"the encoding of file {path!r} can't be found out: it has no byte order mark, and byte {data[wrong]:#04x} "
            f"in line {line} is in neither UTF-8 nor Latin-1. Name it: `encoding: cp1252`, say."
        )
    return "latin-1"
