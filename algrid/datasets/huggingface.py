"""Datasets of texts from the Hugging Face hub, or from a folder that has the layout of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from algrid.datasets._frame import require_columns
from algrid.datasets._text import is_empty
from algrid.datasets.base import Dataset, DatasetPlugin
from algrid.errors import DatasetError, in_one_line, unknown_name

__all__ = ["HuggingFace"]


@dataclass(frozen=True)
class HuggingFace(DatasetPlugin):
    """A dataset of texts by its name on the Hugging Face hub: from the local cache, else over the network.

    Needs the extra ``text``. With ``HF_HUB_OFFLINE=1`` only the cache is looked at. The data's content alone is part
    of a run's identity: the same texts from a file are the same dataset, if it is called the same.

    Parameters
    ----------
    repository : str
        Name on the hub (``ag_news``, ``owner/name``), or a local folder of CSV, JSON lines or Parquet files.
    configuration : str
        Which of the repository's configurations (``subset``), where it has several.
    pool : str
        The split that the pool is taken from.
    test : str
        The split that is the published test part (``splits: {kind: published}``); empty for none.
    text : str
        Column of the documents.
    target : str
        Column of the labels; names of classes are taken where the repository knows them.
    title : str
        Name of the dataset in tables and figures; by default the repository's, without its owner.
    revision : str
        Commit, tag or branch of the repository.
    drop_empty : bool
        Leave documents without text out, instead of refusing them.
    """

    name: ClassVar[str] = "huggingface"
    source: ClassVar[str] = "https://huggingface.co/datasets"
    licence: ClassVar[str] = "the repository's own"

    repository: Annotated[str, Field(min_length=1)]
    configuration: str = ""
    pool: str = "train"
    test: str = "test"
    text: str = "text"
    target: str = "label"
    title: str = ""
    revision: str = ""
    drop_empty: bool = False

    @property
    def dataset_name(self) -> str:
        """The title, or the repository's name without its owner."""
        return self.title or self.repository.rstrip("/").rpartition("/")[2]

    @property
    def label(self) -> str:
        """The dataset's name."""
        return self.dataset_name

    def identity(self) -> dict[str, Any]:
        """Name, version and the hash of the content; not where it came from."""
        return {"name": self.name, "version": self.version, "content": self.facts().content_hash}

    def load(self) -> Dataset:
        """Load the splits.

        Raises
        ------
        DatasetError
            If they are neither cached nor to be had, or hold what can't be used.
        """
        parts = [self._part(split) for split in (self.pool, self.test) if split]
        documents = [document for texts, _ in parts for document in texts]
        labels = [label for _, column in parts for label in column]
        test_rows = np.arange(len(parts[0][0]), len(documents)) if self.test else None
        return Dataset.from_texts(documents, labels, name=self.dataset_name, test_rows=test_rows)

    def _part(self, split: str) -> tuple[list[Any], list[Any]]:
        table = self._splits()
        if split not in table:
            found = unknown_name(f"split of {self.repository!r}", split, map(str, table))
            raise DatasetError(f"{found} Name it with `pool: ...` or `test: ...`; `test: ''` takes none.")
        part = table[split]
        require_columns(
            [self.text],
            part.column_names,
            name=self.dataset_name,
            role="column of texts",
            cure=" Name it with `text: ...`.",
        )
        require_columns(
            [self.target], part.column_names, name=self.dataset_name, role="target", cure=" Name it with `target: ...`."
        )
        texts, labels = list(part[self.text]), list(part[self.target])
        names = getattr(part.features[self.target], "names", None)
        if names is not None:
            if min(labels) < 0:  # how the hub says that labels are withheld
                raise DatasetError(
                    f"split {split!r} of {self.repository!r} has no labels. Leave it out: `test: ''` splits the pool."
                )
            labels = [names[code] for code in labels]
        kept = [row for row, text in enumerate(texts) if not (self.drop_empty and is_empty(text))]
        return [texts[row] for row in kept], [labels[row] for row in kept]

    def _splits(self) -> Any:
        try:
            import datasets
        except ImportError as error:
            raise DatasetError(
                f"dataset {self.repository!r} needs the package `datasets`: pip install 'algrid[text]'."
            ) from error
        try:
            return datasets.load_dataset(
                self.repository, self.configuration or None, revision=self.revision or None, trust_remote_code=False
            )
        except Exception as error:  # the hub's clients raise dozens of kinds
            if Path(self.repository).is_dir():
                raise DatasetError(
                    f"the folder {self.repository!r} can't be loaded: it needs CSV, JSON lines or Parquet files called "
                    f"after their splits, such as train.csv and test.csv. ({in_one_line(error)})"
                ) from error
            offline = "the hub is switched off (HF_HUB_OFFLINE, HF_DATASETS_OFFLINE)"
            hub = offline if datasets.config.HF_HUB_OFFLINE else "the hub gave no answer, or has none of that name"
            raise DatasetError(
                f"dataset {self.repository!r} can't be loaded: it is no folder, it is not in the cache "
                f"{datasets.config.HF_DATASETS_CACHE}, and {hub}. Ways to provide it: a folder of its files for "
                "`repository`; a file of yours with `text_file: {path: ...}`; the cache of a machine that has it (set "
                f"HF_HOME); or the network, with HF_HUB_OFFLINE unset. ({in_one_line(error)})"
            ) from error
