"""SetFit: contrastive fine-tuning of a sentence encoder, and a linear head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.learners._of_tokens import TokenLearner
from algrid.learners.base import Fitted

__all__ = ["SetFit"]


@dataclass(frozen=True)
class SetFit(TokenLearner):
    """Few labels: an encoder learns which labelled texts are of one class, and a logistic regression the classes.

    In every cycle from the pretrained weights: pairs of labelled texts are drawn, half of them of one class, and the
    cosine of their embeddings is fitted to 1 within a class and 0 between classes (AdamW, a learning rate that rises
    over the first tenth of the steps and then falls linearly to 0, gradients clipped to norm 1). The embedding is the
    mean of the last layer's states over the tokens of a text; with one class in the labelled set nothing is
    fine-tuned, and it is that of the pretrained model.

    Parameters
    ----------
    model, revision, device
        As in `TokenLearner`.
    iterations : int
        Pairs of a text with one of its class, and as many with one of another, for each labelled text (R in the paper).
    epochs : int
        Passes over the pairs.
    learning_rate : float
        Of the encoder, at its highest.
    batch_size : int
        Pairs in a gradient step.
    C : float
        Inverse of the weight of the penalty of the logistic regression.
    normalize : bool
        Whether embeddings have length 1 before the head sees them, as those of MiniLM have where they are published.
    """

    name: ClassVar[str] = "setfit"
    source: ClassVar[str] = "setfit: Tunstall et al., Efficient Few-Shot Learning Without Prompts, arXiv 2209.11055"
    packages: ClassVar[tuple[str, ...]] = ("setfit", "sentence_transformers", "evaluate", "datasets", "torch")
    extra: ClassVar[str] = "setfit"
    cost: ClassVar[tuple[float, float, float]] = (1e-1, 3e-3, 2e-4)  # of `tiny`

    iterations: Annotated[int, Field(ge=1)] = 20
    epochs: Annotated[int, Field(ge=1)] = 1
    learning_rate: Annotated[float, Field(gt=0)] = 2e-5
    batch_size: Annotated[int, Field(ge=1)] = 16
    C: Annotated[float, Field(gt=0)] = 1.0
    normalize: bool = False

    def cost_factors(self) -> tuple[float, float]:
        """By the pairs and the epochs (fits), and the size of the encoder."""
        return self.epochs * self.iterations / 20 * self.size_factor(), self.size_factor()

    def classifier(self, seed: int) -> Any:
        """The classifier, not fitted."""
        from algrid.learners._contrastive import Contrastive

        return Contrastive(self, seed)

    def embedding(self, fitted: Fitted, X: Features) -> NDArray[np.float64]:
        """(n, n_hidden) mean of the last layer's states, of length 1 if `normalize`."""
        if fitted.model is None:
            from algrid.pretrained.encoder import pretrained_embedding

            return self.scaled(pretrained_embedding(self.pretrained, X, self.device))
        embedded: NDArray[np.float64] = fitted.model.embed(X)
        return embedded

    def scaled(self, embedded: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, n_hidden) as they are, or of length 1."""
        if not self.normalize:
            return embedded
        lengths = np.linalg.norm(embedded, axis=1, keepdims=True)
        return np.asarray(embedded / np.maximum(lengths, np.finfo(np.float64).tiny))
