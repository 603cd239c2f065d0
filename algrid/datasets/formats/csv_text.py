"""CSV: a header line, separated by comma, semicolon or tab."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from algrid.datasets._encodings import checked_encoding
from algrid.datasets.formats.files import exact_numbers
from algrid.errors import DatasetError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read"]


def read(path: Path, target: str, encoding: str) -> pd.DataFrame:  # noqa: ARG001 - the same for all formats
    """The table; empty, ``?``, ``NA`` and pandas' other spellings of it are missing."""
    import pandas as pd

    encoding = checked_encoding(path, encoding)
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
