"""Datasets kept on disk by content, to be mapped into memory: each process sees the same pages, and copies none.

A folder for each content hash, below the folder of caches: arrays as ``.npy`` (features as float32 where that loses
no bit), and the rest as JSON. It is written once, put in place by a rename, and believed only if its content has the
hash; anybody may delete it at any time.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from algrid.cache import cache_folder
from algrid.datasets.base import Dataset
from algrid.errors import DatasetError

__all__ = ["Receiver", "is_there", "mapped_dataset", "pieces", "put"]

_FACTS = "dataset.json"
_BLOCK = 16 * 2**20  # bytes that are converted or sent at once


def _folder(content: str) -> Path | None:
    base = cache_folder()
    return None if base is None else base / "datasets" / content


def is_there(content: str) -> bool:
    """Whether data of this hash are here (they may turn out to be damaged)."""
    folder = _folder(content)
    return folder is not None and (folder / _FACTS).is_file()


def put(dataset: Dataset) -> bool:
    """Keep a dataset, unless it is kept; False where that can't be done."""
    folder = _folder(dataset.content_hash)
    if folder is None:
        return False
    if is_there(dataset.content_hash):
        return True
    try:
        with _in_place(folder) as temporary:
            _write(temporary, dataset)
    except OSError:
        return False
    return is_there(dataset.content_hash)


def mapped_dataset(content: str, name: str) -> Dataset | None:
    """A kept dataset, under this name; None where there is none, or a damaged one, which is removed.

    Dense features are a read-only map of the file, as float32 where they were kept so (see `Dataset.widened`). Reading
    it all once, to see that it has the hash, brings no more than the pages that are shared.
    """
    folder = _folder(content)
    if folder is None or not is_there(content):
        return None
    try:
        dataset = _read(folder, name)
        whole = dataset.content_hash == content
    except (OSError, EOFError, ValueError, KeyError, TypeError, DatasetError):
        whole = False
    if not whole:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    return dataset


def pieces(content: str) -> Iterator[tuple[str, bytes]]:
    """The files of a kept dataset in pieces of some megabytes: names, and what follows in each; see `Receiver`."""
    folder = _folder(content)
    if folder is None:
        return
    for path in sorted(folder.iterdir(), key=lambda path: (path.name == _FACTS, path.name)):
        with path.open("rb") as file:
            while piece := file.read(_BLOCK):
                yield path.name, piece


class Receiver:
    """Takes the `pieces` of a dataset that was kept elsewhere, in order.

    Parameters
    ----------
    content : str
        Its hash.
    token : str
        Of this transfer: pieces of several that go on at once do not mix.
    """

    def __init__(self, content: str, token: str) -> None:
        self._content, self._folder = content, _folder(content)
        self._temporary = None if self._folder is None else self._folder.with_name(f".tmp-{token}")

    def take(self, name: str, piece: bytes) -> None:
        """Take a piece.

        Raises
        ------
        OSError
            If it can't be written.
        """
        if self._temporary is None:
            raise OSError("there is no folder for caches")
        self._temporary.mkdir(parents=True, exist_ok=True)
        with (self._temporary / name).open("ab") as file:
            file.write(piece)

    def finish(self) -> None:
        """Put the dataset in place."""
        if self._temporary is not None and self._folder is not None:
            _rename(self._temporary, self._folder)


@contextlib.contextmanager
def _in_place(folder: Path) -> Iterator[Path]:
    temporary = folder.with_name(f".tmp-{secrets.token_hex(8)}")
    temporary.mkdir(parents=True)
    try:
        yield temporary
        _rename(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _rename(temporary: Path, folder: Path) -> None:
    with contextlib.suppress(OSError):  # another process was faster: its content is the same
        temporary.rename(folder)
    shutil.rmtree(temporary, ignore_errors=True)


def _write(folder: Path, dataset: Dataset) -> None:
    np.save(folder / "y.npy", dataset.y)
    if dataset.test_rows is not None:
        np.save(folder / "test_rows.npy", dataset.test_rows)
    if dataset.documents is not None:
        (folder / "documents.json").write_text(json.dumps(dataset.documents), encoding="utf-8")
    elif sp.issparse(dataset.X):
        _save(folder / "data.npy", dataset.X.data)
        np.save(folder / "indices.npy", dataset.X.indices)
        np.save(folder / "indptr.npy", dataset.X.indptr)
    else:
        _save(folder / "X.npy", dataset.X)
    facts = {
        "shape": [dataset.n_rows, dataset.n_features],
        "class_names": dataset.class_names,
        "categorical": [int(position) for position in dataset.categorical],
        "feature_names": dataset.feature_names,
    }
    (folder / _FACTS).write_text(json.dumps(facts), encoding="utf-8")


def _save(path: Path, values: NDArray[np.floating[Any]]) -> None:
    """Write an array, block by block, as float32 where every value survives that."""
    narrow = all(_survives(block) for _, block in _blocks(values))
    file = np.lib.format.open_memmap(path, "w+", np.float32 if narrow else np.float64, values.shape)
    for start, block in _blocks(values):
        file[start : start + len(block)] = block
    file.flush()


def _survives(block: NDArray[np.floating[Any]]) -> bool:
    with np.errstate(over="ignore"):
        again = block.astype(np.float32).astype(np.float64)
    return bool(((again == block) | np.isnan(block)).all())


def _blocks(values: NDArray[np.floating[Any]]) -> Iterator[tuple[int, NDArray[np.floating[Any]]]]:
    rows = max(1, _BLOCK // max(1, values[:1].nbytes))
    for start in range(0, len(values), rows):
        yield start, values[start : start + rows]


def _read(folder: Path, name: str) -> Dataset:
    facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))

    def mapped(part: str) -> Any:
        return np.load(folder / part, mmap_mode="r")

    documents = None
    if (folder / "documents.json").exists():
        documents = tuple(json.loads((folder / "documents.json").read_text(encoding="utf-8")))
        X: Any = np.empty(facts["shape"])
    elif (folder / "X.npy").exists():
        X = mapped("X.npy")
    else:
        X = sp.csr_matrix((mapped("data.npy"), mapped("indices.npy"), mapped("indptr.npy")), facts["shape"], copy=False)
    return Dataset(
        name,
        X,
        np.load(folder / "y.npy"),
        tuple(facts["class_names"]),
        tuple(facts["categorical"]),
        tuple(facts["feature_names"]),
        documents=documents,
        test_rows=np.load(folder / "test_rows.npy") if (folder / "test_rows.npy").exists() else None,
    )
