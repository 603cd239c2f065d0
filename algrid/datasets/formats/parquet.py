"""Parquet: flat columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from algrid.errors import DatasetError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read"]


def read(path: Path, target: str, encoding: str) -> pd.DataFrame:  # noqa: ARG001 - the same for all formats
    """The table, without pandas' index."""
    import pyarrow.parquet

    table = pyarrow.parquet.ParquetFile(path).read()
    repeated = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if repeated:
        raise DatasetError(f"file {str(path)!r} has two columns called {repeated[0]!r}. Rename or remove one.")
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame
