"""CSV: a header line, separated by comma, semicolon or tab."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from algrid.datasets.formats.files import exact_numbers
from algrid.errors import DatasetError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read"]


def read(path: Path, target: str, encoding: str) -> pd.DataFrame:  # noqa: ARG001 - the same for all formats
    """The table; empty, ``?``, ``NA`` and pandas' other spellings of it are missing."""
    import pandas as pd

    encoding = _encoding(path, encoding)
    with path.open(encoding=encoding, newline="") as file:
        header = file.readline()
    separator = max(",;\t", key=header.count)
    names = next(csv.reader([header], delimiter=separator, skipinitialspace=True), [])
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:  # pandas would rename the second one
        raise DatasetError(f"file {str(path)!r} has two columns called {repeated[0]!r}. Rename or remove one.")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # lines with a value too many
        frame: pd.DataFrame = pd.read_csv(
            path,
            sep=separator,
            encoding=encoding,
            na_values=["?"],
            skipinitialspace=True,
            index_col=False,  # or a value too many in every line would shift all columns
            low_memory=False,
            **exact_numbers(),
        )
    return frame


def _encoding(path: Path, encoding: str) -> str:
    """The encoding to read in: UTF-16 where the file begins with its mark, else the given one.

    Raises
    ------
    DatasetError
        If the text is not in that encoding; says which byte is not, and what it would be in Windows-1252.
    """
    with path.open("rb") as file:
        if file.read(2) in {b"\xff\xfe", b"\xfe\xff"}:
            return "utf-16"
    encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(1 << 20):
                pass
    except LookupError:
        raise DatasetError(f"there is no encoding {encoding!r}. Common are utf-8, latin-1 and cp1252.") from None
    except UnicodeDecodeError as error:
        lines = path.read_bytes().split(b"\n")
        number, line = next((i, line) for i, line in enumerate(lines, 1) if _undecodable(line, encoding))
        shown = line.strip()[:60].decode("cp1252", errors="replace")
        raise DatasetError(
            f"file {str(path)!r} can't be read as CSV in {encoding.removesuffix('-sig').upper()}: line {number} has "
            f"the byte 0x{error.object[error.start]:02x}. In Windows-1252 the line reads {shown!r}: if that is "
            "right, give encoding: cp1252, else the encoding that it was saved in."
        ) from error
    return encoding


def _undecodable(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return True
    return False
