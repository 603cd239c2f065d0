"""Datasets of OpenML, from the data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from algrid.datasets._file_based import FileBased
from algrid.datasets.base import Dataset
from algrid.datasets.formats import Arrays, read_file
from algrid.datasets.openml_cache import DESCRIPTION, Description, description_in, file_in, folder_of
from algrid.errors import DatasetError

__all__ = ["OpenML"]


@dataclass(frozen=True, kw_only=True)
class OpenML(FileBased):
    """A dataset of OpenML by its id, as `algrid datasets fetch` put it into the data folder.

    Nothing is downloaded while a grid is planned or run. Columns that OpenML declares to be ids, or to be ignored,
    are left out; nominal columns are categorical.

    Parameters
    ----------
    data_id : int
        The number in the dataset's address, which stands for one version of it.
    target : str
        Column of the class labels; by default the one that OpenML declares.
    title : str
        Name of the dataset in tables and figures; by default ``openml_`` and the id.
    categorical, drop : tuple of str
        As in `FileBased`.
    rows, features, classes : int, optional
        What is expected. Other rows or classes are an error, as the data of an id never change.
    """

    name: ClassVar[str] = "openml"
    source: ClassVar[str] = "Vanschoren et al. (2014), OpenML: networked science in machine learning; openml.org"
    licence: ClassVar[str] = "the dataset's own"
    strict: ClassVar[bool] = True

    data_id: Annotated[int, Field(ge=1)]

    @property
    def dataset_name(self) -> str:
        """The title, or the id."""
        return self.title or f"openml_{self.data_id}"

    def files(self) -> tuple[Path, ...]:
        """The data and their description, or nothing where they were not fetched."""
        folder = folder_of(self.data_id)
        data = file_in(folder)
        description = folder / DESCRIPTION
        return () if data is None else (data, description) if description.is_file() else (data,)

    def _read(self) -> Dataset:
        folder = folder_of(self.data_id)
        path = file_in(folder)
        if path is None:
            raise DatasetError(
                f"dataset {self.dataset_name!r} (OpenML {self.data_id}) was not fetched. Where there is a network: "
                f"algrid datasets fetch openml:{self.data_id}. Where there is none: copy the folder {folder} from a "
                "machine that has it, or put the dataset's file there as dataset.arff or dataset.parquet; or write an "
                "entry of your own, file: {path: ..., target: ...}."
            )
        description = description_in(folder) or Description()
        found = read_file(path, self.target or description.target)
        columns = set(found.names if isinstance(found, Arrays) else found.columns)
        ids = [column for column in description.ids if column in columns]
        return self._dataset(found, f"file {str(path)!r}", drop=ids, target=description.target)
