"""What a learner is: a classifier that is refitted from scratch in every cycle."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from algrid.datasets.base import Features
from algrid.registry import Plugin

if TYPE_CHECKING:
    from algrid.preprocessing import Described, Preprocessing

__all__ = ["Fitted", "Learner"]


@dataclass(frozen=True)
class Learner(Plugin):
    """Base of learner plugins: parameters as fields, and `build`.

    A learner predicts class codes of the dataset. What has to be done around scikit-learn's
    classifiers (classes that are not in the labelled set, one class only, calibration) is done by
    `Fitted`, once for all.

    Class variables
    ---------------
    provides : frozenset of str
        Of ``predict_proba``, ``decision_function``, ``embed``: what strategies may ask of it.
    predicts_argmax : bool
        Whether ``predict`` is exactly ``argmax(predict_proba)``, so that one pass serves both. A
        conformance test holds every learner that says so to it.
    sparse : bool
        Whether it takes CSR features.
    takes : str
        What a preprocessing has to give it: ``features``, or ``tokens``.
    batch : int
        How many labelled sets `fit_many` is handed at once: 1, unless the learner is batched.
    cost : (float, float, float)
        Prior for the planner, in seconds on one core: a fit costs ``cost[0] + cost[1] * n_labeled *
        n_features``, a prediction of a row ``cost[2]``.
    """

    provides: ClassVar[frozenset[str]] = frozenset({"predict_proba"})
    predicts_argmax: ClassVar[bool] = False
    sparse: ClassVar[bool] = True
    takes: ClassVar[str] = "features"
    batch: ClassVar[int] = 1
    cost: ClassVar[tuple[float, float, float]] = (2e-3, 1e-6, 1e-6)

    def build(self, seed: int) -> Any:
        """A fresh scikit-learn classifier, on one thread, that draws from `seed` alone."""
        raise NotImplementedError

    def unsupported(self, preprocessing: Preprocessing, dataset: Described) -> str | None:
        """Why it can't learn from what this preprocessing makes of a dataset, or None where it can: a skip of the plan.

        A learner with a tokenizer of its own adds that it has to be the one that made the tokens.
        """
        if preprocessing.gives != self.takes:
            return f"{self.name} takes {self.takes}, and {preprocessing.name} gives {preprocessing.gives}"
        if preprocessing.is_sparse(dataset) and not self.sparse:
            return f"{self.name} can't use sparse features"
        return None

    def cost_factors(self) -> tuple[float, float]:
        """By how much the parameters make fits, and predictions, dearer than `cost` says, which is for the defaults."""
        return 1.0, 1.0

    @property
    def wants_gpu(self) -> bool:
        """Whether its runs belong to a pool of workers with a GPU, where a cluster has one."""
        return False

    def fit(self, X: Features, y: NDArray[np.intp], n_classes: int, seed: int) -> Fitted:
        """Fit on a labelled set of at least one row.

        Parameters
        ----------
        X : (n_labeled, n_features)
            Prepared features.
        y : (n_labeled,) int array
            Class codes in 0 ... n_classes - 1; some classes may be absent.
        n_classes : int
            Classes of the dataset.
        seed : int
            The learner's random state.
        """
        classes = np.unique(y)
        if len(classes) == 1:
            model = None
        elif 2 * len(classes) < len(y):
            model = self.train(X, y, seed)
        else:
            with warnings.catch_warnings():
                # scikit-learn asks whether that is a regression; in a start set of many classes it is not
                warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%", UserWarning)
                model = self.train(X, y, seed)
        return Fitted(self, model, classes, n_classes, X, y, seed)

    def train(self, X: Features, y: NDArray[np.intp], seed: int) -> Any:
        """A fitted classifier, given at least two classes; for a learner that has to adapt to its labelled set."""
        return self.build(seed).fit(X, y)

    def fit_many(
        self,
        X: Features,
        labeled_sets: Sequence[NDArray[np.intp]],
        ys: Sequence[NDArray[np.intp]],
        n_classes: int,
        seed: int,
    ) -> list[Fitted]:
        """Fit on several labelled sets of one pool: one after another, unless the learner is batched.

        A batched learner must give the same bits for a batch of one as for a batch of sixty-four.

        Parameters
        ----------
        X : (n_pool, n_features)
            Prepared features of the whole pool.
        labeled_sets : sequence of (n_labeled,) arrays
            Pool indices, in the order in which they are fitted.
        ys : sequence of (n_labeled,) arrays
            Their labels.

        Returns
        -------
        list of Fitted, with `fit_seconds` and `fit_cpu_seconds` set.
        """
        fits = []
        for labeled, y in zip(labeled_sets, ys, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            fitted = self.fit(X[labeled], y, n_classes, seed)
            fitted.fit_seconds, fitted.fit_cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
            fits.append(fitted)
        return fits

    def probabilities(self, fitted: Fitted, X: Features) -> NDArray[np.float64]:
        """(n, n_seen) probabilities of the classes in `fitted.classes`, for learners that calibrate to override."""
        return np.asarray(fitted.model.predict_proba(X), dtype=np.float64)

    def embedding(self, fitted: Fitted, X: Features) -> NDArray[np.float64]:
        """(n, n_dimensions) dense embedding of the rows, for learners that provide ``embed`` to override.

        `fitted.model` may be None.
        """
        raise NotImplementedError


class Fitted:
    """A learner after a fit: predictions in the dataset's class codes.

    A model that has seen one class only is none: it predicts that class, with probability 1 and a
    decision value of 0.

    Parameters
    ----------
    learner : Learner
    model : classifier or None
        The fitted classifier; None where `classes` has one entry.
    classes : (n_seen,) int array
        Class codes in the labelled set, ascending.
    n_classes : int
        Classes of the dataset.
    X, y, seed
        What it was fitted on and with (a calibration or a committee needs them again).
    """

    def __init__(  # noqa: PLR0917
        self,
        learner: Learner,
        model: Any,
        classes: NDArray[np.intp],
        n_classes: int,
        X: Features,
        y: NDArray[np.intp],
        seed: int,
    ) -> None:
        self.learner, self.model, self.classes, self.n_classes = learner, model, classes, n_classes
        self.X, self.y, self.seed = X, y, seed
        self.calibrated: Any = None  #: a place for what `Learner.probabilities` fits on first use
        self.fit_seconds = 0.0
        self.fit_cpu_seconds = 0.0

    def predict(self, X: Features) -> NDArray[np.intp]:
        """(n,) class codes."""
        if self.model is None:
            return np.full(X.shape[0], self.classes[0], dtype=np.intp)
        return np.asarray(self.model.predict(X), dtype=np.intp)

    def predict_proba(self, X: Features) -> NDArray[np.float64]:
        """(n, n_classes) probabilities; 0 for classes that were not in the labelled set."""
        full = np.zeros((X.shape[0], self.n_classes))
        full[:, self.classes] = 1.0 if self.model is None else self.learner.probabilities(self, X)
        return full

    def decision_function(self, X: Features) -> NDArray[np.float64]:
        """(n,) signed value for two seen classes, (n, n_seen) for more; zeros of shape (n,) for one."""
        if self.model is None:
            return np.zeros(X.shape[0])
        return np.asarray(self.model.decision_function(X), dtype=np.float64)

    def embed(self, X: Features) -> NDArray[np.float64]:
        """(n, n_dimensions) the learner's own embedding of the rows, for learners with ``embed``."""
        return np.array(self.learner.embedding(self, X), dtype=np.float64)

    def argmax(self, proba: NDArray[np.float64]) -> NDArray[np.intp]:
        """(n,) class codes of `predict_proba`'s result; for learners with `predicts_argmax`."""
        return np.asarray(proba.argmax(axis=1), dtype=np.intp)
