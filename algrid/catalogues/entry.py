"""One dataset of a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from algrid.datasets import DATASETS, DatasetPlugin

__all__ = ["KINDS", "Entry"]

#: Where data can come from; an entry has exactly one of these keys.
KINDS = ("openml", "file", "local", "plugin")


@dataclass(frozen=True)
class Entry:
    """One dataset of a catalogue.

    Parameters
    ----------
    name : str
        The dataset's name, in the catalogue and in results.
    kind : str
        One of `KINDS`.
    origin : int, str or mapping
        The data id of OpenML, the path of a file, the name of a file in the data folder, or the entry of a grid
        file that stands for a plugin.
    target, drop, categorical
        Columns, as the dataset plugins `openml`, `file` and `local` have them.
    rows, features, classes : int, optional
        What is expected; None for unknown.
    licence, source, url, note : str
        What a user should know; empty for unknown.
    same_as : str
        Name of an entry with the same content; empty where there is none.
    encoding : str
        Of a text file; empty for UTF-8.
    """

    name: str
    kind: str
    origin: int | str | Mapping[str, Any]
    target: str = ""
    drop: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    rows: int | None = None
    features: int | None = None
    classes: int | None = None
    licence: str = ""
    source: str = ""
    url: str = ""
    note: str = ""
    same_as: str = ""
    encoding: str = ""

    def level(self) -> Any:
        """What stands for it in the `datasets` of a grid file."""
        if self.kind == "plugin":
            return deepcopy(self.origin)  # entries are shared
        parameter = {"openml": "data_id", "file": "path", "local": "file"}[self.kind]
        declared = {
            "title": self.name,
            "target": self.target,
            "categorical": list(self.categorical),
            "drop": list(self.drop),
            "rows": self.rows,
            "features": self.features,
            "classes": self.classes,
            "encoding": self.encoding,
        }
        return {
            self.kind: {
                parameter: self.origin,
                **{key: value for key, value in declared.items() if value not in ("", [], None)},
            }
        }

    @property
    def origin_text(self) -> str:
        """Where the data come from, in a few words."""
        words = {"openml": "OpenML", "file": "file", "local": "data folder:", "plugin": "algrid:"}
        if self.kind == "plugin" and isinstance(self.origin, Mapping):
            return f"{words[self.kind]} {next(iter(self.origin))}"
        return f"{words[self.kind]} {self.origin}"

    def build(self) -> DatasetPlugin:
        """Its dataset.

        Raises
        ------
        PluginError
            For a plugin that is unknown, or given a wrong parameter.
        """
        level = self.level()
        if isinstance(level, str):
            return DATASETS.build(level)
        ((name, parameters),) = level.items()
        return DATASETS.build(name, parameters)

    def facts(self) -> dict[str, Any]:
        """What a condition can ask for: only what the catalogue says, so that it means the same everywhere."""
        return {
            "name": self.name,
            "origin": self.kind,
            "n_rows": self.rows,
            "n_features": self.features,
            "n_classes": self.classes,
            "is_duplicate": bool(self.same_as),
        }
