"""Pretrained encoders on rows of token ids: tokens of texts, batches of fixed composition, mean pooling.

Imported in calls only: it imports torch and transformers (seconds, and some hundred MiB).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from algrid.errors import ModelError, in_one_line
from algrid.pretrained.devices import device_of, mixed, seeded
from algrid.pretrained.finding import Pretrained

__all__ = [
    "Tokens",
    "embedded",
    "encoder",
    "in_batches",
    "mean_pooled",
    "pretrained",
    "pretrained_embedding",
    "token_ids",
]

#: Rows that are predicted at a time.
_ROWS = 64


def token_ids(model: Pretrained, documents: Sequence[str], max_length: int) -> NDArray[np.int32]:
    """(n, max_length) ids of tokens, those that mark beginning and end among them, padded on the right.

    What is longer is cut off.

    Raises
    ------
    ModelError
        If the tokenizer can't be loaded, does not pad, or has ids that the model has no vectors for.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(model.folder), local_files_only=True)
        tokenizer.padding_side = tokenizer.truncation_side = "right"
        encoded = tokenizer(
            list(documents), max_length=max_length, truncation=True, padding="max_length", return_attention_mask=False
        )
    except Exception as error:  # as many kinds as there are tokenizers
        raise ModelError(f"the tokenizer of model {model.name!r} can't be used ({in_one_line(error)}).") from error
    ids = np.array(encoded["input_ids"], dtype=np.int32)
    known = int(model.config.get("vocab_size") or len(tokenizer))
    if ids.max() >= known or tokenizer.pad_token_id != model.padding:
        raise ModelError(
            f"tokenizer and model in {str(model.folder)!r} don't fit: the tokenizer has the ids 0 to "
            f"{len(tokenizer) - 1} and pads with {tokenizer.pad_token_id}, the model has vectors for 0 to {known - 1} "
            f"and pads with {model.padding}. Save both of one model into the folder."
        )
    return ids


class Tokens:
    """Rows of token ids, with the attention mask that leaves the padding out.

    Parameters
    ----------
    X : (n, length) array
        Token ids as `token_ids` gives them.
    padding : int
        Id of the padding.
    """

    def __init__(self, X: Any, padding: int) -> None:
        if not isinstance(X, np.ndarray):
            raise TypeError("dense rows of token ids are needed, not sparse features")
        self.ids = torch.from_numpy(X.astype(np.int64))
        self.mask = (self.ids != padding).to(torch.int64)
        # a row without any token would be a mean over nothing
        self.mask[:, 0] = 1
        self.lengths = self.ids.shape[1] - self.mask.flip(1).argmax(dim=1)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and masks of rows, without the padding that they have in common."""
        longest = int(self.lengths[rows].max())
        return self.ids[rows, :longest], self.mask[rows, :longest]

    def batches(self) -> Iterator[torch.Tensor]:
        """All rows, those of like length together: the same batches whoever asks for these rows."""
        order = torch.argsort(self.lengths, stable=True)
        yield from torch.split(order, _ROWS)


def in_batches(
    tokens: Tokens, device: str, compute: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> NDArray[np.float64]:
    """(n, d) what `compute` makes of ids and masks, in the order of the rows."""
    parts, order = [], []
    with torch.no_grad():
        for rows in tokens.batches():
            ids, mask = tokens.take(rows)
            parts.append(compute(ids.to(device), mask.to(device)).to("cpu", torch.float64))
            order.append(rows)
    out = torch.empty(len(tokens), parts[0].shape[1], dtype=torch.float64)
    out[torch.cat(order)] = torch.cat(parts)
    return out.numpy()


def mean_pooled(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(n, d) mean of the states of all tokens but the padding."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1)


def embedded(network: Any, tokens: Tokens, device: str) -> NDArray[np.float64]:
    """(n, n_hidden) means of an encoder's last states over the tokens of each row."""

    def compute(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return mean_pooled(network(ids, attention_mask=mask).last_hidden_state, mask)

    return in_batches(tokens, device, compute)


def pretrained_embedding(model: Pretrained, X: Any, wanted: str, precision: str = "float32") -> NDArray[np.float64]:
    """`embedded` by a model as it is, of rows of token ids.

    Raises
    ------
    ModelError
        If the model can't be read or is no encoder of texts, or the device is not there.
    """
    device = device_of(wanted)
    with seeded(0, device), mixed(device, precision):
        network = encoder(model).to(device).eval()
        try:
            return embedded(network, Tokens(X, model.padding), device)
        except Exception as error:  # as many kinds as there are models
            raise ModelError(
                f"model {model.name!r} ({type(network).__name__}) can't embed these tokens ({in_one_line(error)}). An "
                "encoder of texts such as BERT is needed, and a max_length of no more tokens than it reads."
            ) from error


def encoder(model: Pretrained) -> Any:
    """A copy of the encoder, with its pretrained weights."""
    from transformers import AutoModel

    original = pretrained(model)
    copy = AutoModel.from_config(original.config)
    copy.load_state_dict(original.state_dict())
    return copy


def pretrained(model: Pretrained) -> Any:
    """The encoder, read once in a process; nobody changes it.

    Raises
    ------
    ModelError
        If it can't be read.
    """
    return _read(str(model.folder), model.content_hash)


@lru_cache(maxsize=1)
def _read(folder: str, content: str) -> Any:  # noqa: ARG001 - the cache's key
    from transformers import AutoModel

    try:
        model = AutoModel.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise ModelError(f"the model in {folder!r} can't be loaded ({in_one_line(error)}).") from error
    for parameter in model.parameters():  # they are a view of the file, which somebody may write to
        parameter.data = parameter.data.clone()
    return model
