"""Representations that a pretrained model makes: what they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from algrid.preprocessing._texts import TextRepresentation
from algrid.preprocessing.base import Described
from algrid.pretrained import Pretrained, resolve

__all__ = ["PretrainedRepresentation"]


@dataclass(frozen=True)
class PretrainedRepresentation(TextRepresentation):
    """Base of representations by a pretrained model. The model's content is part of a run's identity, not its place.

    Parameters
    ----------
    model : str
        ``tiny`` (made where it is needed, untrained), ``minilm``, a folder, a package that carries weights, or a name
        on the Hugging Face hub.
    max_length : int
        Tokens of a document that are read, those that mark beginning and end among them; the rest is cut off.
    revision : str
        Commit, tag or branch on the hub.
    """

    model: Annotated[str, Field(min_length=1)]
    max_length: Annotated[int, Field(ge=3)] = 128
    revision: str = ""

    @property
    def pretrained(self) -> Pretrained:
        """The model.

        Raises
        ------
        ModelError
            If it is not there.
        """
        return resolve(self.model, self.revision)

    def unsupported(self, dataset: Described) -> str | None:
        """Tables are no texts, and a model reads so many tokens at most."""
        if (reason := super().unsupported(dataset)) is not None:
            return reason
        longest = self.pretrained.max_length
        return f"model {self.model} reads {longest} tokens at most" if self.max_length > longest else None

    def identity(self) -> dict[str, Any]:
        """With the hash of what is used of the model instead of its name and revision."""
        identity = super().identity()
        identity["parameters"]["model"] = self.used()
        del identity["parameters"]["revision"]
        return identity

    def used(self) -> str:
        """The hash of what is used of the model."""
        return self.pretrained.content_hash
