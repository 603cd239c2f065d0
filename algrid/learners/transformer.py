"""A pretrained transformer, fine-tuned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.learners._of_tokens import TokenLearner
from algrid.learners.base import Fitted

if TYPE_CHECKING:
    from algrid.preprocessing import Described, Preprocessing

__all__ = ["Transformer"]


@dataclass(frozen=True)
class Transformer(TokenLearner):
    """A transformer that is fine-tuned on the labelled set, from its pretrained weights in every cycle.

    AdamW with a learning rate that falls linearly to 0, dropout as in the model's configuration, gradients clipped to
    norm 1. Its embedding is the mean of the last layer's states over the tokens of a text; with one class in the
    labelled set nothing is fine-tuned, and the embedding is that of the pretrained model. Predictions are made in
    batches of rows of like length that depend on the rows alone.

    Parameters
    ----------
    model, revision, device
        As in `TokenLearner`.
    epochs : int
        Passes over the labelled set.
    learning_rate : float
        At the start.
    batch_size : int
        Rows in a gradient step.
    frozen_layers : int
        How many of the encoder's layers, from below, keep their pretrained weights (and with them the token
        embeddings); -1 is the whole encoder, so that only the head learns.
    early_stopping : int
        Epochs in a row without a lower validation loss that training puts up with; it ends at one more, with the best
        weights. 0 is to train all epochs on all labels.
    validation : float
        Share of the labelled set that is held out for early stopping. Every class stays in training: of a class with
        one label nothing is held out, and where nothing can be, nothing is stopped early.
    warm_start : bool
        Whether a fit goes on from the last cycle's weights. Such a fit depends on the order of the queries, not on the
        labelled set alone: runs could not share it, and it could not be made again. It is a skip of the plan.
    precision : {"float32", "bfloat16"}
        Of matrix products; weights and sums are float32 in both.
    """

    name: ClassVar[str] = "transformer"
    source: ClassVar[str] = "small-text: Schroeder, Mueller, Niekler & Potthast, EACL 2023"
    packages: ClassVar[tuple[str, ...]] = ("small_text", "torch", "transformers")
    cost: ClassVar[tuple[float, float, float]] = (1e-1, 2.5e-4, 2e-4)  # of `tiny`

    epochs: Annotated[int, Field(ge=1)] = 10
    learning_rate: Annotated[float, Field(gt=0)] = 5e-5
    batch_size: Annotated[int, Field(ge=1)] = 16
    frozen_layers: Annotated[int, Field(ge=-1)] = 0
    early_stopping: Annotated[int, Field(ge=0)] = 0
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.1
    warm_start: bool = False
    precision: Literal["float32", "bfloat16"] = "float32"

    def unsupported(self, preprocessing: Preprocessing, dataset: Described) -> str | None:
        """As the base says; and no warm start."""
        if self.warm_start:
            return f"{self.name}: a warm start depends on the order of the queries, not on the labelled set alone"
        return super().unsupported(preprocessing, dataset)

    def cost_factors(self) -> tuple[float, float]:
        """By the epochs (fits) and the size of the encoder."""
        return self.epochs / 10 * self.size_factor(), self.size_factor()

    def classifier(self, seed: int) -> Any:
        """The classifier, not fitted."""
        from algrid.learners._fine_tuned import FineTuned

        return FineTuned(self, seed)

    def embedding(self, fitted: Fitted, X: Features) -> NDArray[np.float64]:
        """(n, n_hidden) mean of the last layer's states."""
        if fitted.model is None:
            from algrid.pretrained.encoder import pretrained_embedding

            return pretrained_embedding(self.pretrained, X, self.device, self.precision)
        embedded: NDArray[np.float64] = fitted.model.embed(X)
        return embedded

    def held_out(self, codes: NDArray[np.intp], rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Positions to train on, and those to validate with, which are none unless there is early stopping."""
        chosen = np.zeros(len(codes), dtype=np.bool_)
        if self.early_stopping:
            left = np.bincount(codes)
            wanted = max(1, int(self.validation * len(codes)))
            for position in rng.permutation(len(codes)):
                if left[codes[position]] > 1 and np.count_nonzero(chosen) < wanted:
                    left[codes[position]] -= 1
                    chosen[position] = True
        return np.flatnonzero(~chosen), np.flatnonzero(chosen)
