"""Texts as the token ids that a transformer reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Dataset, Features
from algrid.preprocessing._pretrained import PretrainedRepresentation
from algrid.preprocessing._texts import documents_of
from algrid.preprocessing.base import Described
from algrid.pretrained import Pretrained

__all__ = ["Tokens"]


@dataclass(frozen=True)
class Tokens(PretrainedRepresentation):
    """Token ids for learners that read tokens, by the tokenizer of a pretrained model.

    Rows are ids from 0 on, padded on the right with the id that the model pads with; `max_length` columns of whole
    numbers. A learner's model has to have the same tokenizer. Nothing is fitted.

    Parameters
    ----------
    model, max_length, revision
        As in `PretrainedRepresentation`; of the model, only the tokenizer is used.
    """

    name: ClassVar[str] = "tokens"
    source: ClassVar[str] = "the tokenizers of Hugging Face's transformers"
    gives: ClassVar[str] = "tokens"

    def used(self) -> str:
        """The tokenizer's."""
        return self.pretrained.tokenizer_hash

    def width(self, dataset: Described) -> int:  # noqa: ARG002
        """Tokens."""
        return self.max_length

    def prepare(
        self, dataset: Dataset, pool_rows: NDArray[np.intp], test_rows: NDArray[np.intp]
    ) -> tuple[Features, Features]:
        """(n_pool, max_length), (n_test, max_length) int32 arrays.

        Raises
        ------
        ModelError
            If model or tokenizer are not there, or don't fit.
        """
        ids: Any = _ids(self.pretrained, tuple(documents_of(dataset, np.arange(dataset.n_rows))), self.max_length)
        return ids[pool_rows], ids[test_rows]


@lru_cache(maxsize=2)
def _ids(model: Pretrained, documents: tuple[str, ...], max_length: int) -> NDArray[np.int32]:
    """Of a whole dataset, which all of its splits have in common."""
    from algrid.pretrained.encoder import token_ids

    return token_ids(model, documents, max_length)
