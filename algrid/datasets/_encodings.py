"""Bytes of a file to text, by a named encoding or one that is found out."""

from __future__ import annotations

import codecs
from pathlib import Path

from algrid.datasets.formats.sniffing import first_bytes, hint
from algrid.errors import DatasetError

__all__ = ["checked_encoding", "decoded"]

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
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        wrong = (number, data.split(b"\n")[number - 1])
        raise _undecodable(path, encoding, wrong, error, data) from error
    except UnicodeError as error:  # UTF-16 or UTF-32 without a mark
        raise DatasetError(f"file {path!r} is not in the encoding {encoding!r}: {error}.{hint(data)}") from error


def checked_encoding(path: Path, encoding: str) -> str:
    """The encoding of a file that is too large to be held as text: by its byte order mark, else the given one.

    Parameters
    ----------
    path : Path
    encoding : str
        ``auto`` as in `decoded`, or a name that Python knows.

    Raises
    ------
    DatasetError
        If there is no such encoding, or the file is not in it; then with the line, and how that reads in Windows-1252.
    """
    with path.open("rb") as file:
        marked = _marked(file.read(4))
    if marked or encoding == "auto":
        return marked or _found_out(path.read_bytes(), str(path))
    try:
        name = codecs.lookup(encoding).name
        with path.open(encoding=name, newline="") as text:
            while text.read(1 << 20):
                pass
    except LookupError:
        raise DatasetError(
            f"there is no encoding {encoding!r}. Common are utf-8, latin-1 and cp1252; `auto` finds it out."
        ) from None
    except UnicodeDecodeError as error:
        raise _undecodable(str(path), name, _first_undecodable(path, name), error, first_bytes(path)) from error
    return name


def _undecodable(
    path: str, encoding: str, wrong: tuple[int, bytes], error: UnicodeDecodeError, start: bytes
) -> DatasetError:
    """The error of a file that is not in an encoding: says what its first bytes, or the first wrong line, look like."""
    number, line = wrong
    shown = line.strip()[:60].decode("cp1252", errors="replace")
    guess = (
        f" In Windows-1252 the line reads {shown!r}: if that is right, give encoding: cp1252, else the encoding that "
        "it was saved in."
    )
    return DatasetError(
        f"file {path!r} can't be read as text in {encoding.upper()}: line {number} has the byte "
        f"{error.object[error.start]:#04x}.{hint(start) or guess}"
    )


def _first_undecodable(path: Path, encoding: str) -> tuple[int, bytes]:
    """Number (from 1) and bytes of the first line that is not in an encoding."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return number, line
    return 1, b""


def _marked(data: bytes) -> str:
    """The encoding that a byte order mark at the beginning stands for; empty without one."""
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "")


def _found_out(data: bytes, path: str) -> str:
    if marked := _marked(data):
        return marked
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
            f"in line {line} is in neither UTF-8 nor Latin-1.{hint(data) or ' Name it: `encoding: cp1252`, say.'}"
        )
    return "latin-1"
