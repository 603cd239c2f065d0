"""Datasets that were given as objects: kept in the data folder by their content, so that workers can load them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import scipy.sparse as sp
from pydantic import Field

from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.datasets.folders import data_folder, replacing
from algrid.errors import DatasetError

__all__ = ["Kept", "keep"]

_CSR = ("data", "indices", "indptr", "shape")


@dataclass(frozen=True, kw_only=True)
class Kept(DatasetPlugin):
    """A dataset that a notebook made and gave to a grid, `ag.Dataset.from_frame(...)` among its datasets.

    It is in ``kept/`` of the data folder, as a file that is named after its content.

    Parameters
    ----------
    content : str
        The content hash.
    title : str
        Name of the dataset in tables and figures; by default the beginning of the hash.
    """

    name: ClassVar[str] = "kept"
    source: ClassVar[str] = "the user's own object"
    licence: ClassVar[str] = "the data's own"

    content: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    title: str = ""

    @property
    def dataset_name(self) -> str:
        """The title, or the beginning of the hash."""
        return self.title or self.content[:8]

    @property
    def label(self) -> str:
        """The dataset's name."""
        return self.dataset_name

    def identity(self) -> dict[str, Any]:
        """Name, version and content."""
        return {"name": self.name, "version": self.version, "content": self.content}

    def state(self) -> list[int]:
        """Size and time of change of the file."""
        state = self._file().stat()
        return [state.st_size, state.st_mtime_ns]

    def load(self) -> Dataset:
        """Read it.

        Raises
        ------
        DatasetError
            If it is not there any more, or damaged.
        """
        path = self._file()
        try:
            with np.load(path, allow_pickle=False) as found:
                data = _dataset(self.dataset_name, {name: found[name] for name in found.files})
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise DatasetError(f"file {str(path)!r} is damaged ({error}): give the data to the grid again.") from error
        if data.content_hash != self.content:
            raise DatasetError(f"file {str(path)!r} holds other data than its name says: give them to the grid again.")
        return data

    def _file(self) -> Path:
        path = _place(self.content)
        if not path.is_file():
            raise DatasetError(
                f"dataset {self.dataset_name!r} was given to a grid as an object and is not in {path.parent} any more: "
                "give it again, or set ALGRID_DATA to the folder of that time."
            )
        return path


def keep(dataset: Dataset) -> Kept:
    """Write a dataset into the data folder, unless it is there.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Kept
        The level that stands for it.
    """
    path = _place(dataset.content_hash)
    if not path.is_file():
        with replacing(path) as temporary:
            np.savez(temporary, **_arrays(dataset))
    return Kept(content=dataset.content_hash, title=dataset.name)


def _place(content: str) -> Path:
    return data_folder() / "kept" / f"{content}.npz"


def _arrays(dataset: Dataset) -> dict[str, Any]:
    X = dataset.X
    features: dict[str, Any] = {f"X_{part}": getattr(X, part) for part in _CSR} if sp.issparse(X) else {"X": X}
    if dataset.documents is not None:
        encoded = [document.encode("utf-8", "surrogatepass") for document in dataset.documents]
        features["lengths"] = np.array([len(text) for text in encoded], dtype=np.int64)
        features["documents"] = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    if dataset.test_rows is not None:
        features["test_rows"] = dataset.test_rows
    return {
        **features,
        "y": dataset.y,
        "class_names": np.array(dataset.class_names, dtype=np.str_),
        "categorical": np.array(dataset.categorical, dtype=np.intp),
        "feature_names": np.array(dataset.feature_names, dtype=np.str_),
    }


def _dataset(name: str, found: dict[str, Any]) -> Dataset:
    if "X" in found:
        X = found["X"]
    else:
        data, indices, indptr, shape = (found[f"X_{part}"] for part in _CSR)
        X = sp.csr_matrix((data, indices, indptr), shape=(int(shape[0]), int(shape[1])))
    return Dataset(
        name,
        X,
        found["y"],
        tuple(found["class_names"].tolist()),
        tuple(found["categorical"].tolist()),
        tuple(found["feature_names"].tolist()),
        documents=_documents(found) if "lengths" in found else None,
        test_rows=found.get("test_rows"),
    )


def _documents(found: dict[str, Any]) -> tuple[str, ...]:
    content, ends = found["documents"].tobytes(), np.cumsum(found["lengths"]).tolist()
    starts = [0, *ends[:-1]]
    return tuple(content[a:b].decode("utf-8", "surrogatepass") for a, b in zip(starts, ends, strict=True))
