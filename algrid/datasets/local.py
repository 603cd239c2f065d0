"""A file that the user puts into the data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from algrid.datasets._file_based import FileBased
from algrid.datasets.base import Dataset
from algrid.datasets.folders import data_folder
from algrid.datasets.formats import ENDINGS, format_of, read_file, stem_of
from algrid.errors import DatasetError

__all__ = ["Local"]


@dataclass(frozen=True, kw_only=True)
class Local(FileBased):
    """A dataset that can't be downloaded: a file of its name in the data folder, in any format of `file`.

    Parameters
    ----------
    file : str
        The file's name without its endings: ``dwtc`` of ``dwtc.csv`` or ``dwtc.svm.gz``.
    title : str
        Name of the dataset in tables and figures; by default the file's.
    target, categorical, drop, rows, features, classes
        As in `FileBased`.
    """

    name: ClassVar[str] = "local"
    source: ClassVar[str] = "the user's own file"
    licence: ClassVar[str] = "the file's own"

    file: Annotated[str, Field(min_length=1)]

    @property
    def dataset_name(self) -> str:
        """The title, or the file's name."""
        return self.title or self.file

    def files(self) -> tuple[Path, ...]:
        """The file, or nothing where there is none.

        Raises
        ------
        DatasetError
            If there are two.
        """
        folder = data_folder()
        names = [p.name for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
        found = sorted(name for name in names if stem_of(name) == self.file and format_of(name))
        if len(found) > 1:
            raise DatasetError(
                f"dataset {self.dataset_name!r} has several files in {folder}: {', '.join(found)}. Keep one."
            )
        return (folder / found[0],) if found else ()

    def _read(self) -> Dataset:
        files = self.files()
        if not files:
            raise DatasetError(
                f"dataset {self.dataset_name!r} has no file: algrid can't download it. Put it into {data_folder()} as "
                f"{self.file}.csv, or with another of the endings {', '.join(ENDINGS)}."
            )
        return self._dataset(read_file(files[0], self.target), f"file {str(files[0])!r}")
