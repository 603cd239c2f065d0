"""What `Results` can be asked beyond scores and leaderboards: a thin layer over `algrid.influence` and its figures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from algrid.progress import watched
from algrid.schema import RUNS

if TYPE_CHECKING:
    from algrid.grid import GridSpec
    from algrid.influence.runs_by_dataset import RunsByDataset
    from algrid.influence_of import Influence
    from algrid.plan import Plan
    from algrid.stopping import StoppingRule
    from algrid.store import Snapshot

__all__ = ["Analyses"]

#: What an overview holds against one another, beside what was asked for.
_METRICS, _AGGREGATES = ("accuracy", "f1_macro", "balanced_accuracy"), ("aubc", "mean", "final")
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

    @property
    @abstractmethod
    def _plan(self) -> Plan: ...

    @abstractmethod
    def _budgets(self) -> list[int | None]: ...

    @watched
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

    @watched
    def query_influence(self, by: str, at: int | Sequence[int] | None = None, *, resamples: int = 1000) -> pd.DataFrame:
        """Each pair of levels compared by the rows that were queried; see `algrid.influence.query_influence`."""
        from algrid.influence.queries import query_influence

        return query_influence(self._runs_by_dataset(), by, at, resamples=resamples)

    @watched
    def sample_measures(self, *, replays: int = 8, seed: int = 0) -> pd.DataFrame:
        """What every row of every pool is like: density, hardness, outlierness ...; see `algrid.pool_measures`.

        They are measured once, and kept beside the results as long as neither these nor the code change.

        Parameters
        ----------
        replays : int
            Runs of each pool, spread over strategies and learners, whose labelled sets are fitted again.
        seed : int
            Of the draw of these runs, and of the forests, clusters and folds that measure.
        """
        from algrid.pool_measures import measures_version, pool_measures

        snapshot = self.snapshot

        def measured() -> pd.DataFrame:
            parts = pool_measures(snapshot, self._plan, self._runs_by_dataset(), replays=replays, seed=seed)
            return pd.concat(list(parts), ignore_index=True)

        return snapshot.kept(f"sample-measures-{measures_version(replays, seed)}", measured)

    @watched
    def sample_profiles(
        self,
        by: str = "strategy",
        measures: pd.DataFrame | None = None,
        *,
        budget: int | None = None,
        resamples: int = 1000,
    ) -> pd.DataFrame:
        """What the levels of a hyperparameter like to pick; see `algrid.influence.sample_profiles`.

        Parameters
        ----------
        by : str
        measures : DataFrame, optional
            Measures of the pools' rows, also others than algrid's; by default those of `sample_measures`, which is
            what takes the time.
        budget : int, optional
            Labels bought that are looked at; by default the grid's largest budget.
        resamples : int
        """
        from algrid.influence.sample_profiles import sample_profiles

        own = self.sample_measures() if measures is None else measures
        at = self._budgets()[-1] if budget is None else budget
        return sample_profiles(self._runs_by_dataset(), own, by, at, resamples=resamples)

    def meta_features(self) -> pd.DataFrame:
        """The grid's datasets in a few numbers each; see `algrid.meta_features.meta_table`."""
        from algrid.meta_features import meta_table

        return meta_table(self.grid.datasets)

    def best_by_meta_features(
        self,
        by: str = "strategy",
        metric: str = "accuracy",
        aggregate: str = "aubc",
        *,
        budget: int | None = None,
        meta: pd.DataFrame | None = None,
        permutations: int = 1000,
    ) -> pd.DataFrame:
        """How well meta-features tell the best level, on datasets left out; see `algrid.influence.meta_features`.

        Parameters
        ----------
        by : str
        metric, aggregate : str
        budget : int, optional
            Labels bought; by default the grid's largest budget.
        meta : DataFrame, optional
            Meta-features, also others than algrid's; by default those of `meta_features`.
        permutations : int
        """
        from algrid.influence.meta_features import best_by_meta_features

        own = self.meta_features() if meta is None else meta
        return best_by_meta_features(self._scored(by, metric, aggregate, budget), own, by, permutations=permutations)

    def meta_associations(
        self,
        by: str = "strategy",
        metric: str = "accuracy",
        aggregate: str = "aubc",
        *,
        budget: int | None = None,
        meta: pd.DataFrame | None = None,
        permutations: int = 1000,
    ) -> pd.DataFrame:
        """Where each level does better than others, by meta-features; parameters as of `best_by_meta_features`."""
        from algrid.influence.meta_features import meta_associations

        own = self.meta_features() if meta is None else meta
        return meta_associations(self._scored(by, metric, aggregate, budget), own, by, permutations=permutations)

    @watched
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

    @watched
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

    @watched
    def overview(
        self, metric: str = "accuracy", aggregate: str = "aubc", *, budget: Budgets = None, resamples: int = 1000
    ) -> pd.DataFrame:
        """All hyperparameters by their influence, the largest first; see `algrid.influence.overview`."""
        from algrid.influence.summary import overview

        scored = self._scored("", metric, aggregate, budget)
        others = self._evaluated(scored, metric, aggregate, budget)
        return overview(scored, self._runs_by_dataset(), others=others, resamples=resamples)

    def _evaluated(self, scored: pd.DataFrame, metric: str, aggregate: str, budget: Budgets) -> dict[str, pd.DataFrame]:
        """Scores of the same runs by other budgets, metrics and aggregates, of each that has several."""
        budgets = [b for b in self._budgets() if b is not None]
        found = {"budget": self.scores(metric, aggregate, budgets)} if len(budgets) > 1 else {}
        asked = {
            "metric": {m: (m, aggregate) for m in dict.fromkeys((metric, *_METRICS))},
            "aggregate": {a: (metric, a) for a in dict.fromkeys((aggregate, *_AGGREGATES))},
        }
        better = scored.attrs["higher_is_better"]
        for name, evaluations in asked.items():
            tables = {level: self._scored("", *how, budget) for level, how in evaluations.items()}
            alike = [t.assign(**{name: level}) for level, t in tables.items() if t.attrs["higher_is_better"] == better]
            if len(alike) > 1:
                found[name] = pd.concat(alike, ignore_index=True)
                found[name].attrs["higher_is_better"] = better
        return found

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

    @watched
    def query_shapes(self, budget: int | None = None, *, most: int | None = None, seed: int = 0) -> pd.DataFrame:
        """How the batches of each run are made: class balance and distances; see `algrid.query_shapes`.

        Any statistic of scores takes it, with one of its columns as ``value``.

        Parameters
        ----------
        budget : int, optional
            Labels bought up to which batches count; by default the grid's largest budget.
        most : int, optional
            Runs of each cell that are looked at; by default all.
        seed : int
            Of the draw of runs.
        """
        from algrid.query_shapes import query_shapes

        at = self._budgets()[-1] if budget is None else budget
        parts = query_shapes(self.snapshot, self._plan, self._runs_by_dataset(), at, most=most, seed=seed)
        return pd.concat(list(parts), ignore_index=True)

    @watched
    def crossings(
        self, metric: str = "accuracy", by: str = "strategy", *, points: int = 10, resamples: int = 1000
    ) -> pd.DataFrame:
        """Where the mean curves of two levels cross; see `algrid.influence.rank_flips.crossings`.

        Parameters
        ----------
        metric : str
        by : str
        points : int
            Label counts at which curves are read, evenly up to the largest budget.
        resamples : int
        """
        from algrid.influence.rank_flips import crossings

        largest = self._budgets()[-1] or int(max(self._runs_by_dataset().overall.column("reach").to_pylist()))
        budgets = sorted({round(largest * i / points) for i in range(1, points + 1)} - {0})
        return crossings(self.scores(metric, "final", budgets), by, resamples=resamples)

    def _runs_by_dataset(self) -> RunsByDataset:
        """The stored runs, to be read one dataset at a time."""
        from algrid.influence.runs_by_dataset import OVERALL_COLUMNS, RunsByDataset

        snapshot = self.snapshot
        return RunsByDataset(snapshot.table(RUNS.name, OVERALL_COLUMNS), snapshot.of_dataset)

    def _scored(self, by: str, metric: str, aggregate: str, budget: Budgets) -> pd.DataFrame:
        """Scores at the budgets asked for; by default at the largest, or at all of them where they are compared."""
        known = self._budgets()
        if budget is None:
            budgets = [b for b in known if b is not None] or known if by == "budget" else known[-1:]
        else:
            budgets = [budget] if isinstance(budget, int) else list(budget)
        return self.scores(metric, aggregate, budgets)
