"""The audit: every cause by an example that is made for it, and whole audits of small families."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from cells import make_cell, pool_of

from algrid.audit import _difference, audit, families
from algrid.audit_states import CAUSES, Asked, cause, jaccard
from algrid.errors import AlgridError
from algrid.models import Model
from algrid.strategies import STRATEGIES, QueryState, Strategy


@dataclass(frozen=True)
class Ranked(Strategy):
    """Ranks by the first feature, rounded."""

    name: ClassVar[str] = "ranked"
    sign: int = 1

    def utilities(self, state: QueryState) -> Any:
        return self.sign * np.round(state.X[state.unlabeled, 0])


@dataclass(frozen=True)
class LastOfEqual(Ranked):
    """The same, of equal ones the last."""

    name: ClassVar[str] = "last_of_equal"

    def query(self, state: QueryState) -> Any:
        order = np.lexsort((state.unlabeled, self.utilities(state)))
        return state.unlabeled[order[::-1][: state.batch_size]]


@dataclass(frozen=True)
class Spread(Ranked):
    """Its best row, and then the worst ones."""

    name: ClassVar[str] = "spread"
    utilities = Strategy.utilities

    def query(self, state: QueryState) -> Any:
        values = state.X[state.unlabeled, 0] * 1.0
        order = np.lexsort((state.unlabeled, values))
        return state.unlabeled[np.append(order[-1:], order[: state.batch_size - 1])]


@dataclass(frozen=True)
class Highest(Spread):
    name: ClassVar[str] = "highest"

    def query(self, state: QueryState) -> Any:
        order = np.lexsort((state.unlabeled, state.X[state.unlabeled, 0]))
        return state.unlabeled[order[::-1][: state.batch_size]]


@dataclass(frozen=True)
class Looking(Highest):
    name: ClassVar[str] = "looking"

    def query(self, state: QueryState) -> Any:
        state.model.predict_proba()
        order = np.lexsort((state.unlabeled, state.X[state.unlabeled, 1]))
        return state.unlabeled[order[: state.batch_size]]


@dataclass(frozen=True)
class Lowest(Highest):
    name: ClassVar[str] = "lowest"
    fits: int = 0

    def query(self, state: QueryState) -> Any:
        order = np.lexsort((state.unlabeled, state.X[state.unlabeled, 0]))
        return state.unlabeled[order[: state.batch_size]]

    def fits_per_query(self, batch_size: int) -> int:
        return self.fits


@dataclass(frozen=True)
class Drawn(Highest):
    name: ClassVar[str] = "drawn"
    other: int = 0

    def query(self, state: QueryState) -> Any:
        return state.rng().permutation(state.unlabeled)[: state.batch_size]


def asked(strategy: Strategy, n: int = 5) -> Asked:
    cell = make_cell("iris")
    pool = pool_of(cell)
    labeled = pool.fit_order[:20]
    return Asked(strategy, cell, pool, Model(cell.learner, pool, labeled, 0), labeled, n)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (Ranked(), Ranked(), None),
        (Ranked(), LastOfEqual(), "ties"),
        (Highest(), Spread(), "batch_policy"),
        (Highest(), Looking(), "probability_source"),
        (Highest(), Lowest(fits=3), "refits"),
        (Drawn(), Drawn(other=1), "seed"),
        (Highest(), Lowest(), "formula"),
        (Ranked(), Ranked(sign=-1), "formula"),
    ],
    ids=lambda value: value.label if isinstance(value, Strategy) else str(value),
)
def test_every_cause(a: Strategy, b: Strategy, expected: str | None) -> None:
    assert cause(asked(a), asked(b), asked(Highest())) == expected
    assert cause(asked(b), asked(a), asked(Highest())) == expected


def test_causes_are_looked_for_in_their_order() -> None:
    assert CAUSES == ("ties", "batch_policy", "probability_source", "refits", "seed", "formula")
    assert cause(asked(Drawn()), asked(Looking()), asked(Highest())) == "probability_source"
    assert cause(asked(Drawn()), asked(Lowest(fits=1)), asked(Highest())) == "refits"


def test_one_by_one_takes_the_ranking_apart() -> None:
    assert asked(Highest()).one_by_one == asked(Highest()).batch
    assert asked(Spread()).one_by_one == asked(Highest()).batch != asked(Spread()).batch


def test_only_what_draws_is_random() -> None:
    assert asked(Drawn()).is_random
    assert not asked(Highest()).is_random


def test_jaccard_by_hand() -> None:
    assert jaccard(frozenset({1, 2, 3}), frozenset({2, 3, 4})) == 0.5


def test_an_audit_of_margins() -> None:
    learners = ["gaussian_nb", {"random_forest": {"n_estimators": 5}}]
    frame = audit("margin", datasets=["iris"], learners=learners, cycles=3, seeds=1, resamples=50)
    assert frame.attrs["reference"] == "own"
    assert set(frame["family"]) == {"margin"}
    own = frame[frame["a"] == "own"].set_index("b")
    assert {"modal", "alipy_compatible", "libact_compatible"} <= set(own.index)
    assert (frame["n_states"] == 6).all()  # three cycles with each learner
    np.testing.assert_allclose(frame[["same", *CAUSES]].sum(axis=1), 1.0)
    # all rank by the same numbers: they differ in ties alone, and forests have them
    assert (own["same"] + own["ties"] == 1.0).all()
    assert own["ties"].max() > 0
    assert ((frame["same_in_runs"] < 1) == frame["first_divergence"].notna()).all()
    assert (frame["difference_low"] <= frame["difference"] + 1e-12).all()
    assert (frame["difference"] <= frame["difference_high"] + 1e-12).all()


def test_an_audit_of_entropies_finds_the_formula() -> None:
    """libact's is no number where a probability is 0."""
    frame = audit("entropy", datasets=["iris"], learners=["decision_tree"], cycles=2, seeds=1, resamples=0)
    libact = frame[(frame["a"] == "own") & (frame["b"] == "libact_compatible")].iloc[0]
    assert math.isnan(libact["difference_low"])
    assert libact["formula"] + libact["ties"] > 0


def test_what_can_not_run_is_said() -> None:
    settings: dict[str, Any] = {"datasets": ["iris"], "learners": ["gaussian_nb"], "cycles": 1, "seeds": 1}
    frame = audit("dwus", resamples=0, **settings)
    assert frame.attrs["skipped"] == {"libact_compatible": "dwus@libact_compatible is for two classes only"}
    assert frame.empty


def test_a_family_that_is_not_known() -> None:
    with pytest.raises(AlgridError, match="Did you mean 'margin'"):
        audit("margins")


def test_families_have_several_implementations() -> None:
    assert {"margin", "entropy", "qbc", "quire"} <= set(families())
    assert "mcm" not in families()
    assert set(families(1)) == {cls.family() for cls in STRATEGIES.classes()}


def test_the_difference_is_within_settings() -> None:
    import pandas as pd

    rows = [
        {"dataset": d, "learner": "x", "start_set": s, "implementation": i, "value": v + (0.1 if i == "b" else 0)}
        for d, v in (("easy", 0.9), ("hard", 0.2))
        for s in range(3)
        for i in ("a", "b")
    ]
    mean, low, high = _difference(pd.DataFrame(rows), "a", "b", 100)
    np.testing.assert_allclose([mean, low, high], 0.1)
