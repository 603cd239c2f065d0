"""SetFit's training, made a function of its rows and its seed.

The pairs are setfit's, the loss is sentence-transformers', the head is scikit-learn's. What is not taken from setfit
1.1.3 is its trainer: it reads texts where runs have token ids, writes checkpoints and logs to disk, reports to services
that it finds, seeds the generators of everybody and chooses the device by itself. Its pairs are shuffled with a seed of
their own, the same in every fit: here the rows are shuffled before, with the learner's.

Imported in calls only: it imports setfit, sentence-transformers, torch and transformers.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import get_linear_schedule_with_warmup

from algrid.learners.logistic_regression import LogisticRegression
from algrid.pretrained.devices import device_of, seeded
from algrid.pretrained.encoder import Tokens, embedded, encoder, mean_pooled
from algrid.threads import one_thread

with warnings.catch_warnings():  # setfit changes the filters of everybody
    warnings.simplefilter("ignore")
    from sentence_transformers.losses import CosineSimilarityLoss
    from setfit.sampler import ContrastiveDataset

if TYPE_CHECKING:
    from algrid.learners.setfit import SetFit

__all__ = ["Contrastive", "pairs_of"]

_WARMUP = 0.1  # share of the steps
_LONGEST_GRADIENT = 1.0


class Contrastive:
    """A classifier in the manner of scikit-learn; rows are token ids.

    Parameters
    ----------
    learner : SetFit
        Its parameters.
    seed : int
    """

    def __init__(self, learner: SetFit, seed: int) -> None:
        self._learner, self._seed = learner, seed
        self._device = device_of(learner.device)

    def fit(self, X: Any, y: NDArray[np.intp]) -> Contrastive:
        """Fine-tune the pretrained encoder, then fit the head; `classes_` are the codes that occur."""
        learner = self._learner
        self.classes_, codes = np.unique(y, return_inverse=True)
        tokens = Tokens(X, learner.pretrained.padding)
        with seeded(self._seed, self._device):
            self._body = _Body(encoder(learner.pretrained)).to(self._device)
            self._contrast(tokens, codes)
        with one_thread("sklearn"):
            self._head = LogisticRegression(C=learner.C).train(self.embed(X), codes, self._seed)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """(n, n_seen) of the head."""
        with one_thread("sklearn"):
            return np.asarray(self._head.predict_proba(self.embed(X)), dtype=np.float64)

    def predict(self, X: Any) -> NDArray[np.intp]:
        """(n,) the most probable class."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)], dtype=np.intp)

    def embed(self, X: Any) -> NDArray[np.float64]:
        """(n, n_hidden) what the head sees."""
        learner = self._learner
        with seeded(self._seed, self._device):
            return learner.scaled(embedded(self._body.network, Tokens(X, learner.pretrained.padding), self._device))

    def _contrast(self, tokens: Tokens, codes: NDArray[np.intp]) -> None:
        learner = self._learner
        first, second, alike = map(
            torch.from_numpy, pairs_of(codes, learner.iterations, np.random.default_rng(self._seed))
        )
        loss = CosineSimilarityLoss(self._body)
        steps = learner.epochs * math.ceil(len(alike) / learner.batch_size)
        optimizer = torch.optim.AdamW(self._body.parameters(), lr=learner.learning_rate, weight_decay=0.0)
        schedule = get_linear_schedule_with_warmup(optimizer, math.ceil(_WARMUP * steps), steps)
        self._body.train()
        for _ in range(learner.epochs):
            for batch in torch.split(torch.randperm(len(alike)), learner.batch_size):
                sides = [self._features(tokens, rows[batch]) for rows in (first, second)]
                optimizer.zero_grad()
                loss(sides, alike[batch].to(self._device)).backward()
                torch.nn.utils.clip_grad_norm_(self._body.parameters(), _LONGEST_GRADIENT)
                optimizer.step()
                schedule.step()
        self._body.eval()

    def _features(self, tokens: Tokens, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        ids, mask = tokens.take(rows)
        return {"input_ids": ids.to(self._device), "attention_mask": mask.to(self._device)}


class _Body(torch.nn.Module):
    """An encoder with mean pooling, as sentence-transformers' losses call one."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Features, with the ``sentence_embedding`` (n, n_hidden)."""
        states = self.network(**features).last_hidden_state
        return {**features, "sentence_embedding": mean_pooled(states, features["attention_mask"])}


def pairs_of(
    codes: NDArray[np.intp], iterations: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Positions of first and second rows, and 1 where they are of one class, else 0.

    So many pairs of either kind for each row on average; where there are fewer different ones, they come again, and a
    row may be paired with itself.

    Parameters
    ----------
    codes : (n,) int array
        Class codes of at least two classes.
    """
    rows = rng.permutation(len(codes))
    drawn = ContrastiveDataset(
        rows.tolist(), codes[rows].tolist(), False, iterations, max_pairs=2 * iterations * len(codes)
    )
    pairs = list(drawn)
    first, second = (np.array([pair[key] for pair in pairs], dtype=np.int64) for key in ("sentence_1", "sentence_2"))
    return first, second, np.array([pair["label"] for pair in pairs], dtype=np.float32)
