"""Looks at a file of data, proposes what its columns are, and writes an entry into the user's catalogue."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from algrid.catalogues.catalogue import OWN, Catalogue
from algrid.catalogues.entry import Entry
from algrid.datasets._frame import are_documents, listed, numbers_as_text, simplified
from algrid.datasets._ids import id_columns
from algrid.datasets.file import File
from algrid.datasets.folders import data_folder, replacing
from algrid.datasets.formats import Arrays, read_file
from algrid.errors import AlgridWarning, DatasetError, GridError
from algrid.yaml_lines import dump_yaml, load_yaml

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "add_entry", "inspect_file"]

_TARGETS = ("target", "class", "label", "y", "outcome", "result", "diagnosis")
_MOST_CLASSES = 50  # of a column that is proposed as target
_USABLE = (str, bytes, bool, int, float, np.number, np.bool_)  # kinds of values that a column may hold
_DOCUMENTS = "documents: text_file reads them"
_CODES = 10  # whole numbers of so few values are perhaps categories


@dataclass(frozen=True)
class Column:
    """What a column looks like.

    Parameters
    ----------
    name : str
    role : str
        ``target``, ``drop``, ``categorical`` or ``numeric``.
    why : str
        What the role is taken from.
    n_distinct, n_missing : int
    examples : tuple of str
        Its first values.
    """

    name: str
    role: str
    why: str
    n_distinct: int
    n_missing: int
    examples: tuple[str, ...]


def inspect_file(
    path: str,
    target: str = "",
    *,
    name: str = "",
    drop: Sequence[str] = (),
    categorical: Sequence[str] = (),
    encoding: str = "",
) -> tuple[Entry, list[Column]]:
    """The entry that is proposed for a file, and what its columns look like.

    Columns that look like ids, have no value, or always the same one, are proposed to be dropped. Numbers stay numbers,
    unless `categorical` says otherwise: whole numbers of few values are pointed at.

    Parameters
    ----------
    path : str
    target : str
        Column of the labels; LIBSVM files have none, and npz files ``y``.
    name : str
        Of the dataset; by default the file's.
    drop, categorical : sequence of str
        Columns, beside those proposed.
    encoding : str
        Of a text file; empty for UTF-8.

    Raises
    ------
    DatasetError
        If the file can't be read, has no such column, or can't be used with these roles.
    """
    plugin = File(path=path, target=target, encoding=encoding or "utf-8")
    (place,) = plugin.files()
    found = read_file(place, target, plugin.encoding)
    if isinstance(found, Arrays):
        columns = _of_arrays(found, drop, categorical)
    else:
        found = found.set_axis([str(column) for column in found.columns], axis="columns")
        if target not in found.columns:
            raise DatasetError(_no_target(path, target, found))
        columns = _of_frame(found, target, drop, categorical)
        documents = next((column.name for column in columns if column.why == _DOCUMENTS), None)
        if documents is not None and {column.role for column in columns} == {"drop", "target"}:
            raise DatasetError(
                f"file {path!r} is one of texts, in the column {documents!r}. It needs no entry: name it in a grid "
                f"file as text_file: {{path: {path}, text: {documents}, target: {target}}}."
            )
    entry = Entry(
        name=name or plugin.dataset_name,
        kind="file",
        origin=str(place.absolute()),
        target=target,
        drop=tuple(dict.fromkeys([*drop, *(column.name for column in columns if column.role == "drop")])),
        categorical=tuple(categorical),
        encoding=encoding,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AlgridWarning)  # the columns say it
        data = entry.build().load()
    return replace(entry, rows=data.n_rows, features=data.n_features, classes=data.n_classes), columns


def _no_target(path: str, target: str, frame: pd.DataFrame) -> str:
    counts = {str(column): int(_countable(frame[column]).nunique()) for column in frame.columns}
    likely = [column for column, count in counts.items() if 2 <= count <= _MOST_CLASSES]
    likely.sort(key=lambda column: (column.lower() not in _TARGETS, -list(counts).index(column)))
    shown = ", ".join(f"{column} ({counts[column]} values)" for column in likely[:5])
    wrong = f"has no column {target!r}" if target else "needs a target, the column of the class labels"
    return f"file {path!r} {wrong}. Likely ones: {shown or 'none'}. All columns: {listed(counts)}."


def _of_frame(frame: pd.DataFrame, target: str, drop: Sequence[str], categorical: Sequence[str]) -> list[Column]:
    import pandas as pd

    given = {**dict.fromkeys(categorical, "categorical"), **dict.fromkeys(drop, "drop"), target: "target"}
    columns = []
    for name in frame.columns:
        series = simplified(frame[name])
        is_number = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
        present = series.dropna()
        other = None if is_number else next((value for value in present if not isinstance(value, _USABLE)), None)
        series, present = _countable(series), _countable(present)
        n_distinct = int(present.nunique())
        texts = [] if is_number else [str(value) for value in present.unique()]
        numbers = numbers_as_text(texts)
        codes = series.to_numpy(dtype=np.float64, na_value=np.nan) if is_number else pd.factorize(series)[0]
        is_id = bool(id_columns(np.asarray(codes, dtype=np.float64)[:, None], () if is_number else (0,))[0])
        whole = is_number and bool((present.astype(float) == np.floor(present.astype(float))).all())
        rules = (
            (n_distinct == 0, "drop", "no value"),
            (other is not None, "drop", f"neither numbers nor text ({type(other).__name__})"),
            (numbers is not None, "categorical", "; ".join(numbers or ())),
            (are_documents(texts), "drop", _DOCUMENTS),
            (is_id, "drop", "looks like an id"),
            (n_distinct == 1, "drop", "always the same value"),
            (not is_number, "categorical", "text or truth values"),
            (whole and n_distinct <= _CODES, "numeric", "whole numbers of few values: perhaps categories"),
            (True, "numeric", "numbers"),
        )
        role, why = next((role, why) for holds, role, why in rules if holds)
        if name in given:
            role, why = given[name], "as given"
        examples = tuple(str(value) for value in present.unique()[:3])
        columns.append(Column(name, role, why, n_distinct, int(frame[name].isna().sum()), examples))
    return columns


def _countable(series: pd.Series[Any]) -> pd.Series[Any]:
    """A column whose values can be compared: objects such as lists as their text, missing ones as they are."""
    return series.where(series.isna(), series.astype(str)) if series.dtype == object else series


def _of_arrays(found: Arrays, drop: Sequence[str], categorical: Sequence[str]) -> list[Column]:
    """Columns of a matrix: too many to look at each, all of them numbers."""
    categories = {*categorical, *found.categorical}
    return [
        Column(
            name,
            "drop" if name in drop else "categorical" if name in categories else "numeric",
            "as given" if name in {*drop, *categorical} else "numbers",
            0,
            0,
            (),
        )
        for name in found.names
    ]


def add_entry(entry: Entry, catalogue: Path | None = None) -> Path:
    """Write an entry into a catalogue, behind what is there; a catalogue that is not there is begun.

    Parameters
    ----------
    entry : Entry
    catalogue : Path, optional
        By default the user's own, in the data folder.

    Returns
    -------
    Path
        The catalogue.

    Raises
    ------
    GridError
        If the catalogue has such an entry, or mistakes.
    """
    path = catalogue or data_folder() / OWN
    before = path.read_text(encoding="utf-8-sig") if path.is_file() else "title: own datasets\n\ndatasets:\n"
    known = Catalogue.open(path).entries if path.is_file() else ()
    if any(other.name == entry.name for other in known):
        raise GridError(f"catalogue {str(path)!r} has a dataset {entry.name!r} already: give another name, or edit it.")
    text = before.rstrip("\n") + "\n" + _written(entry, path.absolute().parent)
    try:
        whole = Catalogue.from_yaml(text, path.name, path.parent).entries == (*known, entry)
    except GridError:
        whole = False
    if not whole:  # `datasets` is not the last key, or is written on one line
        data = load_yaml(before, path.name).data
        data["datasets"] = {**(data["datasets"] or {}), entry.name: _fields(entry, path.absolute().parent)}
        text = dump_yaml(data)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def _written(entry: Entry, folder: Path) -> str:
    text = dump_yaml({entry.name: _fields(entry, folder)})
    return "".join(f"  {line}\n" for line in text.splitlines())


def _fields(entry: Entry, folder: Path) -> dict[str, Any]:
    """What the catalogue says of an entry; a file in or below its folder by its relative path."""
    place = Path(str(entry.origin))
    inside = place.is_relative_to(folder)
    fields = {
        entry.kind: os.path.relpath(place, folder) if inside else str(place),
        "target": entry.target,
        "drop": list(entry.drop),
        "categorical": list(entry.categorical),
        "encoding": entry.encoding,
        "rows": entry.rows,
        "features": entry.features,
        "classes": entry.classes,
    }
    return {key: value for key, value in fields.items() if value not in ("", [], None)}
