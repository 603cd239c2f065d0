"""What was fetched from OpenML, in the data folder: ``openml/31/`` has the description and the data of dataset 31."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from algrid.datasets.folders import data_folder
from algrid.errors import DatasetError

__all__ = ["DESCRIPTION", "FILES", "Description", "description_in", "file_in", "folder_of"]

#: Name of the description, as OpenML sends it.
DESCRIPTION = "description.json"
#: Names that the data can have: in the order in which they are looked for.
FILES = ("dataset.arff", "dataset.parquet", "dataset.arff.gz")


@dataclass(frozen=True)
class Description:
    """What OpenML says about a dataset.

    Parameters
    ----------
    name, version, licence : str
    target : str
        The column of the labels.
    ids : tuple of str
        Columns that are no features: row ids, and what is to be ignored.
    files : tuple of (str, str)
        Formats ("arff", "parquet") and addresses of the data.
    md5 : str
        Of the ARFF file; empty where it is not said.
    """

    name: str = ""
    version: str = ""
    licence: str = ""
    target: str = ""
    ids: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    md5: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Description:
        """A description of OpenML's JSON.

        Raises
        ------
        DatasetError
            If it is none.
        """
        fields = data.get("data_set_description") if isinstance(data, Mapping) else None
        if not isinstance(fields, Mapping):
            raise DatasetError(f"OpenML's answer is no description of a dataset: {json.dumps(data)[:200]}")
        listed = [_listed(fields.get(key)) for key in ("row_id_attribute", "ignore_attribute")]
        arff = fields.get("url") if str(fields.get("format", "ARFF")).lower().endswith("arff") else None
        parquet = fields.get("parquet_url") or fields.get("minio_url")
        targets = _listed(fields.get("default_target_attribute"))
        return cls(
            name=str(fields.get("name", "")),
            version=str(fields.get("version", "")),
            licence=str(fields.get("licence", "")),
            target=targets[0] if len(targets) == 1 else "",
            ids=tuple(dict.fromkeys(column for columns in listed for column in columns)),
            files=tuple((kind, str(url)) for kind, url in (("arff", arff), ("parquet", parquet)) if url),
            md5=str(fields.get("md5_checksum") or ""),
        )


def folder_of(data_id: int) -> Path:
    """Where a dataset is, or will be."""
    return data_folder() / "openml" / str(data_id)


def file_in(folder: Path) -> Path | None:
    """The data in a dataset's folder, or None."""
    return next((folder / name for name in FILES if (folder / name).is_file()), None)


def description_in(folder: Path) -> Description | None:
    """The description in a dataset's folder, or None.

    Raises
    ------
    DatasetError
        If it is damaged.
    """
    path = folder / DESCRIPTION
    try:
        return Description.of(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"file {str(path)!r} is damaged ({error}): remove it, and fetch the dataset again."
        ) from error


def _listed(value: Any) -> list[str]:
    """Names of columns: OpenML gives a list, or a text with commas."""
    if value is None:
        return []
    parts = value if isinstance(value, list) else str(value).split(",")
    return [str(part).strip() for part in parts if str(part).strip()]
