"""Texts as the embeddings of a pretrained transformer that stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from algrid.cache import made_once
from algrid.datasets.base import Dataset, Features
from algrid.errors import DatasetError
from algrid.identity import content_key
from algrid.preprocessing._pretrained import PretrainedRepresentation
from algrid.preprocessing._texts import documents_of
from algrid.preprocessing.base import Described

__all__ = ["Embedding"]

#: What the numbers of an embedding depend on beside documents, model and parameters.
_PACKAGES = ("torch", "transformers", "tokenizers")


@dataclass(frozen=True)
class Embedding(PretrainedRepresentation):
    """Mean over a text's tokens of the last layer's states of a frozen transformer.

    Embeddings are computed once for a dataset, model and `max_length`, whichever process comes first, and kept in the
    cache; all splits and runs read them from there. Texts are embedded in batches of like length: which texts are in a
    batch changes the last digits, but it is always the whole dataset. On a CPU, with one thread, they are the same to
    the last bit wherever packages and processor are; a GPU's are kept apart from a CPU's.

    Parameters
    ----------
    model, max_length, revision
        As in `PretrainedRepresentation`.
    scaling : {"standard", "unit", "none"}
        ``standard``: every dimension with mean 0 and deviation 1 in the pool; ``unit``: every text with length 1.
    device : {"auto", "cpu", "cuda"}
        Where they are computed; ``auto`` is a GPU if there is one. Not a part of a run's identity: the results'
        provenance says where it was.
    """

    name: ClassVar[str] = "embedding"
    source: ClassVar[str] = "Reimers & Gurevych, Sentence-BERT, EMNLP 2019 (mean pooling)"

    scaling: Literal["standard", "unit", "none"] = "standard"
    device: Literal["auto", "cpu", "cuda"] = field(default="auto", repr=False)

    def identity(self) -> dict[str, Any]:
        """Without the device."""
        identity = super().identity()
        identity["parameters"].pop("device")
        return identity

    def width(self, dataset: Described) -> int:  # noqa: ARG002
        """The model's dimensions."""
        return self.pretrained.dimensions

    def computes_on(self) -> str:
        """``cpu`` or ``cuda``, and which one: for the provenance."""
        from algrid.pretrained.devices import device_name

        return device_name(self.device)

    def prepare(
        self, dataset: Dataset, pool_rows: NDArray[np.intp], test_rows: NDArray[np.intp]
    ) -> tuple[Features, Features]:
        """(n_pool, n_dimensions), (n_test, n_dimensions).

        Raises
        ------
        ModelError
            If the model is not there, or does not fit its tokenizer.
        DatasetError
            If the model gives numbers that are not finite.
        """
        embeddings = self.of(dataset)
        pool, test = (np.ascontiguousarray(embeddings[rows], dtype=np.float64) for rows in (pool_rows, test_rows))
        if self.scaling == "standard":
            from sklearn.preprocessing import StandardScaler

            scaler = StandardScaler().fit(pool)
            return scaler.transform(pool), scaler.transform(test)
        if self.scaling == "unit":
            from sklearn.preprocessing import normalize

            return normalize(pool), normalize(test)
        return pool, test

    @property
    def wants_gpu(self) -> bool:
        """Unless it is for the CPU."""
        return self.device != "cpu"

    def ahead(self, dataset_hash: str, load: Callable[[], Dataset]) -> None:
        """Compute and keep the embeddings, where they are not kept yet."""
        self._kept(dataset_hash, load)

    def of(self, dataset: Dataset) -> NDArray[np.float32]:
        """(n_rows, n_dimensions) embeddings of a whole dataset, in memory that all processes share; read-only."""
        found: NDArray[np.float32] = np.load(self._kept(dataset.content_hash, lambda: dataset), mmap_mode="r")
        return found

    def _kept(self, dataset_hash: str, load: Callable[[], Dataset]) -> Path:
        """The file of the embeddings."""
        model, where = self.pretrained, self.computes_on()
        packages = {name: version(name) for name in _PACKAGES}
        key = content_key([dataset_hash, model.content_hash, self.max_length, where, packages, self.version])

        def compute(folder: Path) -> None:
            from algrid.pretrained.encoder import pretrained_embedding, token_ids

            dataset = load()
            ids = token_ids(model, documents_of(dataset, np.arange(dataset.n_rows)), self.max_length)
            found = pretrained_embedding(model, ids, self.device).astype(np.float32)
            if not np.isfinite(found).all():
                row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
                raise DatasetError(
                    f"model {self.model!r} gives numbers that are not finite, first for row {row} of "
                    f"{dataset.name!r}: are its weights whole?"
                )
            np.save(folder / "embeddings.npy", found)

        return made_once("embeddings", key, compute) / "embeddings.npy"
