"""small-text's transformer classifier, made a function of its rows and its seed.

Traps of small-text 1.4.1 that are avoided here: it always takes a part of the labelled rows for validation (here only
where early stopping is asked for, and a part that leaves every class in training); it writes model and optimizer to
disk after every epoch, also where no model is selected (here the best weights stay in memory, where they are asked
for); it looks models up on the hub by itself; it embeds with the mean over all positions, padding among them; it
predicts in float32, where probabilities do not sum to 1 within the last digits.

Imported in calls only: it imports small-text, torch and transformers.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from small_text.integrations.transformers import TransformersDataset
from small_text.integrations.transformers.classifiers.classification import (
    TransformerBasedClassification,
    TransformerModelArguments,
)
from small_text.training.early_stopping import EarlyStopping
from small_text.training.metrics import Metric

from algrid.learners._networks import freeze, sequence_classifier
from algrid.pretrained.devices import device_of, mixed, seeded
from algrid.pretrained.encoder import Tokens, embedded, in_batches

if TYPE_CHECKING:
    from algrid.learners.transformer import Transformer

__all__ = ["FineTuned"]


class FineTuned:
    """A classifier in the manner of scikit-learn; rows are token ids.

    Parameters
    ----------
    learner : Transformer
        Its parameters.
    seed : int
    """

    def __init__(self, learner: Transformer, seed: int) -> None:
        self._learner, self._seed = learner, seed
        self._device = device_of(learner.device)

    def fit(self, X: Any, y: NDArray[np.intp]) -> FineTuned:
        """Fine-tune the pretrained model; `classes_` are the codes that occur."""
        learner = self._learner
        self.classes_, codes = np.unique(y, return_inverse=True)
        tokens = Tokens(X, learner.pretrained.padding)
        with seeded(self._seed, self._device), mixed(self._device, learner.precision), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations inside small-text
            classifier = _Classifier(learner, len(self.classes_), self._device)
            train, valid = learner.held_out(codes, np.random.default_rng(self._seed))
            classifier.train_on(_dataset(tokens, codes, train), _dataset(tokens, codes, valid), learner.early_stopping)
        self._model = classifier.model.eval()
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """(n, n_seen) softmax of the logits."""

        def logits(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self._model(ids, attention_mask=mask).logits
            return found

        values = self._computed(X, lambda tokens: in_batches(tokens, self._device, logits))
        values = np.exp(values - values.max(axis=1, keepdims=True))
        proba: NDArray[np.float64] = values / values.sum(axis=1, keepdims=True)
        return proba

    def predict(self, X: Any) -> NDArray[np.intp]:
        """(n,) the most probable class."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)], dtype=np.intp)

    def embed(self, X: Any) -> NDArray[np.float64]:
        """(n, n_hidden) mean of the last layer's states."""
        base = getattr(self._model, self._model.base_model_prefix)
        return self._computed(X, lambda tokens: embedded(base, tokens, self._device))

    def _computed(self, X: Any, compute: Callable[[Tokens], NDArray[np.float64]]) -> NDArray[np.float64]:
        learner = self._learner
        with seeded(self._seed, self._device), mixed(self._device, learner.precision):
            return compute(Tokens(X, learner.pretrained.padding))


class _Classifier(TransformerBasedClassification):  # type: ignore[misc]
    def __init__(self, learner: Transformer, n_classes: int, device: str) -> None:
        super().__init__(
            TransformerModelArguments(learner.model),
            n_classes,
            num_epochs=learner.epochs,
            lr=learner.learning_rate,
            mini_batch_size=learner.batch_size,
            device=device,
            memory_fix=0,
        )
        self.logger.setLevel(logging.ERROR)
        self._learner = learner
        self._best_loss = np.inf
        self._best: Any = None

    def train_on(self, train: Any, valid: Any, patience: int) -> None:
        """Fit with small-text's loop; without rows for validation to the last epoch."""
        self.class_weights_ = self.initialize_class_weights(train)
        self.criterion = self._get_default_criterion(self.class_weights_)
        stopping = EarlyStopping(Metric("val_loss"), patience=patience) if valid is not None else "none"
        stopping = self._get_default_early_stopping(stopping, 5, -1, 1)
        self._fit_main(train, valid, None, stopping, None, None, None)

    def initialize_transformer(self, cache_dir: str) -> None:  # noqa: ARG002
        """The model from its folder, with layers frozen."""
        self.model = sequence_classifier(self._learner.pretrained, self.num_classes)
        self.config, self.tokenizer = self.model.config, None
        freeze(getattr(self.model, self.model.base_model_prefix), self._learner.frozen_layers)

    def _create_collate_fn(self, use_sample_weights: bool = False) -> Any:  # noqa: ARG002
        return _collate

    def _save_model(self, *arguments: Any) -> None:
        valid_loss = arguments[6]
        if valid_loss is not None and valid_loss < self._best_loss:
            self._best_loss = valid_loss
            self._best = {name: value.clone() for name, value in self.model.state_dict().items()}

    def _perform_model_selection(self, *arguments: Any) -> None:  # noqa: ARG002
        if self._best is not None:
            self.model.load_state_dict(self._best)


def _dataset(tokens: Tokens, codes: NDArray[np.intp], rows: NDArray[np.intp]) -> Any:
    """small-text's data set of rows, made of its tuples by hand (from texts it can't be made with newer packages)."""
    if not len(rows):
        return None
    data = [(tokens.ids[row : row + 1], tokens.mask[row : row + 1], int(codes[row])) for row in rows]
    return TransformersDataset(data, target_labels=np.arange(codes.max() + 1))


def _collate(batch: Any) -> tuple[torch.Tensor, ...]:
    """Ids, masks, labels and weights of a batch, without the padding that its rows have in common."""
    ids, mask = (torch.cat([entry[i] for entry in batch]) for i in (0, 1))
    longest = int(mask.any(dim=0).nonzero().max()) + 1
    return ids[:, :longest], mask[:, :longest], torch.tensor([entry[2] for entry in batch]), torch.ones(len(batch))
