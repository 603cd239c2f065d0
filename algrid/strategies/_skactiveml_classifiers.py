"""Classifiers that scikit-activeml can be handed. Imports scikit-activeml: import this module in methods only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skactiveml.base import SkactivemlClassifier
from skactiveml.utils import MISSING_LABEL, ExtLabelEncoder, is_labeled

from algrid.datasets.base import Features
from algrid.learners.base import Fitted
from algrid.strategies.base import QueryState

__all__ = ["OnFeatures", "Predicted", "Refitted"]


class _Classifier(SkactivemlClassifier):  # type: ignore[misc]
    """What those below share: all classes of the dataset, and copies that share what they hold."""

    def __init__(self, n_classes: int) -> None:
        super().__init__(classes=np.arange(n_classes), missing_label=MISSING_LABEL)
        self.classes_ = np.arange(n_classes)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Classifier:
        """Itself, where nothing in it changes."""
        return self

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> _Classifier:  # noqa: ARG002
        """Nothing: it is fitted."""
        return self


class Predicted(_Classifier):
    """A fitted model's predictions on the pool, asked for by pool index.

    Parameters
    ----------
    n_classes : int
    proba : (n_pool, n_classes) array, optional
    labels : (n_pool,) int array, optional
        Predicted class codes; at least one of the two is given.
    embedding : (n_pool, n) array, optional
        What `predict_proba` gives in addition, where it is asked to.
    frequencies : (n_pool, n_classes) array, optional
        Pseudo-counts of labels at each row.
    """

    def __init__(
        self,
        n_classes: int,
        *,
        proba: NDArray[np.float64] | None = None,
        labels: NDArray[np.intp] | None = None,
        embedding: NDArray[np.float64] | None = None,
        frequencies: NDArray[np.float64] | None = None,
    ) -> None:
        super().__init__(n_classes)
        self.proba, self.labels, self.embedding, self.frequencies = proba, labels, embedding, frequencies

    def predict(self, X: NDArray[np.intp]) -> NDArray[np.intp]:
        """(n,) class codes of a column of pool indices."""
        return self.labels[X[:, 0]] if self.labels is not None else self.predict_proba(X).argmax(axis=1)

    def predict_proba(self, X: NDArray[np.intp], return_embeddings: bool = False) -> Any:
        """(n, n_classes) probabilities of a column of pool indices, and their embeddings where asked for."""
        if self.proba is None:
            raise RuntimeError("scikit-activeml asked for probabilities where predicted classes were to do")
        proba = self.proba[X[:, 0]]
        return (proba, self.embedding[X[:, 0]]) if return_embeddings and self.embedding is not None else proba

    def predict_freq(self, X: NDArray[np.intp]) -> NDArray[np.float64]:
        """(n, n_classes) pseudo-counts of a column of pool indices."""
        if self.frequencies is None:
            raise RuntimeError("scikit-activeml asked for frequencies that it was not given")
        return self.frequencies[X[:, 0]]


class OnFeatures(_Classifier):
    """The fitted query learner, asked about rows of features that are not in the pool."""

    def __init__(self, n_classes: int, fitted: Fitted) -> None:
        super().__init__(n_classes)
        self.fitted = fitted

    def predict(self, X: Features) -> NDArray[np.intp]:
        """(n,) class codes of rows of features."""
        return self.fitted.predict(X)


class Refitted(_Classifier):
    """A clone of the query learner, which scikit-activeml fits on pool indices and asks about pool indices.

    Parameters
    ----------
    state : QueryState
    seed : int
        Seed of the clone.
    """

    def __init__(self, state: QueryState, seed: int) -> None:
        super().__init__(state.n_classes)
        self._state, self._seed = state, seed
        self._fitted: Fitted | None = None

    def __sklearn_clone__(self) -> Refitted:
        """An unfitted one."""
        return Refitted(self._state, self._seed)

    def __deepcopy__(self, memo: dict[int, Any]) -> Refitted:
        """One with the same fitted model: `fit` replaces it and changes nothing in it."""
        copy = Refitted(self._state, self._seed)
        copy.__dict__.update(self.__dict__)
        return copy

    def fit(self, X: NDArray[np.intp], y: Any, sample_weight: Any = None) -> Refitted:  # noqa: ARG002
        """Fit on those rows of a column of pool indices that have a label."""
        self.classes_ = np.asarray(self.classes)
        self._le = ExtLabelEncoder(classes=self.classes_, missing_label=self.missing_label).fit(self.classes_)
        known = is_labeled(y, missing_label=self.missing_label)
        rows, codes = X[known, 0], np.asarray(y)[known].astype(np.intp)
        self._fitted = self._state.learner.fit(self._state.X[rows], codes, len(self.classes_), self._seed)
        return self

    def predict_proba(self, X: NDArray[np.intp]) -> NDArray[np.float64]:
        """(n, n_classes) probabilities of a column of pool indices."""
        if self._fitted is None:
            raise RuntimeError("scikit-activeml asked for predictions before it fitted the classifier")
        return self._fitted.predict_proba(self._state.X[X[:, 0]])
