"""What a user means by the name of a dataset, and what is known about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from algrid.catalogues import Catalogue, Entry, catalogue_file, catalogues, entry_named
from algrid.datasets import DATASETS, DatasetPlugin
from algrid.datasets._file_based import FileBased
from algrid.datasets.formats import format_of
from algrid.errors import AlgridError, DatasetError, GridError, nearest
from algrid.grid import GridSpec
from algrid.grid import shipped as shipped_grids
from algrid.yaml_lines import load_yaml

__all__ = ["copies", "datasets_named", "described", "is_there"]


def datasets_named(name: str) -> list[DatasetPlugin]:
    """The datasets that a name stands for.

    Parameters
    ----------
    name : str
        Of a catalogue (or its path), a grid (or its path), an entry of a catalogue, or a dataset plugin; ``openml:31``;
        the path of a file of data. In this order.

    Raises
    ------
    DatasetError
        For a name of nothing.
    GridError
        For mistakes in a catalogue or a grid.
    """
    if Path(name).suffix in {".yaml", ".yml"}:
        return _of_file(Path(name))
    if _is_catalogue(name):
        return [entry.build() for entry in Catalogue.open(name).entries]
    if name in shipped_grids():
        return list(GridSpec.from_file(name).datasets)
    if (one := _one_named(name)) is not None:
        return [one]
    known = [*DATASETS.names(), *shipped_grids(), *(e.name for c in catalogues() for e in c.entries)]
    raise DatasetError(
        f"there is no dataset, catalogue or grid {name!r}.{nearest(name, known)} `algrid datasets list` has the "
        "datasets that come with algrid and the catalogues; openml:31 is dataset 31 of OpenML."
    )


def _one_named(name: str) -> DatasetPlugin | None:
    kind, _, number = name.partition(":")
    if kind == "openml" and number.isdigit():
        return DATASETS.build("openml", {"data_id": int(number)})
    if (entry := entry_named(name)) is not None:
        return entry.build()
    if name in DATASETS.names() or ":" in name:
        return DATASETS.build(name)
    if Path(name).is_file() and format_of(name):
        return DATASETS.build("file", {"path": str(Path(name).absolute())})
    return None


def _is_catalogue(name: str) -> bool:
    try:
        catalogue_file(name)
    except GridError:
        return False
    return Path(name).suffix == ""


def _of_file(path: Path) -> list[DatasetPlugin]:
    """Of a grid file or a catalogue file: a grid has strategies."""
    try:
        data = load_yaml(path.read_text(encoding="utf-8-sig"), path.name).data
    except (OSError, UnicodeDecodeError):
        data = None  # opening it says why
    if isinstance(data, dict) and "strategies" in data:
        return list(GridSpec.from_file(path).datasets)
    return [entry.build() for entry in Catalogue.open(path).entries]


def described(plugin: DatasetPlugin, entry: Entry | None = None) -> dict[str, str]:
    """Everything that is known of a dataset, as words.

    Parameters
    ----------
    plugin : DatasetPlugin
    entry : Entry, optional
        Of a catalogue, with what that says of it.

    Raises
    ------
    DatasetError
        If its data are there and can't be used.
    """
    found: dict[str, str] = {"dataset": plugin.dataset_name, "what it is": type(plugin).summary()}
    found |= {key: _text(value) for key, value in plugin.parameters().items()}
    found |= {"source": plugin.source, "licence": plugin.licence}
    if entry is not None:
        said = {"source": entry.source, "licence": entry.licence, "address": entry.url, "note": entry.note}
        found |= {key: value for key, value in {**said, "same data as": entry.same_as}.items() if value}
        found.pop("title", None)
    try:
        facts = plugin.facts()
    except AlgridError as error:
        return {**_given(found), "data": str(error)}
    there = facts.content_hash is not None
    counts = dict(zip(facts.class_names, facts.class_counts, strict=True))
    found |= {
        "rows": f"{facts.n_rows:,}",
        "features": f"{facts.n_features:,}",
        "classes": f"{facts.n_classes:,}",
        "data": f"there, content {facts.content_hash}" if there else _why_not(plugin),
    }
    if there:
        found |= {
            "rows of each class": _counts(counts),
            "categorical features": f"{len(facts.categorical):,}",
            "missing values": "yes" if facts.has_missing else "no",
            "matrix": "sparse" if facts.is_sparse else "dense",
        }
    return _given(found)


def is_there(plugin: DatasetPlugin) -> bool:
    """Whether the data of a dataset are at hand, usable or not."""
    try:
        return bool(plugin.files()) if isinstance(plugin, FileBased) else True
    except AlgridError:
        return False


def copies(hashes: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names whose content another one before them has: (name, the other's name).

    Parameters
    ----------
    hashes : iterable of (str, str)
        Names and content hashes.
    """
    first: dict[str, str] = {}
    return [(name, first[content]) for name, content in hashes if first.setdefault(content, name) != name]


def _given(found: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in found.items() if value}


def _why_not(plugin: DatasetPlugin) -> str:
    try:
        plugin.load()
    except AlgridError as error:
        return str(error)
    return ""  # pragma: no cover - put there in the meantime


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def _counts(counts: Mapping[str, int], most: int = 12) -> str:
    shown = ", ".join(f"{name}: {count:,}" for name, count in list(counts.items())[:most])
    return f"{shown}, ... ({len(counts)} classes)" if len(counts) > most else shown
