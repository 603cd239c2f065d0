"""ARFF, as Weka and OpenML write it: dense and sparse, with quoted names and values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from algrid.datasets.formats.files import Arrays, exact_numbers
from algrid.errors import DatasetError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read"]

#: Sparse data of at most so many cells become a table like dense ones.
_DENSE_CELLS = 2_000_000

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_VALUE = re.compile(rf"\s*({_QUOTED}|(?!['\"])[^,]*?)\s*(,|$)")
_ATTRIBUTE = re.compile(rf"@attribute\s+({_QUOTED}|[^\s{{]+)\s*(.*)", re.IGNORECASE | re.DOTALL)
_ENTRY = re.compile(rf"\s*(\d+)\s+({_QUOTED}|[^,\s]+)\s*(,|$)")
_NUMERIC = {"numeric", "real", "integer"}


@dataclass(frozen=True)
class _Attribute:
    """A column: its name, and its categories where it is nominal; `kind` is "number", "nominal" or "text"."""

    name: str
    kind: str
    categories: tuple[str, ...] = ()


def read(path: Path, target: str, encoding: str) -> pd.DataFrame | Arrays:
    """The table, nominal columns as text; wide sparse data as `Arrays`."""
    try:
        return _read(path, target, "utf-8" if encoding == "auto" else encoding)
    except UnicodeDecodeError:  # Weka and older OpenML files have no encoding of their own; every byte is Latin-1
        return _read(path, target, "latin-1")


def _read(path: Path, target: str, encoding: str) -> pd.DataFrame | Arrays:
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline=None) as file:
        attributes, n_lines = _header(file, path)
        names = [attribute.name for attribute in attributes]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise DatasetError(f"file {str(path)!r} has two columns called {repeated[0]!r}. Rename or remove one.")
        start = file.tell()
        traits = _traits(file)
        if not traits["rows"]:
            raise DatasetError(f"file {str(path)!r} has no rows, only the columns {', '.join(names)}.")
        if traits["sparse"]:
            file.seek(start)
            return _sparse(_data_lines(file, n_lines), attributes, target, path)
        file.seek(start)
        if traits["special"]:
            return _quoted(_data_lines(file, n_lines), attributes, path)
        frame = _plain(file, attributes)
        last = frame.iloc[:, -1]
        if (last.isna() | (last == "")).any():  # a line that lacks values looks as if its last ones were missing
            file.seek(start)
            _check_widths(_data_lines(file, n_lines), len(attributes), path)
        return frame


def _header(file: IO[str], path: Path) -> tuple[list[_Attribute], int]:
    """The columns, and the number of lines up to the data."""
    attributes: list[_Attribute] = []
    for number, line in enumerate(iter(file.readline, ""), start=1):
        text = line.strip()
        keyword = text.partition(" ")[0].partition("\t")[0].lower()
        if keyword == "@data":
            if not attributes:
                raise DatasetError(f"file {str(path)!r} is no ARFF: @data comes before any @attribute.")
            return attributes, number
        if keyword == "@attribute":
            attributes.append(_attribute(text, path, number))
        elif text and not text.startswith("%") and keyword != "@relation":
            raise DatasetError(f"file {str(path)!r} is no ARFF: line {number} of its header is {text[:60]!r}.")
    raise DatasetError(f"file {str(path)!r} is no whole ARFF: it ends before @data.")


def _attribute(text: str, path: Path, number: int) -> _Attribute:
    match = _ATTRIBUTE.match(text)
    if match is None:
        raise DatasetError(f"file {str(path)!r}, line {number}: {text[:60]!r} is no attribute.")
    name, kind = _unquoted(match[1]), match[2].strip()
    if kind.startswith("{"):
        return _Attribute(name, "nominal", tuple(_values(kind[1 : kind.rfind("}")])))
    return _Attribute(name, "number" if kind.partition(" ")[0].lower() in _NUMERIC else "text")


def _traits(file: IO[str]) -> dict[str, bool]:
    """Whether there are rows, whether they are sparse, and whether quotes or comments need a careful reader."""
    found = {"rows": False, "sparse": False, "special": False}
    for block in iter(lambda: file.read(1 << 20), ""):
        if not found["rows"]:
            first = next((line for line in block.splitlines() if line.strip() and line.strip()[0] != "%"), "")
            found["rows"], found["sparse"] = bool(first), first.lstrip().startswith("{")
        found["special"] = found["special"] or any(character in block for character in "'\"%\\")
    return found


def _data_lines(file: IO[str], number: int) -> Iterator[tuple[int, str]]:
    for line_number, line in enumerate(file, start=number + 1):
        text = line.strip()
        if text and not text.startswith("%"):
            yield line_number, text


def _plain(file: IO[str], attributes: list[_Attribute]) -> pd.DataFrame:
    """Data without quotes and comments: pandas' parser is fast."""
    import pandas as pd

    frame: pd.DataFrame = pd.read_csv(
        file,
        header=None,
        names=list(range(len(attributes))),
        na_values=["?"],
        keep_default_na=False,
        skipinitialspace=True,
        index_col=False,
        dtype={i: np.float64 if a.kind == "number" else str for i, a in enumerate(attributes)},
        on_bad_lines="error",
        **exact_numbers(),
    )
    for i, attribute in enumerate(attributes):
        if attribute.kind != "number":
            frame[i] = frame[i].str.strip()
    return frame.set_axis([attribute.name for attribute in attributes], axis="columns")


