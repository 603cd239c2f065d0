"""What `Results` can be asked beyond scores and leaderboards: a thin layer over `algrid.influence` and its figures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from algrid.schema import RUNS

if TYPE_CHECKING:
    from algrid.grid import GridSpec
    from algrid.influence_of import Influence
    from algrid.stopping import StoppingRule
    from algrid.store import Snapshot

__all__ = ["Analyses"]

#: Budgets: one, several, or by default the grid's largest (all of them where budgets are compared).
Budgets = int | Sequence[int | None] | None


class Analyses(ABC):
    """Statistics of stored scores and runs. All have ``resamples`` of datasets and replicates for 95 % intervals."""

    path: Path

    @property
    @abstractmethod
    def snapshot(self) -> Snapshot:
        """What is stored."""

    @property
    @abstractmethod
    def grid(self) -> GridSpec:
        """The grid."""

    @abstractmethod
    def curves(self, metric: Any = "accuracy", part: str = "test", where: Any = None) -> pd.DataFrame:
        """Learning curves, one row a point."""

    @abstractmethod
    def scores(self, metric: Any = "accuracy", aggregate: Any = "aubc", budgets: Any = None) -> pd.DataFrame:
        """One number a run and budget."""

    @abstractmethod
    def _budgets(self) -> list[int | None]: ...

    def score_influence(
        self,
        by: str,
        metric: str = "accuracy",
        aggregate: str = "aubc",
        *,
        budget: Budgets = None,
        resamples: int = 1000,
    ) -> pd.DataFrame:
        """Each pair of levels compared by scores, all else equal; see `algrid.influence.score_influence`."""
        from algrid.influence.scores import score_influence

        return score_influence(self._scored(by, metric, aggregate, budget), by, resamples=resamples)

    def query_influence(self, by: str, at: int | Sequence[int] | None = None, *, resamples: int = 1000) -> pd.DataFrame:
        """Each pair of levels compared by the rows that were queried; see `algrid.influence.query_influence`."""
        from algrid.influence.queries import QUERY_COLUMNS, query_influence

        return query_influence(self.snapshot.table(RUNS.name, QUERY_COLUMNS), by, at, resamples=resamples)

    def ranking_influence(
        self,
        by: str,
        metric: str = "accuracy",
        aggregate: str = "aubc",
        *,
        budget: Budgets = None,
        resamples: int = 1000,
    ) -> pd.DataFrame:
        """Each pair of levels compared by their rankings of strategies; see `algrid.influence.ranking_influence`."""
        from algrid.influence.rankings import ranking_influence

        return ranking_influence(self._scored(by, metric, aggregate, budget), by, resamples=resamples)

    def decomposition(
        self,
        metric: str = "accuracy",
        aggregate: str = "aubc",
        *,
        budget: Budgets = None,
        order: int = 3,
        resamples: int = 1000,
    ) -> pd.DataFrame:
        """The variance of scores by hyperparameters and their interactions; see `algrid.influence.decomposition`."""
        from algrid.influence.variance import decomposition

        return decomposition(self._scored("", metric, aggregate, budget), order=order, resamples=resamples)

    def overview(
        self, metric: str = "accuracy", aggregate: str = "aubc", *, budget: Budgets = None, resamples: int = 1000
    ) -> pd.DataFrame:
        """All hyperparameters by their influence, the largest first; see `algrid.influence.overview`."""
        from algrid.influence.queries import QUERY_COLUMNS
        from algrid.influence.summary import overview

        runs = self.snapshot.table(RUNS.name, QUERY_COLUMNS)
        return overview(self._scored("", metric, aggregate, budget), runs, resamples=resamples)

    def influence(
        self,
        by: str,
        metric: str = "accuracy",
        aggregate: str = "aubc",
        *,
        budget: Budgets = None,
        resamples: int = 1000,
    ) -> Influence:
        """All kinds of influence of a hyperparameter, its heatmaps and the finding; see `algrid.influence_of`."""
        from algrid.influence_of import influence_of

        return influence_of(self, by, metric, aggregate, budget=budget, resamples=resamples)

    def runtime(self, by: Sequence[str] = ("strategy",), *, resamples: int = 1000) -> pd.DataFrame:
        """Seconds of a query, of a fit and of a run; see `algrid.runtime.runtime`."""
        from algrid.runtime import runtime

        return runtime(self.seconds, by, resamples=resamples)

    def stopping(
        self,
        rules: Sequence[str | StoppingRule] | None = None,
        metric: str = "accuracy",
        *,
        budget: int | None = None,
        where: Any = None,
    ) -> pd.DataFrame:
        """What stopping rules would have saved each run, and what they would have cost; see `algrid.stopping_of`."""
        from algrid.stopping_of import stopping_of

        return stopping_of(self, rules, metric, budget=budget, where=where)

    @property
    def seconds(self) -> pd.DataFrame:
        """Seconds of each run; see `algrid.runtime.run_seconds`."""
        from algrid.runtime import RUNTIME_COLUMNS, run_seconds

        return run_seconds(self.snapshot.table(RUNS.name, RUNTIME_COLUMNS))

    def _scored(self, by: str, metric: str, aggregate: str, budget: Budgets) -> pd.DataFrame:
        """Scores at the budgets asked for; by default at the largest, or at all of them where they are compared."""
        known = self._budgets()
        if budget is None:
            budgets = [b for b in known if b is not None] or known if by == "budget" else known[-1:]
        else:
            budgets = [budget] if isinstance(budget, int) else list(budget)
        return self.scores(metric, aggregate, budgets)
