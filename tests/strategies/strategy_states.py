"""Query states for tests, built from learners that are really fitted."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from algrid.identity import canonical_json
from algrid.learners.base import Fitted, Learner
from algrid.learners.external import External
from algrid.learners.mlp import Mlp
from algrid.seeds import Streams
from algrid.strategies.base import QueryState

STREAMS = Streams(root=42, dataset="test", split_kind="stratified", split=0, start_kind="random", start=0, seed=0)


@dataclass(frozen=True)
class Sklearn(External):
    """A scikit-learn classifier, without `n_jobs` (some warn of it)."""

    def build(self, seed: int) -> Any:
        cls = self._class()
        given = {"random_state": seed} if "random_state" in inspect.signature(cls).parameters else {}
        return cls(**given, **self.parameters())


def logistic_regression() -> Learner:
    return Sklearn("sklearn.linear_model:LogisticRegression")


def gaussian_nb() -> Learner:
    return Sklearn("sklearn.naive_bayes:GaussianNB")


def decision_tree(**parameters: Any) -> Learner:
    return Sklearn("sklearn.tree:DecisionTreeClassifier", canonical_json(parameters))


def small_mlp() -> Learner:
    """The only learner here with an embedding of its own."""
    return Mlp(hidden_layer_sizes=(6,), max_iter=20)


def linear_svc() -> Learner:
    return Sklearn("sklearn.svm:LinearSVC")


@dataclass
class Predictions:
    """Predictions on the pool: of a fitted learner, or made up where arrays are given."""

    X: Any
    model: Fitted | None = None
    proba: Any = None
    decision: Any = None
    embedding: Any = None

    @property
    def fitted(self) -> Fitted:
        assert self.model is not None, "this state's predictions are made up"
        return self.model

    def predict(self) -> Any:
        return self.fitted.predict(self.X) if self.proba is None else self.proba.argmax(axis=1)

    def predict_proba(self) -> Any:
        return frozen(self.fitted.predict_proba(self.X) if self.proba is None else np.asarray(self.proba, float))

    def decision_function(self) -> Any:
        return frozen(
            self.fitted.decision_function(self.X) if self.decision is None else np.asarray(self.decision, float)
        )

    def embed(self) -> Any:
        return frozen(self.fitted.embed(self.X) if self.embedding is None else np.asarray(self.embedding, float))


def frozen(values: Any) -> Any:
    for array in (values.data, values.indices, values.indptr) if sp.issparse(values) else (values,):
        array.flags.writeable = False
    return values


def make_state(
    X: Any,
    labeled: Any,
    y_labeled: Any,
    *,
    n_classes: int | None = None,
    batch_size: int = 1,
    learner: Learner | None = None,
    strategy: Any = None,
    proba: Any = None,
    decision: Any = None,
    embedding: Any = None,
    ties: Any = None,
    unlabeled: Any = None,
    true_labels: Any = None,
) -> QueryState:
    """The state after `labeled` were labelled; predictions are those of `learner`, unless they are given.

    A strategy that needs true labels gets made-up ones, unless they are given.
    """
    X = X.copy() if sp.issparse(X) else np.array(X, dtype=np.float64)
    n_pool = X.shape[0]
    labeled, y_labeled = np.array(labeled, dtype=np.intp), np.array(y_labeled, dtype=np.intp)
    n_classes = int(y_labeled.max()) + 1 if n_classes is None else n_classes
    embeds = strategy is not None and "embed" in strategy.needs and embedding is None
    learner = learner or (small_mlp() if embeds else logistic_regression())
    made_up = proba is not None or decision is not None or embedding is not None
    fitted = None if made_up else learner.fit(X[labeled], y_labeled, n_classes, STREAMS.learner_seed())
    rest = np.setdiff1d(np.arange(n_pool), labeled) if unlabeled is None else np.array(unlabeled, dtype=np.intp)
    name, parameters = ("test", {}) if strategy is None else (strategy.name, strategy.identity()["parameters"])
    if true_labels is None and strategy is not None and "true_labels" in strategy.needs:
        true_labels = np.random.default_rng(0).integers(n_classes, size=n_pool)
        true_labels[labeled] = y_labeled
    return QueryState(
        X=frozen(X),
        labeled=frozen(labeled),
        y_labeled=frozen(y_labeled),
        unlabeled=frozen(rest),
        n_classes=n_classes,
        batch_size=batch_size,
        learner=learner,
        learner_seed=STREAMS.learner_seed(),
        model=Predictions(X, fitted, proba, decision, embedding),
        ties=frozen(STREAMS.ties(n_pool) if ties is None else np.array(ties, dtype=np.intp)),
        random_order=frozen(STREAMS.random_order(n_pool)),
        _rng=lambda: STREAMS.strategy_rng(name, parameters, len(labeled)),
        _shared={},
        true_labels=None if true_labels is None else frozen(np.array(true_labels, dtype=np.intp)),
    )
