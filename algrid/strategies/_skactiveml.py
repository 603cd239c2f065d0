"""What every strategy of scikit-activeml needs: a base class that hands it the state.

scikit-activeml works on rows of features and fits the classifier that it is handed. Here the classifier
is the query learner as it is fitted already (``fit_clf=False``), and where a strategy only looks
predictions up, the rows that it sees are the column of pool indices: so it scores exactly the predictions
that every other strategy sees (made on the whole pool), and sparse features need no care. Only a strategy
that measures distances sees the features.

Traps of scikit-activeml 1.0.1 that are avoided here: a committee that is given as one classifier with
``n_estimators`` is that classifier several times over, so a list of really fitted members is given; k-means
that is given no seed draws from numpy's global generator, so it gets one, and all runs in a sandbox on one
thread; some strategies ask for a row twice when nothing is left that their formula would choose
(TypiClust, BatchBALD, Badge), so that batches are completed; importing it imports torch through skorch where
that is installed (two seconds, and 190 MiB), so it is imported in the call.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from algrid.datasets.base import Features
from algrid.learners.base import Learner
from algrid.sandbox import sandboxed
from algrid.strategies._committee import bagged
from algrid.strategies._completed import completed
from algrid.strategies._packages import absent
from algrid.strategies._refits import draw_candidates
from algrid.strategies.base import QueryState, Strategy
from algrid.threads import one_thread

__all__ = [
    "SkactivemlLookahead",
    "SkactivemlStrategy",
    "SkactivemlUncertainty",
    "committee",
    "labels",
    "predicted",
    "seed_of",
]


@dataclass(frozen=True)
class SkactivemlStrategy(Strategy):
    """Base of scikit-activeml's strategies: override `library`, and `arguments` where its query takes more.

    Class variables
    ---------------
    geometric : bool
        Whether it sees the features (they must be dense), or the column of pool indices.
    """

    source: ClassVar[str] = "scikit-activeml: Kottke et al., Preprints 2021, 202103.0194"
    geometric: ClassVar[bool] = False

    def library(self, state: QueryState, seed: int) -> Any:
        """The strategy of scikit-activeml, with `seed` as its random state."""
        raise NotImplementedError

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """What its `query` takes in addition to rows, labels, candidates and batch size."""
        return {}

    def choice(self, state: QueryState, rng: np.random.Generator) -> NDArray[np.intp]:  # noqa: ARG002
        """(at least batch_size,) pool indices of the rows that it may choose from."""
        return state.unlabeled

    def rows(self, state: QueryState) -> Features | NDArray[np.intp]:
        """(n_pool, n) what stands for the pool's rows."""
        return state.X if self.geometric else np.arange(state.X.shape[0])[:, None]

    def query(self, state: QueryState) -> NDArray[np.intp]:
        """(batch_size,) pool indices in scikit-activeml's order."""
        state = self.seen(state)
        rng = state.rng()
        with sandboxed(rng), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # duplicates, logarithms of 0: what is made of them is checked
            strategy = self.library(state, seed_of(rng))
            with one_thread("skactiveml"):
                batch = self.ask(strategy, state, rng)
        return completed(state, batch)

    def ask(self, strategy: Any, state: QueryState, rng: np.random.Generator) -> Any:
        """(at most batch_size,) pool indices, from the `query` of `strategy`."""
        return strategy.query(
            self.rows(state),
            labels(state),
            candidates=self.choice(state, rng),
            batch_size=state.batch_size,
            **self.arguments(state, rng),
        )

    def unsupported(
        self, query_learner: Learner, n_classes: int, sparse: bool, n_pool: int | None = None
    ) -> str | None:
        """As the base says; and scikit-activeml must be installed."""
        reason = absent(self.name, "skactiveml", "pip install 'scikit-activeml>=1.0,<2'")
        return reason or super().unsupported(query_learner, n_classes, sparse, n_pool)


@dataclass(frozen=True)
class SkactivemlUncertainty(SkactivemlStrategy):
    """Base of the methods of `UncertaintySampling`.

    Class variables
    ---------------
    method : str
        scikit-activeml's name of the method.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})
    method: ClassVar[str]

    def library(self, state: QueryState, seed: int) -> Any:  # noqa: ARG002
        """`UncertaintySampling`."""
        from skactiveml.pool import UncertaintySampling

        return UncertaintySampling(method=self.method, random_state=seed)

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The query learner, fitted."""
        return {"clf": predicted(state), "fit_clf": False}


@dataclass(frozen=True)
class SkactivemlLookahead(SkactivemlStrategy):
    """Base of the strategies that fit the query learner again for each candidate and class.

    The library fits it once more on the labelled set too: of a classifier that comes fitted it does not
    know the rows to add one to.

    Parameters
    ----------
    candidates : int
        How many candidates, drawn at random in each cycle, are tried (a batch at least).
    """

    needs: ClassVar[frozenset[str]] = frozenset({"predict_proba"})

    candidates: Annotated[int, Field(ge=1)] = 50

    def arguments(self, state: QueryState, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG002
        """The query learner, to be fitted on more than it was."""
        from algrid.strategies._skactiveml_classifiers import Refitted

        return {"clf": Refitted(state, state.learner_seed), "fit_clf": True}

    def choice(self, state: QueryState, rng: np.random.Generator) -> NDArray[np.intp]:
        """Some of the candidates."""
        return draw_candidates(state, rng, self.candidates)

    def fits_per_query(self, batch_size: int) -> int:
        """One, and for each candidate that is looked at one a class (how many is not known here: two)."""
        return 1 + 2 * max(self.candidates, batch_size)


def committee(state: QueryState, size: int, votes: bool = False) -> list[Any]:
    """Bagged members of a committee, fitted, as classifiers of scikit-activeml.

    Parameters
    ----------
    state : QueryState
    size : int
    votes : bool
        Whether they are asked for classes, not for probabilities.
    """
    from algrid.strategies._skactiveml_classifiers import Predicted

    members = bagged(state, size)
    if votes:
        return [Predicted(state.n_classes, labels=member.predict(state.X)) for member in members]
    return [Predicted(state.n_classes, proba=member.predict_proba(state.X)) for member in members]


def predicted(state: QueryState, **more: Any) -> Any:
    """The query learner as it is fitted already, as a classifier of scikit-activeml.

    Parameters
    ----------
    state : QueryState
    more
        `embedding` or `frequencies`, see `Predicted`.
    """
    from algrid.strategies._skactiveml_classifiers import Predicted

    return Predicted(state.n_classes, proba=state.model.predict_proba(), **more)


def labels(state: QueryState) -> NDArray[np.float64]:
    """(n_pool,) class codes; NaN for rows that have no label."""
    y = np.full(state.X.shape[0], np.nan)
    y[state.labeled] = state.y_labeled
    return y


def seed_of(rng: np.random.Generator) -> int:
    """A random state for scikit-activeml and scikit-learn."""
    return int(rng.integers(2**31 - 1))
