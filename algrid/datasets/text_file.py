"""A user's own file of documents as a dataset."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from algrid.datasets._encodings import decoded
from algrid.datasets._files import existing_file, file_state
from algrid.datasets._frame import require_columns
from algrid.datasets._text import is_empty
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.datasets.formats import read_file
from algrid.datasets.formats.compression import COMPRESSIONS, decompressed, plain_name
from algrid.errors import DatasetError

__all__ = ["TextFile"]

#: Two columns of a file: documents and labels.
_Columns = tuple[list[Any], list[Any]]


@dataclass(frozen=True)
class TextFile(DatasetPlugin):
    """A local file of documents: CSV, JSON lines, Parquet or ``label text`` lines, told by its ending.

    - ``.csv``, ``.tsv``: a header line, separated by comma, semicolon or tab, quoted where a text has line breaks.
    - ``.jsonl``, ``.ndjson``: an object a line.
    - ``.parquet``, ``.pq``: flat columns.
    - ``.txt``, ``.text``: ``label text`` a line, a label without spaces; blank lines are left out.
    - any of them followed by ``.gz``, ``.bz2``, ``.xz``, or in a ``.zip`` that holds one such file.

    Classes are the labels in sorted order. The data's content alone is part of a run's identity, with the published
    split where there is one; files may be moved or converted.

    Parameters
    ----------
    path : str
        Relative paths start at the folder in which algrid runs.
    test_path : str, optional
        A second file of the same kind: the published test part. ``splits: {kind: published}`` then has `path` for the
        pool; other kinds split all documents anew.
    text : str
        Column of the documents (``.txt`` files have none).
    target : str
        Column of the labels (``.txt`` files have none).
    title : str
        Name of the dataset in tables and figures; by default the file's name without its ending.
    encoding : str
        A name that Python knows, or ``auto``: a byte order mark, else UTF-8, else Latin-1.
    empty : str
        What becomes of documents without text: ``error``, or ``drop`` (they are left out).
    """

    name: ClassVar[str] = "text_file"
    source: ClassVar[str] = "the user's own file"
    licence: ClassVar[str] = "the file's own"

    path: Annotated[str, Field(min_length=1)]
    test_path: str | None = None
    text: str = "text"
    target: str = "label"
    title: str = ""
    encoding: str = "auto"
    empty: Literal["error", "drop"] = "error"

    @property
    def dataset_name(self) -> str:
        """The title, or the file's name without its ending."""
        if self.title:
            return self.title
        plain = Path(plain_name(self.path))
        return plain.stem if plain.suffix.lower() in _READERS else plain.name

    @property
    def label(self) -> str:
        """The dataset's name: one file is one dataset."""
        return self.dataset_name

    def identity(self) -> dict[str, Any]:
        """Name, version and the hash of the content; neither path nor title."""
        return {"name": self.name, "version": self.version, "content": self.facts().content_hash}

    def state(self) -> Any:
        """The files'."""
        return [file_state(existing_file(path)) for path in self._paths()]

    def load(self) -> Dataset:
        """Read the file, or both.

        Raises
        ------
        DatasetError
            If one is absent, empty, not of its kind, not in the encoding, or holds what can't be used.
        """
        parts = [self._read(path) for path in self._paths()]
        documents = [document for texts, _ in parts for document in texts]
        labels = [label for _, column in parts for label in column]
        n_pool = len(parts[0][0])
        test_rows = np.arange(n_pool, len(documents)) if self.test_path else None
        return Dataset.from_texts(documents, labels, name=self.dataset_name, test_rows=test_rows)

    def _paths(self) -> list[str]:
        return [self.path, self.test_path] if self.test_path else [self.path]

    def _read(self, path: str) -> _Columns:
        with decompressed(existing_file(path), tuple(_READERS)) as file:
            if (read := _READERS.get(file.suffix.lower())) is None:
                raise DatasetError(
                    f"file of texts {path!r} has the ending {file.suffix!r}; known are {', '.join(_READERS)}, each "
                    f"also followed by {', '.join(COMPRESSIONS)}."
                )
            texts, labels = read(self, file)
        if not texts:
            raise DatasetError(f"file {path!r} has no documents.")
        if self.empty == "drop":
            kept = [row for row, document in enumerate(texts) if not is_empty(document)]
            return [texts[row] for row in kept], [labels[row] for row in kept]
        return texts, labels

    def decoded(self, file: Path) -> str:
        """The text of a file, in its encoding."""
        return decoded(file.read_bytes(), self.encoding, str(file))

    def column_names(self, names: list[str]) -> tuple[str, str]:
        """Both columns' names, which have to be among these."""
        name = self.dataset_name
        repeated = next((column for column in names if names.count(column) > 1), None)
        if repeated is not None:
            raise DatasetError(f"dataset {name!r} has two columns called {repeated!r}. Rename or remove one.")
        require_columns([self.text], names, name=name, role="column of texts", cure=" Name it with `text: ...`.")
        require_columns([self.target], names, name=name, role="target", cure=" Name it with `target: ...`.")
        return self.text, self.target


def _lines(plugin: TextFile, file: Path) -> _Columns:
    texts, labels = [], []
    for number, line in enumerate(plugin.decoded(file).split("\n"), 1):
        label, *text = line.split(maxsplit=1) or [""]
        if not (text or plugin.empty == "drop" or not label):
            raise DatasetError(
                f"line {number} of file {str(file)!r} is {line!r}: it has to be `label text` "
                "(`empty: drop` leaves out what has no text)."
            )
        if text:
            texts.append(text[0].rstrip())
            labels.append(label)
    return texts, labels


def _table(plugin: TextFile, file: Path) -> _Columns:
    content = plugin.decoded(file)
    header = content.partition("\n")[0]
    csv.field_size_limit(max(csv.field_size_limit(), len(content)))  # the default refuses texts above 128 KiB
    reader = csv.DictReader(io.StringIO(content, newline=""), delimiter=max(",;\t", key=header.count))
    text, target = plugin.column_names(list(reader.fieldnames or ()))
    texts, labels = [], []
    for row in reader:
        if None in row or None in row.values():
            raise DatasetError(
                f"line {reader.line_num} of file {str(file)!r} has not the {len(reader.fieldnames or ())} values that "
                "the header names: quote texts that hold the separator or line breaks."
            )
        texts.append(row[text])
        labels.append(row[target])
    return texts, labels


def _json_lines(plugin: TextFile, file: Path) -> _Columns:
    texts, labels = [], []
    for number, line in enumerate(plugin.decoded(file).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DatasetError(f"line {number} of file {str(file)!r} is no JSON: {error}.") from error
        if not isinstance(row, dict):
            raise DatasetError(f"line {number} of file {str(file)!r} is no JSON object: {line[:60]!r}.")
        text, target = plugin.column_names(list(row))
        texts.append(row[text])
        labels.append(row[target])
    return texts, labels


def _parquet(plugin: TextFile, file: Path) -> _Columns:
    frame: Any = read_file(file, plugin.target)
    text, target = plugin.column_names(list(frame.columns))
    return frame[text].tolist(), frame[target].tolist()


_READERS: dict[str, Callable[[TextFile, Path], _Columns]] = {
    ".csv": _table,
    ".tsv": _table,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
    ".pq": _parquet,
    ".txt": _lines,
    ".text": _lines,
}