def _check_widths(lines: Iterator[tuple[int, str]], width: int, path: Path) -> None:
    for number, line in lines:
        if line.count(",") + 1 != width:
            raise DatasetError(_width_message(path, number, line.count(",") + 1, width))


def _width_message(path: Path, number: int, found: int, width: int) -> str:
    return f"file {str(path)!r}, line {number}: {found} values where the header declares {width} columns."


def _quoted(lines: Iterator[tuple[int, str]], attributes: list[_Attribute], path: Path) -> pd.DataFrame:
    """Data with quotes or comments, value by value."""
    import pandas as pd

    columns: list[list[Any]] = [[] for _ in attributes]
    for number, line in lines:
        values = list(_values(line, keep_missing=True))
        if len(values) != len(attributes):
            raise DatasetError(_width_message(path, number, len(values), len(attributes)))
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    made = {}
    for i, (attribute, column) in enumerate(zip(attributes, columns, strict=True)):
        if attribute.kind == "number":
            made[i] = pd.Series([np.nan if value is None else _number(value, attribute, path) for value in column])
        else:
            made[i] = pd.Series(column, dtype=object)
    return pd.DataFrame(made).set_axis([attribute.name for attribute in attributes], axis="columns")


def _sparse(
    lines: Iterator[tuple[int, str]], attributes: list[_Attribute], target: str, path: Path
) -> pd.DataFrame | Arrays:
    """Lines of ``{index value, ...}``; what is not there is 0, or the first category."""
    data: list[float] = []
    indices: list[int] = []
    indptr = [0]
    codes = [{value: float(code) for code, value in enumerate(a.categories)} for a in attributes]
    for number, line in lines:
        if not (line.startswith("{") and line.endswith("}")):
            raise DatasetError(f"file {str(path)!r}, line {number}: {line[:60]!r} is not sparse as the lines before.")
        for index, value in _entries(line[1:-1], path, number):
            if index >= len(attributes):
                raise DatasetError(f"file {str(path)!r}, line {number}: there is no column {index} (from 0).")
            indices.append(index)
            data.append(np.nan if value is None else _coded(value, attributes[index], codes[index], path))
        indptr.append(len(indices))
    matrix = sp.csr_matrix((data, indices, indptr), shape=(len(indptr) - 1, len(attributes)), dtype=np.float64)
    if matrix.shape[0] * matrix.shape[1] <= _DENSE_CELLS:
        return _as_table(matrix.toarray(), attributes)
    names = [attribute.name for attribute in attributes]
    if target not in names:
        raise DatasetError(f"file {str(path)!r} has no target {target!r}: one of its {len(names)} columns is needed.")
    at = names.index(target)
    kept = [i for i in range(len(names)) if i != at]
    y = _as_table(matrix[:, [at]].toarray(), [attributes[at]])[target].to_numpy()
    nominal = tuple(names[i] for i in kept if attributes[i].kind != "number")
    return Arrays(matrix[:, kept], y, tuple(names[i] for i in kept), nominal)


def _as_table(values: np.ndarray[Any, Any], attributes: list[_Attribute]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(values)
    for i, attribute in enumerate(attributes):
        if attribute.kind == "nominal":
            categories = np.array([*attribute.categories, None], dtype=object)
            codes = np.where(np.isnan(values[:, i]), len(attribute.categories), values[:, i])
            frame[i] = pd.Series(categories[codes.astype(np.intp)], dtype=object)
    return frame.set_axis([attribute.name for attribute in attributes], axis="columns")


def _entries(text: str, path: Path, number: int) -> Iterator[tuple[int, str | None]]:
    position = 0
    while position < len(text.rstrip()):
        match = _ENTRY.match(text, position)
        if match is None:
            raise DatasetError(f"file {str(path)!r}, line {number}: {text[position:][:60]!r} is no 'index value'.")
        yield int(match[1]), None if match[2] == "?" else _unquoted(match[2])
        position = match.end()


def _coded(value: str, attribute: _Attribute, codes: dict[str, float], path: Path) -> float:
    if attribute.kind == "number":
        return _number(value, attribute, path)
    if value not in codes:
        raise DatasetError(f"file {str(path)!r}: {value!r} is no category that its column {attribute.name!r} declares.")
    return codes[value]


def _number(value: str, attribute: _Attribute, path: Path) -> float:
    try:
        return float(value)
    except ValueError:
        raise DatasetError(
            f"file {str(path)!r}: {value!r} is no number, as its column {attribute.name!r} is."
        ) from None


def _values(text: str, *, keep_missing: bool = False) -> Iterator[Any]:
    """The values between commas; None for ``?`` where that is asked for."""
    position = 0
    while True:
        match = _VALUE.match(text, position)
        if match is None:  # something follows a closing quote
            raise ValueError(f"{text[position:][:60]!r} is no list of values")
        yield None if keep_missing and match[1] == "?" else _unquoted(match[1])
        position = match.end()
        if not match[2]:
            return


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text
